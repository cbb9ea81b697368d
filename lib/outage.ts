/** How often an outage that lasts is told of again, in milliseconds. */
const againMs = 3_600_000

/**
 * Tells of something that is away once when it goes and once when it is back, however often it is asked meanwhile: a storm of lines hides
 * what else happens. One that lasts is told of each hour.
 */
export class Outage {
  #toldAt: number | undefined
  #failures = 0

  /** It did not answer. `tell` is called for the first failure, and once an hour. */
  failed(tell: () => void): void {
    this.#failures += 1
    const now = performance.now()
    if (this.#toldAt !== undefined && now - this.#toldAt < againMs) return
    this.#toldAt = now
    tell()
  }

  /** It answered. `tell` is called when it had not before, with how often. */
  worked(tell: (failures: number) => void): void {
    if (this.#toldAt === undefined) return
    const failures = this.#failures
    this.#toldAt = undefined
    this.#failures = 0
    tell(failures)
  }
}
