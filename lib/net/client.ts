import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { Readable } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import axios, { AxiosError, type AxiosResponse } from 'axios'
import { PipelineError } from '../errors.ts'
import type { HttpClient, HttpRequest, HttpResponse } from './http.ts'

/** How this client presents itself and how long it waits. */
export interface HttpClientOptions {
  /** Product token of the User-Agent, `name/version`. */
  product: string
  connectTimeoutMs?: number
  idleTimeoutMs?: number
  totalTimeoutMs?: number
  /** Connections at once to one host: a public portal is shared. */
  connectionsPerHost?: number
}

const MAX_JSON = 64 * 1024 * 1024
const MAX_REDIRECTS = 5

/** The HTTP client over axios. See {@link HttpClient} for its errors. TLS certificates are always verified. */
export function createHttpClient(options: HttpClientOptions): HttpClient & { close(): void } {
  const connectTimeoutMs = options.connectTimeoutMs ?? 30_000
  const agentOptions = { keepAlive: true, maxSockets: options.connectionsPerHost ?? 4, timeout: 0 }
  const httpAgent = withConnectDeadline(new HttpAgent(agentOptions), connectTimeoutMs, 'connect')
  const httpsAgent = withConnectDeadline(new HttpsAgent(agentOptions), connectTimeoutMs, 'secureConnect')

  async function request(r: HttpRequest): Promise<HttpResponse> {
    r.signal.throwIfAborted()
    const idleMs = r.idleTimeoutMs ?? options.idleTimeoutMs ?? 90_000
    const totalMs = r.totalTimeoutMs ?? options.totalTimeoutMs ?? 3_600_000
    const host = hostOf(r.url)
    const deadline = new Deadline(r.signal, idleMs, totalMs, host)
    let response: AxiosResponse<Readable>
    try {
      response = await axios.request<Readable>({
        method: r.method ?? 'GET',
        url: r.url,
        headers: {
          'user-agent': `${options.product}${r.contact ? ` (+${r.contact})` : ''}`,
          accept: '*/*',
          'accept-encoding': 'identity',
          ...r.headers,
        },
        ...(r.json === undefined ? {} : { data: r.json }),
        responseType: 'stream',
        decompress: false,
        maxRedirects: MAX_REDIRECTS,
        validateStatus: () => true,
        proxy: false,
        httpAgent,
        httpsAgent,
        signal: deadline.signal,
      })
    } catch (error) {
      deadline.clear()
      throw deadline.explain(error)
    }
    const headers = Object.fromEntries(
      Object.entries(response.headers).flatMap(([name, value]) =>
        value === undefined || value === null ? [] : [[name.toLowerCase(), String(value)]],
      ),
    )
    const { status } = response
    if ((status < 200 || status > 299) && !r.accept?.includes(status)) {
      deadline.clear()
      const excerpt = await firstText(response.data)
      throw statusError(status, headers, host, r.url, excerpt)
    }
    return {
      status,
      headers,
      url: r.url,
      body: Readable.from(bytes(decoded(response.data, headers), deadline), { objectMode: false }),
    }
  }

  return {
    request,
    async json(r) {
      const response = await request({ ...r, headers: { accept: 'application/json', ...r.headers } })
      const chunks: Buffer[] = []
      let size = 0
      for await (const chunk of response.body) {
        size += chunk.length
        if (size > (r.maxBytes ?? MAX_JSON)) {
          throw new PipelineError(
            'NET_TOO_LARGE',
            `${hostOf(r.url)} answered more than ${r.maxBytes ?? MAX_JSON} bytes of JSON`,
          )
        }
        chunks.push(chunk)
      }
      const text = Buffer.concat(chunks).toString('utf8')
      try {
        const value: unknown = JSON.parse(text)
        return value
      } catch (cause) {
        throw new PipelineError(
          'HTTP_NOT_JSON',
          `${hostOf(r.url)} was asked for JSON and answered something else: ${text.slice(0, 120).trim() || 'nothing'}`,
          { retryable: true, cause },
        )
      }
    },
    close() {
      httpAgent.destroy()
      httpsAgent.destroy()
    },
  }
}

/** Ends connection attempts that take too long; what follows the connection has other deadlines. */
function withConnectDeadline<A extends HttpAgent>(agent: A, ms: number, ready: 'connect' | 'secureConnect'): A {
  const create = agent.createConnection.bind(agent)
  agent.createConnection = (connectOptions, callback) => {
    const stream = create(connectOptions, callback)
    if (!stream) return stream
    const timer = setTimeout(
      () => stream.destroy(Object.assign(new Error('connect timeout'), { code: 'ETIMEDOUT' })),
      ms,
    )
    stream.once(ready, () => clearTimeout(timer))
    stream.once('close', () => clearTimeout(timer))
    return stream
  }
  return agent
}

/** Idle and total time of one request, and who ended it. */
class Deadline {
  readonly #controller = new AbortController()
  readonly signal: AbortSignal
  readonly #caller: AbortSignal
  readonly #total: NodeJS.Timeout
  readonly #idleMs: number
  readonly #host: string
  #idle: NodeJS.Timeout
  #cause: PipelineError | undefined

