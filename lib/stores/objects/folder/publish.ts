import { link, lstat, rename, rmdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { PipelineError } from '../../../errors.ts'
import { errno, orAbsent } from './errors.ts'
import { ensureFolder, type Layout, objectFile, objectPath, pruneFolders, syncFolder } from './layout.ts'
import { type Described, notePath, removeFile, removeMetadata, writeMetadata, writeNote } from './metadata.ts'
import type { Part } from './parts.ts'

/** How often a put makes its folder again when deletes keep removing it. */
const FOLDER_TRIES = 50

/**
 * Gives a part its key, in one rename, so that a reader or a kill finds the old object or the new one. Throws OBJECT_EXISTS
 * (`ifAbsent`), OBJECT_KEY. The caller holds the key's lock and discards the part if this throws.
 */
export async function publish(layout: Layout, part: Part, described: Described, ifAbsent: boolean): Promise<void> {
  const { key } = described
  const path = objectPath(layout, key)
  const previous = await objectFile(layout, key, path)
  if (ifAbsent && previous !== undefined) throw exists(key)
  const hasMetadata = described.contentType !== undefined || Object.keys(described.metadata).length > 0
  const note = hasMetadata || previous !== undefined ? notePath(layout, part.name) : undefined
  let written = false
  try {
    for (;;) {
      const { etag } = part.version
      const etags = [...(hasMetadata ? [etag] : []), ...(previous === undefined ? [] : [previous.etag])]
      if (note !== undefined) await writeNote(note, { key, etags })
      if (etag !== previous?.etag) {
        written = hasMetadata && (await writeMetadata(layout, etag, described))
        if (written === hasMetadata) break
      }
      await part.restamp()
    }
    await enter(layout, part.path, path, key, ifAbsent)
  } catch (error) {
    if (written) await removeMetadata(layout, key, part.version.etag)
    if (note !== undefined) await removeFile(note)
    throw error
  }
  if (previous !== undefined) await removeMetadata(layout, key, previous.etag)
  if (note !== undefined) await removeFile(note)
}

async function enter(layout: Layout, from: string, path: string, key: string, ifAbsent: boolean): Promise<void> {
  const folder = dirname(path)
  for (let attempt = 1; ; attempt++) {
    try {
      await ensureFolder(layout, folder, key)
      // Of two links to one name the file system lets one win; a rename would replace.
      if (ifAbsent) await link(from, path)
      else await rename(from, path)
      break
    } catch (error) {
      const code = errno(error)
      if (code === 'ENOENT' && attempt < FOLDER_TRIES) continue // a delete has just removed the empty folder
      if (code === 'ENOTDIR') {
        throw new PipelineError('OBJECT_KEY', `An object stands where ${JSON.stringify(key)} needs a folder`, {
          cause: error,
        })
      }
      if (code !== 'EISDIR' && code !== 'EEXIST') throw error
      if (!(await orAbsent(lstat(path)))?.isDirectory()) throw exists(key)
      if (attempt < FOLDER_TRIES && (await removedEmpty(path))) continue
      throw new PipelineError('OBJECT_KEY', `${JSON.stringify(key)} is the folder of other objects`, { cause: error })
    }
  }
  await orAbsent(syncFolder(folder)) // absent: deleted again meanwhile
}

async function removedEmpty(folder: string): Promise<boolean> {
  try {
    await rmdir(folder)
    return true
  } catch (error) {
    const code = errno(error)
    if (code === 'ENOENT') return true
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return false
    throw error
  }
}

function exists(key: string): PipelineError {
  return new PipelineError('OBJECT_EXISTS', `There is already an object ${JSON.stringify(key)}`)
}

/** Takes an object away with its metadata and the folders that it leaves empty. The caller holds the key's lock. */
export async function unpublish(layout: Layout, key: string, part: string): Promise<void> {
  const path = objectPath(layout, key)
  const version = await objectFile(layout, key, path)
  if (version === undefined) return
  const note = notePath(layout, part)
  await writeNote(note, { key, etags: [version.etag] })
  await removeFile(path)
  await removeMetadata(layout, key, version.etag)
  await pruneFolders(layout, path)
  await removeFile(note)
}
