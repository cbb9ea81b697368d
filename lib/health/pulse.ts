import { PipelineError } from '../errors.ts'

/**
 * How a store is, asked at most once at a time: a store that hangs gets one question, however often its health is looked at. One that is
 * only busy (the embedded PostgreSQL while it loads) has `patienceMs` before it counts as silent.
 */
export class Pulse {
  readonly #ask: () => Promise<unknown>
  readonly #patienceMs: number
  #asked: { since: number; answer: Promise<PipelineError | undefined> } | undefined
  #last: PipelineError | undefined

  constructor(ask: () => Promise<unknown>, patienceMs: number) {
    this.#ask = ask
    this.#patienceMs = patienceMs
  }

  /** What is wrong, undefined when it answers. Waits at most `waitMs` for a new answer; until it comes the one before counts. */
  async look(waitMs: number): Promise<PipelineError | undefined> {
    this.#asked ??= { since: performance.now(), answer: this.#question() }
    const { since, answer } = this.#asked
    const late = Promise.withResolvers<'late'>()
    const timer = setTimeout(() => late.resolve('late'), waitMs)
    const result = await Promise.race([answer, late.promise]).finally(() => clearTimeout(timer))
    if (result !== 'late') return result
    const waited = performance.now() - since
    if (waited < this.#patienceMs) return this.#last
    return new PipelineError('STORE_TIMEOUT', `No answer for ${Math.round(waited / 1_000)} s`, { retryable: true })
  }

  async #question(): Promise<PipelineError | undefined> {
    try {
      await this.#ask()
      this.#last = undefined
    } catch (thrown) {
      this.#last = PipelineError.from(thrown, 'STORE_UNAVAILABLE')
    } finally {
      this.#asked = undefined
    }
    return this.#last
  }
}
