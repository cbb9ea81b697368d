import { AsyncLocalStorage } from 'node:async_hooks'

/** Why somebody waits. */
export interface Wait {
  why: 'memory' | 'processor'
  /** Bytes; what is free beyond what must stay free. */
  free: number
  /** Bytes. */
  needed: number
  /** In words: `waits for memory: 60 MB free, 120 MB needed`. */
  text: string
}

const listeners = new AsyncLocalStorage<(wait: Wait) => void>()

/** Does work whose waits `listener` is told of, again and again while they last. Through all awaits, so that nothing between has to pass it on. */
export function toldOfWaits<T>(listener: (wait: Wait) => void, work: () => T): T {
  return listeners.run(listener, work)
}

/** Who is to be told by whoever waits here. */
export function listenerHere(): ((wait: Wait) => void) | undefined {
  return listeners.getStore()
}
