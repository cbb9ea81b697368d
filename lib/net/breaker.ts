import { PipelineError } from '../errors.ts'

/** The part of a clock that the state of a host needs: milliseconds that only ever grow. */
export interface Monotonic {
  monotonic(): number
}

/** When a host is left alone, and for how long. */
export interface BreakerOptions {
  /** Failures in a row that open the breaker. */
  failures: number
  /** The first cool-down, in milliseconds; it doubles each time the host fails again before one request went all the way. */
  coolDownMs: number
  /** No cool-down of our own is longer, and no longer one that a host asks for (Retry-After) is kept. */
  coolDownCapMs: number
}

/** `closed`: requests pass. `open`: none does. `half-open`: one is out to see whether the host is back. */
export type BreakerState = 'closed' | 'open' | 'half-open'

/** Tells that a breaker opened or closed. */
export interface BreakerChange {
  state: 'open' | 'closed'
  /** Milliseconds until a request is let through again; 0 when closed. */
  waitMs: number
  /** What opened it. */
  error: PipelineError | undefined
}

/** One request that was let through. Only the first of `succeeded`, `failed` and `withdrawn` counts. */
export interface Permit {
  /** The host has begun a good answer: others may pass as well, though only a whole answer wipes out what was before. */
  answered(): void
  /** The answer has arrived as a whole, or was a refusal that speaks of the request and not of the host. */
  succeeded(): void
  /** The request failed, before or within its answer. Errors that do not speak of the host count as withdrawn. */
  failed(error: PipelineError): void
  /** The caller gave up: says nothing of the host. */
  withdrawn(): void
}

/** While the one request is out nobody knows how long it takes; the others may ask again after this. */
const probeWaitMs = 1_000

/**
 * Whether an error speaks of the host: it cannot be reached, breaks off, is silent, answers 5xx, or has too much to do (429). Any
 * other refusal comes from a host that is well, and what the caller called off says nothing.
 */
export function speaksOfHost({ code }: PipelineError): boolean {
  return /^(NET_UNREACHABLE|NET_CUT|NET_TIMEOUT|HTTP_429|HTTP_5\d\d)$/.test(code)
}

/**
 * The circuit breaker of one host. Requests that began before the last change of state no longer count, so that a slow one of
 * yesterday neither opens nor closes it.
 */
export class Breaker {
  readonly #host: string
  readonly #options: BreakerOptions
  readonly #clock: Monotonic
  readonly #changed: (change: BreakerChange) => void
  #state: BreakerState = 'closed'
  #failures = 0
  /** How often it opened since the host last gave a whole answer. */
  #openings = 0
  #until = 0
  #last: PipelineError | undefined
  /** Raised with each change of state. */
  #era = 0

  constructor(
    host: string,
    options: BreakerOptions,
    clock: Monotonic,
    changed: (change: BreakerChange) => void = () => undefined,
  ) {
    this.#host = host
    this.#options = options
    this.#clock = clock
    this.#changed = changed
  }

  get state(): BreakerState {
    return this.#state
  }

  /** Milliseconds until a request may pass; 0 when one may now. */
  get waitMs(): number {
    if (this.#state === 'closed') return 0
    if (this.#state === 'half-open') return probeWaitMs
    return Math.max(0, this.#until - this.#clock.monotonic())
  }

  /** Throws HOST_OPEN (retryable, `retryAfterMs` is what is left of the cool-down) while no request may pass. */
  check(): void {
    const { waitMs } = this
    if (waitMs > 0) throw this.#refusal(Math.ceil(waitMs))
  }

  /** Lets a request through. Throws as {@link check} does. */
  enter(): Permit {
    this.check()
    if (this.#state === 'open') {
      this.#state = 'half-open'
      this.#era += 1
    }
    return this.#permit(this.#era)
  }

  #permit(era: number): Permit {
    let settled = false
    const settle = (act: () => void) => () => {
      if (settled) return
      settled = true
      if (era === this.#era) act()
    }
    const withdrawn = settle(() => this.#withdrawn())
    const succeeded = settle(() => this.#succeeded())
    return {
      answered: () => {
        if (settled || era !== this.#era || this.#state !== 'half-open') return
        this.#answered()
        era = this.#era
      },
      succeeded,
      failed: (error) => {
        if (speaksOfHost(error)) settle(() => this.#failed(error))()
        else if (/^HTTP_\d/.test(error.code)) succeeded()
        else withdrawn()
      },
      withdrawn,
    }
  }

  /** On trial: the host speaks again, but the next failure opens the breaker at once, for longer. */
  #answered(): void {
    this.#close()
    this.#failures = this.#options.failures - 1
  }

  #succeeded(): void {
    if (this.#state !== 'closed') this.#close()
    this.#failures = 0
    this.#openings = 0
    this.#last = undefined
  }

  #failed(error: PipelineError): void {
    this.#last = error
    this.#failures += 1
    if (this.#state === 'closed' && this.#failures < this.#options.failures) return
    const { coolDownMs, coolDownCapMs } = this.#options
    const coolDown = Math.min(coolDownMs * 2 ** this.#openings, coolDownCapMs)
    const waitMs = Math.max(coolDown, Math.min(error.retryAfterMs ?? 0, coolDownCapMs))
    this.#openings += 1
    this.#open(waitMs)
    this.#changed({ state: 'open', waitMs, error })
  }

  /** The one request said nothing: the next one may try, at once. */
  #withdrawn(): void {
    if (this.#state === 'half-open') this.#open(0)
  }

  #open(waitMs: number): void {
    this.#state = 'open'
    this.#era += 1
    this.#until = this.#clock.monotonic() + waitMs
  }

  #close(): void {
    this.#state = 'closed'
    this.#era += 1
    this.#changed({ state: 'closed', waitMs: 0, error: undefined })
  }

  #refusal(retryAfterMs: number): PipelineError {
    const why = this.#last === undefined ? '' : ` (the last time ${this.#last.code}: ${this.#last.message})`
    return new PipelineError(
      'HOST_OPEN',
      `${this.#host} failed ${this.#failures} times in a row and is left alone for another ${seconds(retryAfterMs)}${why}`,
      {
        retryable: true,
        retryAfterMs,
        details: { host: this.#host, state: this.#state, failures: this.#failures, lastCode: this.#last?.code ?? null },
        cause: this.#last,
      },
    )
  }
}

function seconds(ms: number): string {
  return `${Math.max(1, Math.round(ms / 1_000))} s`
}
