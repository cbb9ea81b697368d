import { meter } from '../../metrics/meter.ts'
import type { Cache } from './port.ts'

/** The same cache, whose looks are counted. */
export function counted(cache: Cache): Cache {
  const { kind: store } = cache
  return {
    ...cache,
    async get(key) {
      try {
        const found = await cache.get(key)
        meter.add('cache.requests', { store, outcome: found === undefined ? 'miss' : 'hit' })
        return found
      } catch (error) {
        meter.add('cache.requests', { store, outcome: 'failed' })
        throw error
      }
    },
  }
}
