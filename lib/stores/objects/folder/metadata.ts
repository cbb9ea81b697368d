import { type FileHandle, mkdir, open, readFile, unlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Infer, parser, Type } from '../../../schema.ts'
import { errno, orAbsent } from './errors.ts'
import { type Layout, metadataPath, objectFile, objectPath } from './layout.ts'

const Described = Type.Object({
  key: Type.String(),
  contentType: Type.Optional(Type.String()),
  metadata: Type.Record(Type.String(), Type.String()),
})
const described = parser(Described, 'object metadata', 'OBJECT_METADATA')

/** What a metadata file holds. */
export type Described = Infer<typeof Described>

/**
 * Writes the metadata of a version before that version is there to see. The file's name holds the version, so that the one
 * rename of the object switches bytes and metadata together: until then nobody looks for it. False if the version has some
 * already, another process's put of the same key, size and microsecond.
 */
export async function writeMetadata(layout: Layout, etag: string, content: Described): Promise<boolean> {
  const path = metadataPath(layout, content.key, etag)
  await mkdir(dirname(path), { recursive: true })
  let handle: FileHandle
  try {
    handle = await open(path, 'wx')
  } catch (error) {
    if (errno(error) === 'EEXIST') return false
    throw error
  }
  try {
    await handle.writeFile(JSON.stringify(content))
    await handle.sync()
    return true
  } catch (error) {
    await removeFile(path)
    throw error
  } finally {
    await handle.close()
  }
}

/** The metadata of a version, undefined where it has none. */
export async function readMetadata(layout: Layout, key: string, etag: string): Promise<Described | undefined> {
  const text = await orAbsent(readFile(metadataPath(layout, key, etag), 'utf8'))
  if (text === undefined) return undefined
  try {
    return described.parse(JSON.parse(text))
  } catch {
    return undefined // damaged by a stranger: the object itself stays readable
  }
}

/** Removes the metadata of a version; true if it had some. */
export async function removeMetadata(layout: Layout, key: string, etag: string): Promise<boolean> {
  return removeFile(metadataPath(layout, key, etag))
}

/** Removes a file; true if it was there. */
export async function removeFile(path: string): Promise<boolean> {
  try {
    await unlink(path)
    return true
  } catch (error) {
    if (errno(error) === 'ENOENT') return false
    throw error
  }
}

const Intent = Type.Object({ key: Type.String(), etags: Type.Array(Type.String()) })
const intents = parser(Intent, 'intent', 'OBJECT_METADATA')

/** Where the put or delete with the part `part` notes what it is about to do. */
export function notePath(layout: Layout, part: string): string {
  return join(layout.parts, `${part}.json`)
}

/**
 * Notes which versions of a key may be left with metadata and no object if this process is killed before it removes the note.
 */
export async function writeNote(path: string, intent: Infer<typeof Intent>): Promise<void> {
  await writeFile(path, JSON.stringify(intent))
}

/** Does what a killed process left to do: removes the noted metadata of versions that are not there to see. */
export async function settleNote(layout: Layout, path: string): Promise<void> {
  const text = await orAbsent(readFile(path, 'utf8'))
  if (text === undefined) return
  let intent: Infer<typeof Intent>
  try {
    intent = intents.parse(JSON.parse(text))
  } catch {
    return // killed while writing the note, hence before anything it could tell of
  }
  const current = await objectFile(layout, intent.key, objectPath(layout, intent.key))
  for (const etag of intent.etags) {
    if (etag !== current?.etag) await removeMetadata(layout, intent.key, etag)
  }
}
