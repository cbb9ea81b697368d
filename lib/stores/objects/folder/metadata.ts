import { mkdir, open, readFile, unlink, writeFile } from 'node:fs/promises'
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
 * rename of the object switches bytes and metadata together: until then nobody looks for it.
 */
export async function writeMetadata(layout: Layout, etag: string, content: Described): Promise<void> {
  const path = metadataPath(layout, content.key, etag)
  await mkdir(dirname(path), { recursive: true })
  const handle = await open(path, 'w')
  try {
    await handle.writeFile(JSON.stringify(content))
    await handle.sync()
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

/**
 * Notes which versions of a key may be left with metadata and no object if this process is killed before it says
 * {@link removeFile} to the note. Returns the note's path.
 */
export async function noteIntent(layout: Layout, part: string, intent: Infer<typeof Intent>): Promise<string> {
  const path = join(layout.parts, `${part}.json`)
  await writeFile(path, JSON.stringify(intent))
  return path
}

/** Does what a killed process left to do: removes the noted metadata of versions that are not there to see. */
export async function settleIntent(layout: Layout, path: string): Promise<void> {
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
