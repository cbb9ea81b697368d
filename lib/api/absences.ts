import type { PipelineError } from '../errors.ts'
import type { Problem } from './problem.ts'

/** How long what is away is told of under one id, in milliseconds. */
const sameMs = 60_000
/** Most codes that are remembered. */
const most = 50

/**
 * While a store is away every request fails for the same reason: their answers name the same line of the log, of which one is written a
 * minute, with how many there were before. A disk that is full of lines would be the next disturbance.
 */
export class Absences {
  readonly #told = new Map<string, { id: string; at: number; more: number }>()
  readonly #now: () => number

  /** `now` in milliseconds, monotonic. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** The problem with the id under which it stands in the log; `tell` is called when it does not yet, with how many were not told. */
  told(error: PipelineError, problem: Problem, tell: (id: string, untold: number) => void): Problem {
    const { id, status } = problem
    if (id === undefined) return problem
    if (status !== 503) {
      tell(id, 0)
      return problem
    }
    const known = this.#told.get(error.code)
    if (known !== undefined && this.#now() - known.at < sameMs) {
      known.more += 1
      return { ...problem, id: known.id, detail: problem.detail.replace(id, known.id) }
    }
    this.#told.delete(error.code)
    this.#told.set(error.code, { id, at: this.#now(), more: 0 })
    const [oldest] = this.#told.keys()
    if (this.#told.size > most && oldest !== undefined) this.#told.delete(oldest)
    tell(id, known?.more ?? 0)
    return problem
  }
}
