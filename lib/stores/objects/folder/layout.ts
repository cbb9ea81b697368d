import { createHash } from 'node:crypto'
import type { BigIntStats } from 'node:fs'
import { lstat, mkdir, open, realpath, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { PipelineError } from '../../../errors.ts'
import { checkKey, segmentName } from '../key.ts'
import { errno, orAbsent } from './errors.ts'

/**
 * Where things are in an object folder: objects at the path their key says, and in `.store/` (which no key can name) the
 * parts of puts in progress and the metadata.
 */
export interface Layout {
  /** Absolute, symbolic links resolved. */
  root: string
  parts: string
  metadata: string
}

/** Makes the folder where it is missing. */
export async function openLayout(folder: string): Promise<Layout> {
  await mkdir(folder, { recursive: true })
  const root = await realpath(folder)
  const layout = { root, parts: join(root, '.store', 'parts'), metadata: join(root, '.store', 'metadata') }
  await mkdir(layout.parts, { recursive: true })
  await mkdir(layout.metadata, { recursive: true })
  return layout
}

/** The path of a key's file; throws OBJECT_KEY. Says nothing of what is there: see {@link objectFile}. */
export function objectPath(layout: Layout, key: string): string {
  return join(layout.root, ...checkKey(key).map(segmentName))
}

/** Size and time of put of a file: what tells one put of a key from another, and survives a copy that keeps times. */
export interface FileVersion {
  bytes: number
  modifiedMs: number
  /** Both as text: the ETag. */
  etag: string
}

/** The version a file's status tells. */
export function fileVersion(stats: BigIntStats): FileVersion {
  const micros = stats.mtimeNs / 1000n
  return {
    bytes: Number(stats.size),
    modifiedMs: Number(micros / 1000n),
    etag: `${stats.size.toString(36)}-${micros.toString(36)}`,
  }
}

/**
 * The version of the object at `path`, undefined where there is none (or a folder). Throws OBJECT_KEY where a symbolic link
 * stands on the way or at the end: the store follows none, wherever it leads.
 */
export async function objectFile(layout: Layout, key: string, path: string): Promise<FileVersion | undefined> {
  if ((await insideFolder(dirname(path), key)) === undefined) return undefined
  const stats = await orAbsent(lstat(path, { bigint: true }))
  if (stats === undefined || stats.isDirectory() || path === layout.root) return undefined
  if (!stats.isFile()) {
    throw new PipelineError(
      'OBJECT_KEY',
      `The object ${JSON.stringify(key)} is no regular file but a link, pipe or device`,
    )
  }
  return fileVersion(stats)
}

/** The folder if it is there and is what its path says; throws OBJECT_KEY where a symbolic link leads elsewhere. */
async function insideFolder(folder: string, key: string): Promise<string | undefined> {
  const real = await orAbsent(realpath(folder))
  if (real !== undefined && real !== folder) {
    throw new PipelineError(
      'OBJECT_KEY',
      `A folder of the object ${JSON.stringify(key)} is a symbolic link; none is followed`,
    )
  }
  return real
}

/** Whether a folder under the root is there to be listed; throws OBJECT_KEY where a symbolic link leads elsewhere. */
export async function folderThere(folder: string): Promise<boolean> {
  return (await insideFolder(folder, folder)) !== undefined
}

/** Makes a folder under the root, parents first, each checked before anything is made in it. */
export async function ensureFolder(layout: Layout, folder: string, key: string): Promise<void> {
  if ((await insideFolder(folder, key)) !== undefined) return
  if (folder === layout.root) {
    // Not made again: where a volume was unmounted, the data would go to the disk below it.
    throw new PipelineError('STORE_UNAVAILABLE', `The object folder ${layout.root} is gone`, { retryable: true })
  }
  const parent = dirname(folder)
  await ensureFolder(layout, parent, key)
  try {
    await mkdir(folder)
  } catch (error) {
    if (errno(error) !== 'EEXIST') throw error
    await insideFolder(folder, key)
    return
  }
  await syncFolder(parent)
}

/** Removes a key's empty folders. A put that loses its folder to this makes it again. */
export async function pruneFolders(layout: Layout, path: string): Promise<void> {
  for (let folder = dirname(path); folder !== layout.root; folder = dirname(folder)) {
    try {
      await rmdir(folder)
    } catch (error) {
      const code = errno(error)
      if (code === 'ENOENT') continue // another delete was faster
      if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'ENOTDIR') return
      throw error
    }
  }
}

/** Puts a folder's entries on disk, so that a rename outlives a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return // a folder cannot be opened there
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** The file that holds the metadata of one version of a key. */
export function metadataPath(layout: Layout, key: string, etag: string): string {
  const hash = createHash('sha256').update(key).digest('hex')
  return join(layout.metadata, hash.slice(0, 2), `${hash.slice(0, 40)}-${etag}.json`)
}
