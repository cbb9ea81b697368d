import { PipelineError } from '../../errors.ts'
import { Outage } from '../../outage.ts'
import type { Cache } from './port.ts'

/** The store behind the cache is not there, or does not take anything: whoever asks does without. */
const awayCodes = /^STORE_(UNAVAILABLE|TIMEOUT|BUSY|FULL|DENIED|READ_ONLY)$|^CACHE_REFUSED$/

interface Log {
  info(message: string, fields?: Record<string, unknown>): void
  warn(message: string, fields?: Record<string, unknown>): void
}

const outages = new WeakMap<Cache, Outage>()

/**
 * Asks the cache, and does without where what is behind it is away: undefined then, and one line in the log for the whole outage. A cache
 * never holds the only copy, so its trouble changes no outcome. Throws what is about the entry (CACHE_*), and STORE_CLOSED.
 */
export async function tolerant<T>(
  cache: Cache,
  log: Log,
  ask: (cache: Cache) => Promise<T>,
): Promise<{ value: T } | undefined> {
  let outage = outages.get(cache)
  if (outage === undefined) {
    outage = new Outage()
    outages.set(cache, outage)
  }
  try {
    const value = await ask(cache)
    outage.worked((failures) => log.info(`The cache answers again; ${failures} times it did not`))
    return { value }
  } catch (thrown) {
    const error = PipelineError.from(thrown)
    if (!awayCodes.test(error.code)) throw error
    outage.failed(() =>
      log.warn('The cache does not answer; until it does, what it would hold is made anew', { error }),
    )
    return undefined
  }
}
