import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { PipelineError } from '../../errors.ts'
import type { Logger } from '../../steps/step.ts'
import { endAfter } from '../../stopped.ts'
import { type Span, spans } from '../spans.ts'
import { type OtlpConfig, sampled } from './config.ts'
import { otlpMessage } from './message.ts'

const compressed = promisify(gzip)
/** Answers by which a collector asks for another try. */
const later = new Set([429, 502, 503, 504])
const closeMs = 2_000
/** Rounds that are let pass after failures in a row. */
const longestPause = 12

/** Sends the spans of this process to a collector. */
export interface Exporter {
  /** Sends what waits, within 2 s. Never rejects. */
  flush(): Promise<void>
  /** The same, and ends. */
  close(): Promise<void>
}

/**
 * Begins to send. Spans wait in a queue with a bound; what does not fit, or what a collector refuses, is dropped and counted in the log. Nothing
 * that is traced ever waits for it.
 */
export function openExporter(config: OtlpConfig, version: string, log: Logger): Exporter {
  const queue: Span[] = []
  let dropped = 0
  let failures = 0
  let pause = 0
  let busy = false
  const detach = spans.attach(
    (span) => {
      if (queue.length < config.queue) queue.push(span)
      else dropped += 1
    },
    (traceId) => sampled(traceId, config.ratio),
  )

  const send = async (signal: AbortSignal) => {
    while (queue.length > 0) {
      const batch = queue.slice(0, config.batch)
      await post(config, JSON.stringify(otlpMessage(batch, config.resource, version)), signal)
      queue.splice(0, batch.length)
    }
  }
  const round = async (signal?: AbortSignal) => {
    if (busy || queue.length === 0) return
    if (signal === undefined && pause > 0) {
      pause -= 1
      return
    }
    busy = true
    try {
      await send(signal ?? endAfter(10 * config.timeoutMs))
      if (failures > 0) log.info('Traces go to the collector again', { dropped })
      failures = 0
      dropped = 0
    } catch (thrown) {
      const error = PipelineError.from(thrown)
      if (!error.retryable) dropped += queue.splice(0, config.batch).length
      if (failures === 0) log.warn('Traces could not be sent; the latest are kept', { error })
      failures += 1
      pause = Math.min(longestPause, 2 ** (failures - 1))
    } finally {
      busy = false
    }
  }
  const timer = setInterval(() => void round(), config.delayMs).unref()
  const flush = () => round(endAfter(closeMs))
  return {
    flush,
    async close() {
      clearInterval(timer)
      detach()
      await flush()
    },
  }
}

/** Throws TRACES_FAILED: retryable when there was no answer, or one that asks for another try. */
async function post(config: OtlpConfig, text: string, signal: AbortSignal): Promise<void> {
  let status: number
  try {
    const response = await fetch(config.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(config.gzip ? { 'content-encoding': 'gzip' } : {}),
        ...config.headers,
      },
      body: config.gzip ? new Uint8Array(await compressed(text)) : text,
      redirect: 'error',
      signal: endAfter(config.timeoutMs, signal),
    })
    status = response.status
    await response.body?.cancel()
  } catch (thrown) {
    // its own words may quote the address and headers
    const name = thrown instanceof Error ? thrown.name : 'unknown'
    throw new PipelineError('TRACES_FAILED', `The collector does not answer (${name})`, { retryable: true })
  }
  if (status < 300) return
  throw new PipelineError('TRACES_FAILED', `The collector answers ${status}`, { retryable: later.has(status) })
}