  constructor(caller: AbortSignal, idleMs: number, totalMs: number, host: string) {
    this.#caller = caller
    this.#idleMs = idleMs
    this.#host = host
    this.signal = AbortSignal.any([caller, this.#controller.signal])
    const late = `${host} did not finish within ${totalMs / 1000} s`
    this.#total = setTimeout(() => this.#end(late), totalMs)
    this.#idle = setTimeout(() => this.#end(this.#silent()), idleMs)
  }

  #silent(): string {
    return `${this.#host} sent nothing for ${this.#idleMs / 1000} s`
  }

  #end(message: string): void {
    this.#cause = new PipelineError('NET_TIMEOUT', message, { retryable: true })
    this.#controller.abort(this.#cause)
  }

  /** A sign of life. */
  touch(): void {
    this.#idle.refresh()
  }

  clear(): void {
    clearTimeout(this.#total)
    clearTimeout(this.#idle)
  }

  explain(error: unknown): PipelineError {
    if (this.#cause) return this.#cause
    if (this.#caller.aborted) {
      return new PipelineError('STOPPED', 'The request was stopped', { retryable: true, cause: this.#caller.reason })
    }
    return networkError(error, this.#host)
  }
}

async function* bytes(stream: Readable, deadline: Deadline): AsyncGenerator<Buffer> {
  const stop = () => stream.destroy(new Error('deadline'))
  deadline.signal.addEventListener('abort', stop, { once: true })
  try {
    for await (const chunk of stream) {
      deadline.touch()
      yield chunk
    }
  } catch (error) {
    throw deadline.explain(error)
  } finally {
    deadline.clear()
    deadline.signal.removeEventListener('abort', stop)
    stream.destroy()
  }
}

/** Undoes a content encoding that we did not ask for; the length then says nothing about what the caller reads. */
function decoded(stream: Readable, headers: Record<string, string>): Readable {
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? 'identity'
  if (encoding === 'identity' || encoding === '') return stream
  const decoder =
    encoding === 'gzip' || encoding === 'x-gzip'
      ? createGunzip()
      : encoding === 'deflate'
        ? createInflate()
        : encoding === 'br'
          ? createBrotliDecompress()
          : undefined
  if (decoder === undefined) return stream
  delete headers['content-length']
  delete headers['content-encoding']
  stream.once('error', (error) => decoder.destroy(error))
  decoder.once('close', () => stream.destroy())
  return stream.pipe(decoder)
}

async function firstText(stream: Readable): Promise<string> {
  let text = ''
  try {
    for await (const chunk of stream) {
      text += chunk.toString('utf8')
      if (text.length > 2000) break
    }
  } catch {
    // the status says enough
  }
  return text
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 200)
}

function statusError(
  status: number,
  headers: Record<string, string>,
  host: string,
  url: string,
  excerpt: string,
): PipelineError {
  const retryable = status === 408 || status === 425 || status === 429 || status >= 500
  const retryAfterMs = parseRetryAfter(headers['retry-after'])
  return new PipelineError(
    `HTTP_${status}`,
    `${host} answered ${status} to ${pathOf(url)}${excerpt ? `: ${excerpt}` : ''}`,
    {
      retryable,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      details: { status, url: withoutSecrets(url) },
    },
  )
}

/** `Retry-After` as milliseconds: seconds or an HTTP date (RFC 9110, 10.2.3). */
export function parseRetryAfter(value: string | undefined, now = Date.now()): number | undefined {
  if (value === undefined) return undefined
  if (/^\s*\d+\s*$/.test(value)) return Number(value) * 1000
  const at = Date.parse(value)
  return Number.isNaN(at) ? undefined : Math.max(0, at - now)
}

function networkError(error: unknown, host: string): PipelineError {
  const code = error instanceof AxiosError || (error instanceof Error && 'code' in error) ? String(error.code) : ''
  if (code === 'ETIMEDOUT') {
    return new PipelineError('NET_TIMEOUT', `No connection to ${host} in time`, { retryable: true, cause: error })
  }
  if (['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH'].includes(code)) {
    return new PipelineError('NET_UNREACHABLE', `${host} cannot be reached (${code})`, {
      retryable: true,
      cause: error,
    })
  }
  if (/CERT|SIGNATURE|SELF_SIGNED|ALTNAME/.test(code)) {
    return new PipelineError('NET_CERTIFICATE', `${host} shows a certificate that cannot be trusted (${code})`, {
      cause: error,
    })
  }
  if (code === 'ERR_FR_TOO_MANY_REDIRECTS') {
    return new PipelineError('NET_REDIRECTS', `${host} redirects more than ${MAX_REDIRECTS} times`, { cause: error })
  }
  if (code === 'ERR_INVALID_URL' || code === 'ERR_BAD_OPTION' || code === 'ERR_UNSUPPORTED_PROTOCOL') {
    return new PipelineError('URL_INVALID', `Not an address that can be fetched: ${host}`, { cause: error })
  }
  return new PipelineError('NET_CUT', `The connection to ${host} broke${code ? ` (${code})` : ''}`, {
    retryable: true,
    cause: error,
  })
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url
}
function pathOf(url: string): string {
  return URL.canParse(url) ? new URL(url).pathname : url
}
function withoutSecrets(url: string): string {
  if (!URL.canParse(url)) return url
  const parsed = new URL(url)
  parsed.username = ''
  parsed.password = ''
  parsed.search = ''
  return parsed.href
}
