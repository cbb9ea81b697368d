import { accessSync, constants, statfsSync } from 'node:fs'
import type { Refusal } from './inspect.ts'

// PostgreSQL bears a full disk under its tables, and ends when its log has no next segment (16 MB): with it go the reads. So writing
// stops before that, and bulk loading earlier, so that what a load leaves can still be dropped.

/** Below so many free bytes nothing is written any more. */
export const WRITE_BYTES = 24 * 1024 ** 2
/** Below so many free bytes no rows are loaded. */
export const LOAD_BYTES = 48 * 1024 ** 2
/** How long a look at the disk counts, in milliseconds. */
const LOOK_MS = 100

/** What stands in the way of writing. */
export type Obstacle = 'full' | 'read-only'

/** Watches the volume under the database. */
export class Room {
  readonly #folder: string
  #lookedAt = Number.NEGATIVE_INFINITY
  #free = Number.POSITIVE_INFINITY
  #readOnly = false

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Why nothing may be written now. */
  get obstacle(): Obstacle | undefined {
    this.#look()
    if (this.#readOnly) return 'read-only'
    return this.#free < WRITE_BYTES ? 'full' : undefined
  }

  /** Why no rows may be loaded now. */
  get tooLittleToLoad(): Refusal | undefined {
    this.#look()
    if (this.#readOnly || this.#free >= LOAD_BYTES) return undefined
    return this.#refusal(LOAD_BYTES)
  }

  /** What to tell instead of an error of the backend that comes from the volume; undefined where it has another reason. */
  explain(error: Buffer): Refusal | undefined {
    const text = error.toString('latin1')
    if (text.includes('\0C53100\0')) return this.#refusal(LOAD_BYTES)
    if (!text.includes('\0C25006\0')) return undefined
    const obstacle = this.obstacle
    if (obstacle === 'full') return this.#refusal(WRITE_BYTES)
    if (obstacle === undefined) return undefined
    return { code: '25006', message: 'the volume of the embedded PostgreSQL is mounted read-only' }
  }

  #refusal(needed: number): Refusal {
    const megabytes = (bytes: number) => Math.ceil(bytes / 1024 ** 2)
    return {
      code: '53100',
      message: `the disk of the embedded PostgreSQL is full: ${megabytes(this.#free)} MB free, at least ${megabytes(needed)} MB needed`,
      hint: 'Make room on the disk; writing goes on by itself.',
    }
  }

  #look(): void {
    if (performance.now() - this.#lookedAt < LOOK_MS) return
    this.#lookedAt = performance.now()
    try {
      const { bavail, bsize } = statfsSync(this.#folder)
      this.#free = bavail * bsize
      accessSync(this.#folder, constants.W_OK)
      this.#readOnly = false
    } catch (error) {
      this.#readOnly = error instanceof Error && 'code' in error && error.code === 'EROFS'
    }
  }
}
