import { setTimeout as sleep } from 'node:timers/promises'

/** What `work` resolves with. Throws after so many milliseconds. */
export async function within<T>(work: Promise<T>, ms: number, late: string): Promise<T> {
  const over = new AbortController()
  const timer = sleep(ms, undefined, { signal: over.signal }).then(
    () => Promise.reject(new Error(`${late} within ${ms / 1_000} s`)),
    () => new Promise<never>(() => undefined), // in time
  )
  try {
    return await Promise.race([work, timer])
  } finally {
    over.abort()
  }
}

/** Looks every 25 ms until it is true; false when it was not within so many milliseconds. */
export async function until(condition: () => boolean | Promise<boolean>, ms: number): Promise<boolean> {
  const deadline = performance.now() + ms
  for (;;) {
    if (await condition()) return true
    if (performance.now() >= deadline) return false
    await sleep(25)
  }
}
