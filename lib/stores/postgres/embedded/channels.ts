import { quoteIdentifier } from '../port.ts'

/**
 * Who listens to which channel. The backend's one session listens to all of them, so it is told again whenever one
 * client's UNLISTEN may have taken a channel from another. A LISTEN that is rolled back still counts: at worst its client
 * hears a notification that others asked for.
 */
export class Channels<Listener> {
  readonly #listeners = new Map<string, Set<Listener>>()
  readonly #stale = new Set<string>()

  /** Notes what a client's statements ask for. Resolves to the statements the backend has to run afterwards. */
  apply(listener: Listener, changes: readonly { channel: string; on: boolean }[]): string[] {
    let taken = false
    for (const { channel, on } of changes) {
      if (on) {
        this.#stale.delete(channel)
        const listeners = this.#listeners.get(channel) ?? new Set()
        this.#listeners.set(channel, listeners.add(listener))
      } else {
        taken = true
        if (channel === '*') this.drop(listener)
        else this.#remove(channel, listener)
      }
    }
    return taken ? [...this.#listeners.keys()].map((channel) => `listen ${quoteIdentifier(channel)}`) : []
  }

  audience(channel: string): Iterable<Listener> {
    return this.#listeners.get(channel) ?? []
  }

  /** Forgets a client. */
  drop(listener: Listener): void {
    for (const channel of [...this.#listeners.keys()]) this.#remove(channel, listener)
  }

  /** Statements that end what nobody listens to any more; each is given once. */
  sweep(): string[] {
    const statements = [...this.#stale].map((channel) => `unlisten ${quoteIdentifier(channel)}`)
    this.#stale.clear()
    return statements
  }

  #remove(channel: string, listener: Listener): void {
    const listeners = this.#listeners.get(channel)
    listeners?.delete(listener)
    if (listeners?.size === 0) {
      this.#listeners.delete(channel)
      this.#stale.add(channel)
    }
  }
}
