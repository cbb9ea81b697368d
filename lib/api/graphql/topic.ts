import type { ApiEvent } from '../events/hub.ts'

/**
 * The events of one subscription. Who subscribes ends it by `return`, also while it waits for an event: that aborts what `open` was given, so
 * that nothing is left behind. `open` is called at the first `next`.
 */
export function overTopic(
  signal: AbortSignal,
  open: (until: AbortSignal) => Promise<AsyncIterable<ApiEvent>>,
): AsyncIterableIterator<ApiEvent> {
  const ended = new AbortController()
  const until = AbortSignal.any([signal, ended.signal])
  const over: IteratorResult<ApiEvent> = { done: true, value: undefined }
  let source: Promise<AsyncIterator<ApiEvent>> | undefined
  return {
    async next() {
      source ??= open(until).then((events) => events[Symbol.asyncIterator]())
      try {
        const result = await (await source).next()
        return until.aborted ? over : result
      } catch (error) {
        // an end that was asked for is no failure
        if (until.aborted) return over
        throw error
      }
    },
    async return() {
      ended.abort()
      source?.then((events) => events.return?.()).catch(() => undefined)
      return over
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
