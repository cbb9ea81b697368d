/** Pauses between looks (ms): the first while things change, doubled up to the second while nothing does. */
const pauses = { least: 3_000, most: 60_000 } as const

/**
 * Looks again and again while anybody sees it, less often the longer nothing changes or the server fails. `look` says whether something
 * had changed. One look at a time.
 */
export class Pulse {
  readonly #look: () => Promise<boolean>
  readonly #visible: () => boolean
  #pause: number = pauses.least
  #timer: ReturnType<typeof setTimeout> | undefined
  #looking = false
  #again = false
  #ended = false

  constructor(look: () => Promise<boolean>, visible: () => boolean) {
    this.#look = look
    this.#visible = visible
  }

  /** Looks at once, and often from now on. */
  now(): void {
    this.#pause = pauses.least
    clearTimeout(this.#timer)
    if (this.#looking) this.#again = true
    else void this.#beat()
  }

  end(): void {
    this.#ended = true
    clearTimeout(this.#timer)
  }

  async #beat(): Promise<void> {
    if (this.#ended) return
    this.#looking = true
    if (this.#visible()) {
      const changed = await this.#look().catch(() => false)
      this.#pause = changed ? pauses.least : Math.min(this.#pause * 1.5, pauses.most)
    }
    this.#looking = false
    if (this.#ended) return
    const pause = this.#again ? 0 : this.#pause
    this.#again = false
    this.#timer = setTimeout(() => void this.#beat(), pause)
  }
}
