/** Something that takes time to open and must be closed. */
export interface Closable {
  close(): Promise<void>
}

/** A share in an open thing. */
export interface Lease<T> {
  value: Promise<T>
  /** Gives the share back; resolves when the thing is closed, or at once while it lingers or others hold it. */
  release(options: { linger: boolean }): Promise<void>
}

interface Held<T> {
  owner: string
  value: Promise<T>
  shares: number
  timer: NodeJS.Timeout | undefined
  closing: Promise<void> | undefined
}

/**
 * Open things by key, shared, and kept open for a moment after the last share is back: a redeploy closes and reopens its nodes
 * within a second, and restarting a database for that would cost more than the deploy.
 */
export class Lingering<T extends Closable> {
  readonly #held = new Map<string, Held<T>>()
  readonly #lingerMs: number
  readonly #report: (error: unknown) => void

  /** `report` gets what goes wrong while closing something nobody holds any more. */
  constructor(lingerMs: number, report: (error: unknown) => void) {
    this.#lingerMs = lingerMs
    this.#report = report
  }

  /**
   * A share in the thing of this key, opened if need be. `owner` changed its mind when its last key was another: that one is closed
   * first, since the two may want the same folder. One that failed to open is forgotten, so that the next call tries again.
   */
  acquire(owner: string, key: string, open: () => Promise<T>): Lease<T> {
    const known = this.#held.get(key)
    const held = known !== undefined && known.closing === undefined ? known : this.#open(owner, key, open)
    clearTimeout(held.timer)
    held.timer = undefined
    held.shares += 1
    let released = false
    return {
      value: held.value,
      release: async ({ linger }) => {
        if (released) return
        released = true
        held.shares -= 1
        if (held.shares > 0) return
        if (!linger || this.#lingerMs === 0) return this.#close(key, held)
        held.timer = setTimeout(() => void this.#close(key, held).catch(this.#report), this.#lingerMs)
      },
    }
  }

  /** Closes what lingers. */
  async closeIdle(): Promise<void> {
    const idle = [...this.#held].filter(([, held]) => held.shares === 0)
    await Promise.all(idle.map(([key, held]) => this.#close(key, held)))
  }

  #open(owner: string, key: string, open: () => Promise<T>): Held<T> {
    const before = [...this.#held]
      .filter(([otherKey, other]) => otherKey === key || (other.owner === owner && other.shares === 0))
      .map(([otherKey, other]) => this.#close(otherKey, other).catch(this.#report))
    const value = Promise.all(before).then(open)
    const held: Held<T> = { owner, value, shares: 0, timer: undefined, closing: undefined }
    this.#held.set(key, held)
    value.catch(() => {
      if (this.#held.get(key) === held) this.#held.delete(key)
    })
    return held
  }

  #close(key: string, held: Held<T>): Promise<void> {
    clearTimeout(held.timer)
    held.closing ??= (async () => {
      const opened = await held.value.catch(() => undefined)
      try {
        await opened?.close()
      } finally {
        if (this.#held.get(key) === held) this.#held.delete(key)
      }
    })()
    return held.closing
  }
}
