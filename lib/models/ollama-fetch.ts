import type { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import type { HttpClient } from '../net/http.ts'
import { placeOf } from '../net/redact.ts'
import type { OllamaConfig } from './ollama-config.ts'
import { type About, errorWords, modelError, refusal, spoken, wrongForm } from './ollama-errors.ts'

/** Largest answer, in bytes: 64 vectors of 4,096 numbers are 6 MB. */
const maxBytes = 64 * 1024 * 1024
/** Longest line of a stream; one holds a few words. */
const maxLine = 1024 * 1024
const redirects = [301, 302, 303, 307, 308]

/** Times in milliseconds. */
export type Patience = Pick<OllamaConfig, 'connectTimeoutMs' | 'idleTimeoutMs' | 'totalTimeoutMs'>

/** What the client library sends one request through. */
export interface OllamaFetch {
  fetch: typeof fetch
  /** Lets go of the connection, when the answer was read or is not wanted. */
  close(): Promise<void>
}

/**
 * A `fetch` for the library `ollama`, over the guarded HTTP client. Node's own ends an answer after 300 s without a byte, and a model on a
 * processor can think for longer; here the limits are the config's. The library skips lines that are no JSON, so they are checked
 * on their way. Errors are those of {@link LanguageModel}.
 */
export function ollamaFetch(http: HttpClient, patience: Patience, about: About): OllamaFetch {
  let body: Readable | undefined
  let chunks: AsyncGenerator<Uint8Array> | undefined
  const ask: typeof fetch = async (input, init) => {
    const url = input instanceof Request ? input.url : String(input)
    const headers = Object.fromEntries(new Headers(init?.headers))
    // the library sends nothing but JSON
    const json: unknown = typeof init?.body === 'string' ? JSON.parse(init.body) : undefined
    try {
      const answer = await http.request({
        method: init?.method === 'POST' ? 'POST' : 'GET',
        url,
        headers,
        ...(json === undefined ? {} : { json }),
        signal: about.signal,
        ...patience,
        maxBytes,
        accept: redirects,
        explain: (refused) => refusal(refused, about),
      })
      body = answer.body
      const type = answer.headers['content-type'] ?? ''
      if (redirects.includes(answer.status)) {
        const target = URL.parse(answer.headers.location ?? '', url)
        throw wrongForm(about, `it redirects to ${target === null ? 'nowhere' : placeOf(target)}`)
      }
      if (/html/i.test(type)) throw wrongForm(about, 'a web page')
      chunks = isStream(json) ? lines(answer.body, about) : translated(answer.body, about)
      return new Response(ReadableStream.from(chunks), { status: 200, headers: { 'content-type': type } })
    } catch (error) {
      body?.destroy()
      throw modelError(error, about)
    }
  }
  return {
    fetch: ask,
    async close() {
      // the library leaves a stream where it saw its last line
      void chunks?.return(undefined).catch(() => undefined)
      if (body === undefined || body.destroyed) return
      // What comes after that line is only the end: read, it leaves the connection for the next request.
      if (!about.signal.aborted) await ended(body)
      body.destroy()
    },
  }
}

/** Whether an answer in lines was asked for: what a proxy makes of the content type does not matter. */
function isStream(json: unknown): boolean {
  return typeof json === 'object' && json !== null && 'stream' in json && json.stream === true
}

async function ended(body: Readable): Promise<void> {
  if (body.readableEnded) return
  const end = new Promise<void>((resolve) =>
    body
      .once('end', resolve)
      .once('close', resolve)
      .once('error', () => resolve()),
  )
  body.resume()
  await Promise.race([end, pause(500, undefined, { ref: false })])
}

async function* translated(body: Readable, about: About): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of body.iterator({ destroyOnReturn: false })) yield chunk
  } catch (error) {
    throw modelError(error, about)
  }
}

/** The lines of a stream, each of which is a JSON object and no error. */
async function* lines(body: Readable, about: About): AsyncGenerator<Uint8Array> {
  const decoder = new TextDecoder()
  const encoder = new TextEncoder()
  let rest = ''
  for await (const chunk of translated(body, about)) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = parts.pop() ?? ''
    if (rest.length > maxLine) throw wrongForm(about, `a line of more than ${maxLine} characters`)
    for (const line of parts) if (line.trim() !== '') yield encoder.encode(`${checked(line, about)}\n`)
  }
  rest += decoder.decode()
  if (rest.trim() !== '') yield encoder.encode(`${checked(rest, about)}\n`)
}

function checked(line: string, about: About): string {
  let parsed: unknown
  try {
    parsed = JSON.parse(line)
  } catch {
    throw wrongForm(about, 'a line of the stream is no JSON')
  }
  if (typeof parsed !== 'object' || parsed === null) throw wrongForm(about, 'a line of the stream is no object')
  if ('error' in parsed) throw spoken(errorWords(line) ?? '', undefined, about)
  return line
}
