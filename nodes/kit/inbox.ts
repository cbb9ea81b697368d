/** Work that waits for a free place, first in, first out. */
export interface InboxOptions<T> {
  /** Jobs at the same time. */
  concurrency: number
  /** Jobs that may wait. */
  limit: number
  /** Does one job. Must not reject. */
  work(job: T): Promise<void>
}

/** A bounded queue with a limited number of workers. */
export class Inbox<T> {
  readonly #options: InboxOptions<T>
  #waiting: T[] = []
  #running = 0
  #closed = false
  #idle: (() => void)[] = []

  constructor(options: InboxOptions<T>) {
    this.#options = options
  }

  get waiting(): number {
    return this.#waiting.length
  }

  get running(): number {
    return this.#running
  }

  /** Takes a job; false when the queue is full or closed: nothing that waits is ever dropped for it. */
  offer(job: T): boolean {
    if (this.#closed) return false
    if (this.#running >= this.#options.concurrency) {
      if (this.#waiting.length >= this.#options.limit) return false
      this.#waiting.push(job)
    } else {
      this.#start(job)
    }
    return true
  }

  /** Takes no more jobs; resolves with those that never started. */
  close(): T[] {
    this.#closed = true
    const left = this.#waiting
    this.#waiting = []
    return left
  }

  /** Resolves when nothing runs or waits. */
  async settled(): Promise<void> {
    if (this.#running === 0) return
    await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  #start(job: T): void {
    this.#running += 1
    void this.#options.work(job).finally(() => {
      this.#running -= 1
      const next = this.#waiting.shift()
      if (next !== undefined) this.#start(next)
      else if (this.#running === 0) for (const wake of this.#idle.splice(0)) wake()
    })
  }
}
