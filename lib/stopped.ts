import { PipelineError } from './errors.ts'

/** STOPPED for a signal that has fired, or its reason where that is a {@link PipelineError} already. */
export function stoppedBy({ reason }: AbortSignal): PipelineError {
  if (reason instanceof PipelineError) return reason
  return new PipelineError('STOPPED', 'The work was stopped before its end', { retryable: true, cause: reason })
}

/** Throws what {@link stoppedBy} makes, if the signal has fired. */
export function goOn(signal: AbortSignal): void {
  if (signal.aborted) throw stoppedBy(signal)
}

/** What `work` resolves with, unless the signal fires first. The work itself goes on to its own deadline. */
export async function unlessStopped<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  goOn(signal)
  const { promise, reject } = Promise.withResolvers<never>()
  const stop = () => reject(stoppedBy(signal))
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await Promise.race([work(), promise])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/**
 * A signal that fires with the first of these, or after so many ms (reason: TimeoutError). In place of AbortSignal.timeout: what AbortSignal.any
 * makes of such a signal, Node 24 holds for ever as soon as it goes into another `any`.
 */
export function endAfter(ms: number, ...signals: readonly AbortSignal[]): AbortSignal {
  const late = new AbortController()
  setTimeout(() => late.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError')), ms).unref()
  return signals.length === 0 ? late.signal : AbortSignal.any([...signals, late.signal])
}

/** Milliseconds that work may take, and the error of being late. */
export interface Patience {
  ms: number
  late(): PipelineError
}

/** What `work` resolves with, unless it takes too long (throws what `late` makes) or the signal fires. The work itself goes on to its own deadline. */
export async function inTime<T>({ ms, late }: Patience, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const timeout = new AbortController()
  const timer = setTimeout(() => timeout.abort(late()), ms)
  try {
    return await unlessStopped(signal ? AbortSignal.any([signal, timeout.signal]) : timeout.signal, work)
  } finally {
    clearTimeout(timer)
  }
}
