import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { checkPrefix, compareKeys, nameSegment, pageLimit, segmentName } from '../key.ts'
import type { ListedObject, ObjectPage } from '../port.ts'
import { orAbsent } from './errors.ts'
import { folderThere, type Layout, objectFile, objectPath } from './layout.ts'

/** How many objects are looked at at once. */
const ABREAST = 16

/** One page of objects. Holds the entries of the folders on its way (not of the tree) in memory. */
export async function listObjects(
  layout: Layout,
  prefix: string,
  options: { after?: string; limit?: number },
): Promise<ObjectPage> {
  const { after = '' } = options
  const limit = pageLimit(options.limit)
  const folder = checkPrefix(prefix)
  const parent = folder.map((segment) => `${segment}/`).join('')
  const keys: string[] = []
  let more = false
  for await (const key of keysIn(join(layout.root, ...folder.map(segmentName)), parent, prefix, after)) {
    if (keys.length === limit) {
      more = true
      break
    }
    keys.push(key)
  }
  const objects: ListedObject[] = []
  for (let index = 0; index < keys.length; index += ABREAST) {
    const found = await Promise.all(keys.slice(index, index + ABREAST).map((key) => listed(layout, key)))
    for (const entry of found) if (entry !== undefined) objects.push(entry) // else deleted meanwhile
  }
  const last = keys.at(-1)
  return more && last !== undefined ? { objects, next: last } : { objects }
}

async function listed(layout: Layout, key: string): Promise<ListedObject | undefined> {
  const version = await objectFile(layout, key, objectPath(layout, key))
  return version && { key, bytes: version.bytes, etag: version.etag, lastModified: new Date(version.modifiedMs) }
}

/** The keys in a folder and below, in order, without those that `prefix` and `after` rule out. */
async function* keysIn(
  folder: string,
  parent: string,
  prefix: string,
  after: string,
): AsyncGenerator<string, void, void> {
  if (!(await folderThere(folder))) return
  const entries = (await orAbsent(readdir(folder, { withFileTypes: true }))) ?? []
  const steps: { key: string; folder?: string }[] = []
  for (const entry of entries) {
    const segment = nameSegment(entry.name)
    if (segment === undefined) continue // the store's own folder, or a stranger's file
    // With its slash a folder stands among the files where its keys do.
    if (entry.isDirectory()) steps.push({ key: `${parent}${segment}/`, folder: join(folder, entry.name) })
    else if (entry.isFile()) steps.push({ key: parent + segment })
  }
  steps.sort((a, b) => compareKeys(a.key, b.key))
  for (const step of steps) {
    if (step.folder !== undefined) {
      const inPrefix = step.key.startsWith(prefix) || prefix.startsWith(step.key)
      const beforeAfter = compareKeys(step.key, after) < 0 && !after.startsWith(step.key)
      if (inPrefix && !beforeAfter) yield* keysIn(step.folder, step.key, prefix, after)
    } else if (step.key.startsWith(prefix) && compareKeys(step.key, after) > 0) {
      yield step.key
    }
  }
}
