import { ClientRequest } from 'node:http'
import type { Readable } from 'node:stream'
import type { AxiosInstance, AxiosResponse } from 'axios'
import { PipelineError } from '../errors.ts'
import { Body, excerpt, firstText } from './body.ts'
import type { Permit } from './breaker.ts'
import type { Connections } from './connect.ts'
import { Deadline } from './deadline.ts'
import { statusError } from './errors.ts'
import type { HttpRequest, HttpResponse } from './http.ts'
import { notAbove, unpacked } from './inflate.ts'
import type { Secrets } from './redact.ts'
import type { Hop } from './redirects.ts'

/** One request to one host, let through. */
export interface Exchange {
  hop: Hop
  request: HttpRequest
  connections: Connections
  permit: Permit
  secrets: Secrets
  idleMs: number
  totalMs: number
  /** What is left of the total. */
  leftMs: number
  /** Told how many bytes of an answer's body came. */
  received(bytes: number): void
}

/** What came of it. */
export type Outcome =
  | { kind: 'answer'; response: HttpResponse }
  | { kind: 'redirect'; status: number; location: string }

let loading: Promise<AxiosInstance> | undefined

/**
 * An instance of our own: others in this process may have put interceptors on axios itself. Only this adapter uses our agents. Loaded for
 * the first request: who makes none need not hold it in memory.
 */
function transporting(): Promise<AxiosInstance> {
  loading ??= import('axios').then(({ default: axios }) => axios.create({ adapter: 'http' }))
  return loading
}

const redirects = new Set([301, 302, 303, 307, 308])

/** Sends one request and reads its answer as far as the headers. Throws what {@link HttpClient} says of answers and connections. */
export async function exchange(one: Exchange): Promise<Outcome> {
  const { hop, request, permit, secrets } = one
  const { host } = hop.url
  const transport = await transporting() // before the clock starts: loading is not the host's fault
  const deadline = new Deadline({
    caller: request.signal,
    idleMs: one.idleMs,
    totalMs: one.totalMs,
    leftMs: one.leftMs,
    host,
    clean: secrets.clean,
  })
  let response: AxiosResponse<Readable>
  try {
    response = await send(transport, one, deadline.signal)
  } catch (error) {
    deadline.clear()
    const problem = deadline.explain(error)
    permit.failed(problem)
    throw problem
  }
  const { status, data } = response
  const headers = plainHeaders(response)
  const url = hop.url.href
  const wanted = (status >= 200 && status <= 299) || request.accept?.includes(status) || asked304(request, status)

  if (!wanted && redirects.has(status) && headers.location !== undefined) {
    deadline.clear()
    permit.succeeded()
    data.destroy()
    return { kind: 'redirect', status, location: headers.location }
  }
  if (!wanted) {
    const problem = (words: string) => statusError({ status, headers, url: hop.url, excerpt: words })
    // Before the words are read: those who wait for the host need not wait for them.
    permit.failed(problem(''))
    const text = await wordsOf(one, data, headers, deadline)
    throw request.explain?.({ status, headers, url, text }) ?? problem(excerpt(secrets.clean(text)))
  }
  permit.answered()
  try {
    return { kind: 'answer', response: { status, headers, url, body: bodyOf(one, status, data, headers, deadline) } }
  } catch (error) {
    deadline.clear()
    permit.succeeded()
    data.destroy()
    throw error
  }
}

/**
 * A server closes a connection that was idle for some seconds, and may do so just as it is used again: what only reads is then asked again at once. Not
 * without end: a connection is stale once, and a new one is not.
 */
async function send(transport: AxiosInstance, one: Exchange, signal: AbortSignal): Promise<AxiosResponse<Readable>> {
  for (;;) {
    try {
      return await sendOnce(transport, one, signal)
    } catch (error) {
      const reads = one.hop.method === 'GET' || one.hop.method === 'HEAD'
      if (!reads || signal.aborted || !wasStale(error)) throw error
    }
  }
}

/** Whether a connection broke that had served others before, without a word of an answer. */
function wasStale(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error) || !('request' in error)) return false
  const { code, request } = error
  return (code === 'ECONNRESET' || code === 'EPIPE') && request instanceof ClientRequest && request.reusedSocket
}

function sendOnce(
  transport: AxiosInstance,
  { hop, connections, request }: Exchange,
  signal: AbortSignal,
): Promise<AxiosResponse<Readable>> {
  return connections.within(request.connectTimeoutMs, () =>
    transport.request<Readable>({
      method: hop.method,
      url: hop.url.href,
      headers: { ...hop.headers },
      ...(hop.json === undefined ? {} : { data: hop.json }),
      responseType: 'stream',
      decompress: false,
      maxRedirects: 0,
      validateStatus: () => true,
      proxy: false,
      httpAgent: connections.httpAgent,
      httpsAgent: connections.httpsAgent,
      signal,
    }),
  )
}

function plainHeaders({ headers }: AxiosResponse): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined || value === null ? [] : [[name.toLowerCase(), String(value)]],
    ),
  )
}

function asked304({ known }: HttpRequest, status: number): boolean {
  return status === 304 && Boolean(known?.etag || known?.lastModified)
}

function bodyOf(
  { hop, request, permit, received }: Exchange,
  status: number,
  data: Readable,
  headers: Record<string, string>,
  deadline: Deadline,
): Body {
  const { host } = hop.url
  const { maxBytes } = request
  const options = { host, deadline, permit, maxBytes, received }
  const length = headers['content-length']
  if (hop.method === 'HEAD' || status === 204 || status === 304 || length === '0') return new Body(data, options)
  if (length !== undefined) notAbove(Number(length), maxBytes, host, 'announced')
  return new Body(unpacked(data, headers, { host, maxBytes, touch: () => deadline.touch() }), options)
}

/** The text of an answer that is an error; none when it cannot be decoded. */
async function wordsOf(
  { hop, permit }: Exchange,
  data: Readable,
  headers: Readonly<Record<string, string>>,
  deadline: Deadline,
): Promise<string> {
  const { host } = hop.url
  try {
    const decoded = unpacked(data, { ...headers }, { host, touch: () => deadline.touch() })
    return await firstText(new Body(decoded, { host, deadline, permit }), headers['content-type'])
  } catch (error) {
    deadline.clear()
    data.destroy()
    if (error instanceof PipelineError) return ''
    throw error
  }
}
