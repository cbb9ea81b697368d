import type { Answered } from '../../lib/api/api.ts'

/** What goes out for a request that has been answered. */
export type Told = Answered & {
  /** Requests before it of which no message was sent, since the last one that was. */
  dropped: number
}

/**
 * Tells of requests as fast as the flow takes it: at most `most` messages are under way, what comes meanwhile is dropped and counted. `send`
 * resolves when the flow has let its message through.
 */
export class Teller {
  readonly #most: number
  readonly #send: (told: Told) => Promise<void>
  #underWay = 0
  #dropped = 0

  constructor(most: number, send: (told: Told) => Promise<void>) {
    this.#most = most
    this.#send = send
  }

  /** How many were dropped since the last message. */
  get dropped(): number {
    return this.#dropped
  }

  tell(answered: Answered): void {
    if (this.#underWay >= this.#most) {
      this.#dropped += 1
      return
    }
    this.#underWay += 1
    const told = { ...answered, dropped: this.#dropped }
    this.#dropped = 0
    const over = () => {
      this.#underWay -= 1
    }
    // a message that a node keeps for ever gives its place back when patience is over
    this.#send(told).then(over, over)
  }
}
