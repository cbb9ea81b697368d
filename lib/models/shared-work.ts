import { unlessStopped } from '../stopped.ts'

interface Work<T, Told> {
  result: Promise<T>
  controller: AbortController
  listeners: Set<(told: Told) => void>
  waiting: number
}

/** Work that several may want at the same time and that is done once. It is stopped when the last one who waits goes away. */
export class SharedWork<T, Told = never> {
  readonly #running = new Map<string, Work<T, Told>>()

  /** Joins the work of this key, or begins it. Throws what the work throws; STOPPED. */
  async join(
    key: string,
    signal: AbortSignal,
    begin: (signal: AbortSignal, tell: (told: Told) => void) => Promise<T>,
    listen?: (told: Told) => void,
  ): Promise<T> {
    const work = this.#running.get(key) ?? this.#begin(key, begin)
    if (listen !== undefined) work.listeners.add(listen)
    work.waiting += 1
    try {
      return await unlessStopped(signal, () => work.result)
    } finally {
      if (listen !== undefined) work.listeners.delete(listen)
      work.waiting -= 1
      if (work.waiting === 0) {
        work.controller.abort()
        this.#end(key, work)
      }
    }
  }

  #begin(key: string, begin: (signal: AbortSignal, tell: (told: Told) => void) => Promise<T>): Work<T, Told> {
    const controller = new AbortController()
    const listeners = new Set<(told: Told) => void>()
    const result = begin(controller.signal, (told) => {
      for (const listener of listeners) listener(told)
    })
    const work = { result, controller, listeners, waiting: 0 }
    this.#running.set(key, work)
    // nobody may be left to hear how it ended
    result.catch(() => undefined)
    return work
  }

  /** The next one who comes begins anew. */
  #end(key: string, work: Work<T, Told>): void {
    if (this.#running.get(key) === work) this.#running.delete(key)
  }
}
