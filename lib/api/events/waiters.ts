/** Who is woken in one turn of the event loop: a thousand at once would hold everything else up. */
const slice = 64

/** A place among those who wait. */
export interface Place {
  /** Resolves when there is something new, or the signal has aborted. */
  next(): Promise<void>
  leave(): void
}

/** Many wait for the same thing and are woken a few at a time, with everything else the process does in between. */
export class Waiters {
  /** Insertion order: whoever waits longest is first. */
  readonly #waiting = new Set<() => void>()
  #due: (() => void)[] = []
  #at = 0
  #scheduled = false

  join(signal: AbortSignal): Place {
    let pending: PromiseWithResolvers<void> | undefined
    const wake = () => {
      pending?.resolve()
      pending = undefined
    }
    const abort = () => {
      this.#waiting.delete(wake)
      wake()
    }
    signal.addEventListener('abort', abort, { once: true })
    return {
      next: () => {
        if (signal.aborted) return Promise.resolve()
        pending ??= Promise.withResolvers()
        this.#waiting.add(wake)
        return pending.promise
      },
      leave: () => {
        signal.removeEventListener('abort', abort)
        abort()
      },
    }
  }

  /** Wakes all who wait now. */
  wake(): void {
    for (const wake of this.#waiting) this.#due.push(wake)
    this.#waiting.clear()
    this.#schedule()
  }

  #schedule(): void {
    if (this.#scheduled || this.#at === this.#due.length) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      const end = Math.min(this.#at + slice, this.#due.length)
      for (; this.#at < end; this.#at += 1) this.#due[this.#at]?.()
      if (this.#at === this.#due.length) {
        this.#due = []
        this.#at = 0
      }
      this.#schedule()
    })
  }
}
