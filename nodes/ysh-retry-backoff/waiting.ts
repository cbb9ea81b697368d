import type { StatusLine } from '../kit/status.ts'

/** A message that waits. */
export interface Waiting {
  /** The try that it waits for. */
  attempt: number
  /** Epoch milliseconds. */
  dueAt: number
  /** Calls its timer off. */
  stop(): void
}

/** The messages that a node has waiting, by the id of their tries. */
export class WaitingList {
  readonly #entries = new Map<string, Waiting>()

  get size(): number {
    return this.#entries.size
  }

  has(id: string): boolean {
    return this.#entries.has(id)
  }

  add(id: string, entry: Waiting): void {
    this.#entries.set(id, entry)
  }

  delete(id: string): void {
    this.#entries.delete(id)
  }

  /** Calls all timers off. */
  stop(): void {
    for (const { stop } of [...this.#entries.values()]) stop()
    this.#entries.clear()
  }

  /** What the status says: the next try and its time, and how many more wait; undefined when nothing does. */
  line(tries: number, language: string, now = Date.now()): StatusLine | undefined {
    let next: Waiting | undefined
    for (const entry of this.#entries.values()) if (next === undefined || entry.dueAt < next.dueAt) next = entry
    if (next === undefined) return undefined
    const { attempt, dueAt } = next
    const values = { attempt, tries, time: shortTime(dueAt, now, language) }
    const more = this.#entries.size - 1
    return more === 0
      ? { mood: 'waiting', key: 'status.waiting', values }
      : { mood: 'waiting', key: 'status.waitingMore', values: { ...values, more } }
  }
}

/** `14:03:20` within the next day, else `25/11 14:03`; in the runtime's zone. */
function shortTime(at: number, now: number, language: string): string {
  const parts =
    at - now < 86_400_000
      ? ({ hour: '2-digit', minute: '2-digit', second: '2-digit' } as const)
      : ({ day: '2-digit', month: '2-digit', hour: '2-digit', minute: '2-digit' } as const)
  return new Intl.DateTimeFormat(language, { hourCycle: 'h23', ...parts }).format(at).replace(',', '')
}
