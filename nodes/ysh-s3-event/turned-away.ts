import type { PipelineError } from '../../lib/errors.ts'
import type { Logger } from '../../lib/steps/step.ts'

const pauseMs = 60_000

/**
 * Logs requests that the endpoint turned away: of each code one line a minute at most, with how many there were since. Anybody can send
 * such requests, so they may neither fill the log nor alert the administrator.
 */
export class TurnedAway {
  readonly #log: Logger
  readonly #now: () => number
  readonly #byCode = new Map<string, { at: number; more: number }>()

  constructor(log: Logger, now: () => number = () => performance.now()) {
    this.#log = log
    this.#now = now
  }

  /** Notes one. */
  note({ code, message }: PipelineError): void {
    const known = this.#byCode.get(code)
    const at = this.#now()
    if (known !== undefined && at - known.at < pauseMs) {
      known.more += 1
      return
    }
    this.#log.warn(`A pushed request was turned away: ${code}: ${message}`, { code, moreSince: known?.more ?? 0 })
    this.#byCode.set(code, { at, more: 0 })
  }
}
