import { PipelineError } from '../errors.ts'
import { parseRetryAfter } from '../net/errors.ts'
import type { RefusedAnswer } from '../net/http.ts'
import { printable } from '../net/redact.ts'
import { stoppedBy } from '../stopped.ts'
import { shortName } from './model-name.ts'

/** What a request was about, for the words of its errors. */
export interface About {
  /** Scheme, host and port of the server. */
  place: string
  model?: string
  /** The caller's. */
  signal: AbortSignal
  /** Takes secrets out of a text. */
  clean(text: string): string
}

/** The name of an answer that is an error, by its status and Ollama's `{error}`; undefined where the status says all. */
export function refusal({ status, headers, text }: RefusedAnswer, about: About): PipelineError | undefined {
  const words = errorWords(text)
  const said = words === undefined ? '' : `: ${shown(words, about)}`
  if (status === 401 || status === 403) {
    return new PipelineError('MODEL_UNAVAILABLE', `${about.place} wants another token (HTTP ${status})${said}`, {
      details: { status },
    })
  }
  if (status === 404 && words === undefined) {
    return new PipelineError(
      'MODEL_ANSWER',
      `${about.place} knows no such request (HTTP 404): it is no Ollama server, or an old one`,
      { retryable: true, details: { status } },
    )
  }
  if (words === undefined) return undefined
  const busy = status === 429 || (status === 503 && /busy|pending/i.test(words))
  if (busy) {
    const retryAfterMs = parseRetryAfter(headers['retry-after'])
    return new PipelineError('MODEL_BUSY', `${about.place} has too much to do${said}`, {
      retryable: true,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    })
  }
  return spoken(words, status, about)
}

/** The error that an Ollama server puts into words, in an answer (with its status) or in the middle of a stream. */
export function spoken(words: string, status: number | undefined, about: About): PipelineError {
  const said = shown(words, about)
  const model = about.model === undefined ? 'a model' : `the model ${shortName(about.model)}`
  if (status === 404) return missing(about, said)
  // one status for all kinds of reasons, and with older servers the wrong one
  if (/context (length|window|size)|maximum context|too long/i.test(words)) {
    return new PipelineError('MODEL_CANNOT', `The text is longer than ${model} of ${about.place} takes: ${said}`, {
      details: { reason: 'length' },
    })
  }
  if (status === 400 || status === 413 || /does not support|not support/i.test(words)) {
    return new PipelineError('MODEL_CANNOT', `${about.place} does not do this with ${model}: ${said}`)
  }
  return new PipelineError('MODEL_UNAVAILABLE', `${about.place} failed with ${model}: ${said}`, {
    retryable: true,
    ...(status === undefined ? {} : { details: { status } }),
  })
}

/** MODEL_MISSING, with what to do about it. */
export function missing(about: Pick<About, 'place' | 'model'>, said?: string): PipelineError {
  const name = shortName(about.model ?? '')
  return new PipelineError(
    'MODEL_MISSING',
    `${about.place} does not have the model ${name}${said ? ` (${said})` : ''}: run "ollama pull ${name}" there`,
    { details: { model: name } },
  )
}

/** MODEL_ANSWER: the answer has not the form that the API promises. */
export function wrongForm(about: Pick<About, 'place'>, problem: string, cause?: unknown): PipelineError {
  return new PipelineError(
    'MODEL_ANSWER',
    `${about.place} answered something that is no answer of Ollama: ${problem}`,
    {
      retryable: true,
      ...(cause === undefined ? {} : { cause }),
    },
  )
}

/** Any error of a request as one of a {@link LanguageModel}. */
export function modelError(thrown: unknown, about: About): PipelineError {
  if (about.signal.aborted) return stoppedBy(about.signal)
  if (!(thrown instanceof PipelineError)) {
    // of the client library: no JSON, or a stream that ended before it was done
    const words = thrown instanceof Error ? thrown.message : String(thrown)
    return wrongForm(about, shown(words, about))
  }
  const { code, message, retryable, retryAfterMs } = thrown
  const kept = { retryable, ...(retryAfterMs === undefined ? {} : { retryAfterMs }), cause: thrown }
  if (code === 'NET_TIMEOUT' && !isConnecting(thrown)) {
    return new PipelineError('MODEL_TIMEOUT', `${about.place} takes too long: ${message}`, kept)
  }
  // another answer may have the right form
  if (code === 'MODEL_ANSWER' && !retryable) return wrongForm(about, shown(message, about), thrown)
  if (/^(NET_TOO_LARGE|NET_INFLATES|NET_ENCODING)$/.test(code)) return wrongForm(about, message, thrown)
  if (/^(NET_|HTTP_|HOST_OPEN$)/.test(code)) {
    return new PipelineError('MODEL_UNAVAILABLE', `${about.place} does not answer: ${message}`, kept)
  }
  return thrown
}

/** Ollama's words in an answer that is an error; undefined where it is of something else. */
export function errorWords(text: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(text)
    if (typeof parsed !== 'object' || parsed === null || !('error' in parsed)) return undefined
    return typeof parsed.error === 'string' ? parsed.error : JSON.stringify(parsed.error)
  } catch {
    return undefined
  }
}

function shown(words: string, { clean }: About): string {
  return printable(clean(words.slice(0, 4_000))).slice(0, 300)
}

/** A machine that is switched off is not a model that thinks for long. */
function isConnecting({ cause }: PipelineError): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'ETIMEDOUT'
}
