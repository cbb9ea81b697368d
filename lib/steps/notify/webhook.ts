import { createHmac } from 'node:crypto'
import { PipelineError } from '../../errors.ts'
import { plainCause, Secrets } from '../../net/redact.ts'
import { runPlace, spans, traceparent } from '../../traces/spans.ts'
import type { Channel } from './channel.ts'
import { revealed } from './revealed.ts'
import type { Content, Note } from './schema.ts'

/** Statuses by which a receiver says that it will never want this message. All others are tried again. */
const final = new Set([400, 410, 413, 422])
const timeoutMs = 20_000

/**
 * A signed POST in the form of Standard Webhooks: `webhook-id`, `webhook-timestamp` (of this try) and `webhook-signature` over
 * `id.timestamp.body`; secret and address may be references. Answers that are not 2xx are tried again; redirects are not followed.
 */
export function webhookChannel(secret: string): Channel {
  return {
    name: 'webhook',
    atOnce: 4,
    timeoutMs: timeoutMs + 5_000,
    async send(note, content, { http, signal }) {
      const found = await revealed({ secret, url: note.recipient }, signal)
      const [key, url] = [keyOf(found.secret), found.url]
      // who knows the address of such a receiver may write to it: errors name its host only
      const secrets = new Secrets()
      secrets.wholeUrl(url)
      const json = bodyOf(note, content)
      const timestamp = String(Math.floor(Date.now() / 1_000))
      const { status, body } = await http
        .request({
          method: 'POST',
          url,
          json,
          headers: {
            'content-type': 'application/json',
            'webhook-id': note.id,
            'webhook-timestamp': timestamp,
            ...traceOf(note),
            ...(key === undefined ? {} : { 'webhook-signature': sign(key, note.id, timestamp, JSON.stringify(json)) }),
          },
          // a redirect would turn the POST into a GET, or take it to somebody else
          accept: [301, 302, 303, 307, 308],
          connectTimeoutMs: 10_000,
          idleTimeoutMs: timeoutMs,
          totalTimeoutMs: timeoutMs,
          signal,
        })
        .catch((thrown: unknown) => {
          throw refusal(PipelineError.from(thrown), secrets)
        })
      body.destroy()
      if (status >= 300) {
        throw new PipelineError('WEBHOOK_REDIRECT', `${hostOf(url)} answers with a redirect (${status})`, {
          retryable: true,
        })
      }
    },
  }
}

/** Lets the receiver go on in the run's trace, where that is traced. */
function traceOf({ run }: Note): Record<string, string> {
  const place = runPlace(run)
  return spans.wants(place) ? { traceparent: traceparent(place) } : {}
}

/** What a webhook gets. */
function bodyOf({ at, subject, run }: Note, { text, data }: Content) {
  return { type: 'notification', timestamp: at, data: { subject, text, run, ...(data === undefined ? {} : { data }) } }
}

/** `v1,` and the signature in base64: HMAC-SHA256 over `id.timestamp.body`. */
export function sign(key: Uint8Array, id: string, timestamp: string, body: string): string {
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`
}

/** The key of a secret: `whsec_` and base64, or any text; none signs nothing. */
export function keyOf(secret: string): Buffer | undefined {
  if (secret === '') return undefined
  return secret.startsWith('whsec_')
    ? Buffer.from(secret.slice('whsec_'.length), 'base64')
    : Buffer.from(secret, 'utf8')
}

function refusal(error: PipelineError, secrets: Secrets): PipelineError {
  const status = /^HTTP_(\d{3})$/.exec(error.code)?.[1]
  const retryable =
    status === undefined ? error.retryable || error.code === 'ADDRESS_REFUSED' : !final.has(Number(status))
  return new PipelineError(error.code, secrets.clean(error.message), {
    retryable,
    cause: plainCause(error, secrets.clean),
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
  })
}

function hostOf(url: string): string {
  return URL.parse(url)?.host ?? 'the webhook'
}
