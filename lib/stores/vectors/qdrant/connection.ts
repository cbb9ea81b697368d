import { QdrantClient } from '@qdrant/js-client-rest'
import { PipelineError } from '../../../errors.ts'
import { endAfter, stoppedBy } from '../../../stopped.ts'
import { qdrantError } from './errors.ts'

/** Where a Qdrant is. */
export interface QdrantAddress {
  /** `http://host:6333` or `https://…`, with a path if it lies behind a proxy. */
  url: string
  apiKey?: string
  /** How long one request may take, in milliseconds; 60,000 by default. */
  timeoutMs?: number
}

type Api = ReturnType<QdrantClient['api']>
/** What a call of the client takes besides its arguments. */
export interface CallInit {
  signal: AbortSignal
  redirect: 'error'
}

/** A Qdrant that is asked with deadlines. */
export interface QdrantConnection {
  /** Address for messages, without anything secret. */
  shown: string
  /** One request: pass `init` on to the client. Throws the port's errors. */
  ask<T>(signal: AbortSignal, request: (api: Api, init: CallInit) => Promise<{ data: T }>): Promise<T>
}

const TIMEOUT_MS = 60_000
/** Requests that are under way or wait for a connection. */
const MAX_UNDER_WAY = 1_000

/**
 * Opens nothing yet. Only the configured address is asked: a redirect is an error, for it could lead the key elsewhere. Throws STORE_CONFIG,
 * with a message that never holds the address as it was given (it may have a password in it).
 */
export function qdrantConnection({ url, apiKey, timeoutMs = TIMEOUT_MS }: QdrantAddress): QdrantConnection {
  const at = addressOf(url)
  const secrets = apiKey === undefined || apiKey === '' ? [] : [apiKey]
  const client = new QdrantClient({
    host: at.host,
    port: at.port,
    https: at.https,
    prefix: at.prefix,
    // As a header, because the client writes a warning to the console for a key over http.
    headers: secrets.length === 0 ? {} : { 'api-key': secrets[0] },
    // Each call has a signal of its own, which the client's deadline would replace.
    timeout: Number.POSITIVE_INFINITY,
    checkCompatibility: false,
  })
  const api = client.api()
  let underWay = 0
  return {
    shown: at.shown,
    async ask(signal, request) {
      if (signal.aborted) throw stoppedBy(signal)
      if (underWay >= MAX_UNDER_WAY) {
        throw new PipelineError('STORE_BUSY', `Qdrant at ${at.shown}: ${underWay} requests are under way already`, {
          retryable: true,
        })
      }
      underWay += 1
      const deadline = endAfter(timeoutMs)
      try {
        return (await request(api, { signal: AbortSignal.any([signal, deadline]), redirect: 'error' })).data
      } catch (thrown) {
        if (signal.aborted) throw stoppedBy(signal)
        if (deadline.aborted) {
          throw new PipelineError('STORE_TIMEOUT', `Qdrant at ${at.shown} did not answer within ${timeoutMs} ms`, {
            retryable: true,
            details: { timeoutMs },
          })
        }
        throw qdrantError(thrown, at.shown, secrets)
      } finally {
        underWay -= 1
      }
    },
  }
}

function addressOf(url: string): { host: string; port: number; https: boolean; prefix: string; shown: string } {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  const https = parsed?.protocol === 'https:'
  const plain = parsed?.username === '' && parsed.password === '' && parsed.search === '' && parsed.hash === ''
  if (parsed === undefined || !plain || !(https || parsed.protocol === 'http:')) {
    throw new PipelineError(
      'STORE_CONFIG',
      'The Qdrant address must be http://host:6333 or https://host:6333; the key has a field of its own',
    )
  }
  // A port that the scheme implies is gone from the parsed address; only one that was not written at all is Qdrant's own.
  const written = /^https?:\/\/[^/]*:(\d+)(\/|$)/i.exec(url)?.[1]
  const port = Number(written ?? 6333)
  const prefix = parsed.pathname.replace(/\/+$/, '')
  return {
    host: parsed.hostname,
    port,
    https,
    prefix,
    shown: `${parsed.protocol}//${parsed.hostname}:${port}${prefix}`,
  }
}
