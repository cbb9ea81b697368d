import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

/** A file on disk that can be served. */
export interface StoredFile {
  path: string
  size: number
  md5: string
}

/**
 * Files made once and kept by key in a temporary directory of its own, removed by {@link FileStore.close}. The number of
 * files is bounded by what the catalogue, the publications and the misbehaviours of one portal can name.
 */
export class FileStore {
  readonly #files = new Map<string, Promise<StoredFile>>()
  readonly #directory: Promise<string>

  constructor() {
    this.#directory = mkdtemp(join(tmpdir(), 'aneel-replica-'))
    // The rejection is seen by whoever asks for a file.
    this.#directory.catch(() => undefined)
  }

  /** The file of a key, made by `make(path)` at the first call. A failed make is tried again at the next call. */
  get(key: string, make: (path: string) => Promise<void>): Promise<StoredFile> {
    const known = this.#files.get(key)
    if (known !== undefined) return known
    const made = this.#make(key, make)
    this.#files.set(key, made)
    made.catch(() => this.#files.delete(key))
    return made
  }

  /** Whether a file is there or being made. */
  has(key: string): boolean {
    return this.#files.has(key)
  }

  async #make(key: string, make: (path: string) => Promise<void>): Promise<StoredFile> {
    const name = createHash('sha1').update(key).digest('hex')
    const directory = join(await this.#directory, name.slice(0, 3))
    await mkdir(directory, { recursive: true })
    const path = join(directory, name.slice(3))
    await make(`${path}.part`)
    await rename(`${path}.part`, path)
    return await describe(path)
  }

  /** Removes everything. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#files.values())
    await rm(await this.#directory, { recursive: true, force: true })
  }
}

/** Size and MD5 of a file. */
export async function describe(path: string): Promise<StoredFile> {
  const hash = createHash('md5')
  await pipeline(createReadStream(path), hash)
  const { size } = await stat(path)
  return { path, size, md5: hash.digest('hex') }
}
