import { PipelineError } from '../../lib/errors.ts'
import type { Outputs } from './red.ts'

/** Longest delay a timer can hold, in milliseconds; a longer one would fire at once. */
const longestTimer = 2 ** 31 - 1
/** How long work may go on after it was called off, before its message ends without it. */
export const graceMs = 10_000

/** `done` that counts: the first call ends the message, a later one is only reported. */
export function once<E>(done: (error?: E) => void, again: () => void): (error?: E) => void {
  let ended = false
  return (error) => {
    if (ended) return again()
    ended = true
    done(error)
  }
}

/** A `send` that sends nothing once the node is closed: a closed node's message would appear in the new flow, or nowhere. */
export function guard(closed: AbortSignal, send: (outputs: Outputs) => void): (outputs: Outputs) => boolean {
  return (outputs) => {
    if (closed.aborted) return false
    send(outputs)
    return true
  }
}

/**
 * Runs `work` with a signal that aborts when the node closes and after `seconds` (0: never). Work that ignores the signal is left
 * behind after a grace time, so that it cannot block the node for ever: throws TIMEOUT, or STOPPED when the node closed.
 */
export async function limited<T>(
  closed: AbortSignal,
  seconds: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const own = new AbortController()
  const signal = AbortSignal.any([closed, own.signal])
  const milliseconds = Math.min(seconds * 1_000, longestTimer)
  const timer = seconds > 0 ? setTimeout(() => own.abort(tooLong(seconds)), milliseconds) : undefined
  let grace: NodeJS.Timeout | undefined
  const { promise: leftBehind, reject } = Promise.withResolvers<never>()
  const giveUp = () => {
    grace = setTimeout(() => reject(reasonOf(signal)), graceMs)
  }
  if (signal.aborted) giveUp()
  else signal.addEventListener('abort', giveUp)
  try {
    return await Promise.race([work(signal), leftBehind])
  } catch (thrown) {
    // Whatever the work made of its abortion (an AbortError, a broken pipe): the reason is what counts.
    if (signal.aborted && !closed.aborted) throw reasonOf(signal, thrown)
    if (closed.aborted && !(thrown instanceof PipelineError)) throw reasonOf(signal, thrown)
    throw thrown
  } finally {
    signal.removeEventListener('abort', giveUp)
    clearTimeout(timer)
    clearTimeout(grace)
  }
}

/** The error of a message that its node's closing left unfinished. */
export function stopped(cause?: unknown): PipelineError {
  return new PipelineError('STOPPED', 'The node was closed (deploy or shutdown) before the message was through', {
    retryable: true,
    ...(cause === undefined ? {} : { cause }),
  })
}

function tooLong(seconds: number): PipelineError {
  return new PipelineError('TIMEOUT', `The message was not through after ${seconds} s`, { retryable: true })
}

function reasonOf(signal: AbortSignal, cause?: unknown): PipelineError {
  return signal.reason instanceof PipelineError ? signal.reason : stopped(cause)
}
