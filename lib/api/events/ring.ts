import type { ApiEvent } from './hub.ts'

/** The newest events, without gaps; older ones fall out. */
export class Ring {
  readonly #size: number
  #events: ApiEvent[] = []
  /** Position of the newest event, also when it is not held. */
  #last: number

  constructor(size: number, last: number) {
    this.#size = size
    this.#last = last
  }

  get last(): number {
    return this.#last
  }

  /** Takes the event that follows the last one. */
  push(event: ApiEvent): void {
    this.#events.push(event)
    this.#last = event.position
    // now and then a half at once, so that a push costs nothing
    if (this.#events.length >= this.#size * 2) this.#events = this.#events.slice(-this.#size)
  }

  /** At most `limit` events after a position; undefined when the first of them is no longer held. */
  after(position: number, limit: number): ApiEvent[] | undefined {
    const from = position - (this.#last - this.#events.length)
    return from < 0 ? undefined : this.#events.slice(from, from + limit)
  }
}
