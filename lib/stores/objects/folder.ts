import { resolve } from 'node:path'
import { PipelineError } from '../../errors.ts'
import { errno, storeError } from './folder/errors.ts'
import { type Layout, objectFile, objectPath, openLayout } from './folder/layout.ts'
import { listObjects } from './folder/list.ts'
import { keyLock } from './folder/lock.ts'
import { type Part, partName, removeLeftovers, stage } from './folder/parts.ts'
import { publish, unpublish } from './folder/publish.ts'
import { describe, openObject } from './folder/read.ts'
import { abortError, alreadyThere, notFound, openGate } from './gate.ts'
import { checkKey, checkMetadata } from './key.ts'
import type { ObjectSource, ObjectStore, PutOptions } from './port.ts'

/** Configuration of {@link openFolderObjects}. */
export interface FolderObjectsOptions {
  /** Made where it is missing; relative to the working folder. Any number of processes may use one folder. */
  folder: string
  /**
   * When the leftovers of a put are removed whose process cannot be looked up (another machine): milliseconds since their
   * last write. By default 6 hours.
   */
  leftoverAgeMs?: number
}

const LEFTOVER_AGE_MS = 6 * 60 * 60 * 1000

/**
 * The object port on a folder. An object is the file that its key names (capitals and unusual characters escaped, see
 * `segmentName`), so that it can be looked at, backed up and copied with ordinary tools that keep modification times:
 * these tie the metadata in `.store/` to the object.
 *
 * A put is one rename of a file that is whole and on disk, hence all or nothing also after a kill or a power cut. Symbolic
 * links below the folder are never followed. The file system must know hard links. Leftovers of killed puts are removed
 * here, at open. Throws STORE_CONFIG, STORE_DENIED, STORE_FULL, STORE_UNAVAILABLE.
 */
export async function openFolderObjects(options: FolderObjectsOptions): Promise<ObjectStore> {
  const folder = resolve(options.folder)
  let layout: Layout
  try {
    layout = await openLayout(folder)
    await removeLeftovers(layout, options.leftoverAgeMs ?? LEFTOVER_AGE_MS)
  } catch (error) {
    if (errno(error) === 'EEXIST' || errno(error) === 'ENOTDIR') {
      throw new PipelineError('STORE_CONFIG', `The object folder ${folder} is or lies in a file`, { cause: error })
    }
    throw storeError(error, `opening ${folder}`)
  }
  const lock = keyLock()
  const gate = openGate(storeError)
  const { guarded, tracked } = gate

  async function put(key: string, source: ObjectSource, options: PutOptions, signal: AbortSignal) {
    checkKey(key)
    const { contentType, metadata = {}, ifAbsent = false } = options
    checkMetadata(contentType, metadata)
    const described = { key, metadata, ...(contentType === undefined ? {} : { contentType }) }
    if (ifAbsent && (await describe(layout, key)) !== undefined) {
      throw alreadyThere(key)
    }
    const part: Part = await stage(layout, source, signal)
    try {
      await lock(key, async () => {
        if (signal.aborted) throw abortError(signal, 'storing an object')
        await publish(layout, part, described, ifAbsent)
      })
    } catch (error) {
      await part.discard()
      throw error
    }
    await part.settle()
    const { bytes, etag, modifiedMs } = part.version
    return { ...described, bytes, etag, lastModified: new Date(modifiedMs) }
  }

  return {
    kind: 'folder',
    location: folder,
    put: (key, source, options = {}) =>
      gate.putting(`storing ${JSON.stringify(key)}`, source, options.signal, (signal) =>
        put(key, source, options, signal),
      ),
    get: (key, options = {}) =>
      guarded(`reading ${JSON.stringify(key)}`, async () => {
        if (options.signal?.aborted) throw abortError(options.signal, 'reading an object')
        return openObject(layout, key, options)
      }),
    head: (key) => guarded(`looking for ${JSON.stringify(key)}`, () => describe(layout, key)),
    list: (prefix, options = {}) =>
      guarded(`listing ${JSON.stringify(prefix)}`, () => listObjects(layout, prefix, options)),
    delete: (key) =>
      tracked(
        guarded(`deleting ${JSON.stringify(key)}`, () => {
          checkKey(key)
          return lock(key, () => unpublish(layout, key, partName()))
        }),
      ),
    async withFile(key, work, options = {}) {
      const path = await guarded(`reading ${JSON.stringify(key)}`, async () => {
        if (options.signal?.aborted) throw abortError(options.signal, 'reading an object')
        const file = objectPath(layout, key)
        if ((await objectFile(layout, key, file)) === undefined) throw notFound(key)
        return file
      })
      return work(path)
    },
    close: gate.close,
  }
}
