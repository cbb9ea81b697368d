import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { Readable } from 'node:stream'
import axios, { type AxiosResponse } from 'axios'
import { PipelineError } from '../errors.ts'
import { Body, decoded, firstText } from './body.ts'
import { Deadline } from './deadline.ts'
import { hostOf, maxRedirects, statusError, stoppedBy } from './errors.ts'
import { Hosts, type HostsOptions } from './hosts.ts'
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
  /** When a host is left alone and how much may be tried again; shared by all who use the client. */
  hosts?: Omit<HostsOptions, 'connections'>
}

const MAX_JSON = 64 * 1024 * 1024

/** The HTTP client over axios. See {@link HttpClient} for its errors. TLS certificates are always verified. */
export function createHttpClient(options: HttpClientOptions): HttpClient & { close(): void } {
  const connectTimeoutMs = options.connectTimeoutMs ?? 30_000
  const connectionsPerHost = options.connectionsPerHost ?? 4
  const agentOptions = { keepAlive: true, maxSockets: connectionsPerHost, timeout: 0 }
  const httpAgent = withConnectDeadline(new HttpAgent(agentOptions), connectTimeoutMs, 'connect')
  const httpsAgent = withConnectDeadline(new HttpsAgent(agentOptions), connectTimeoutMs, 'secureConnect')

  const hosts = new Hosts({ ...options.hosts, connections: connectionsPerHost })

  async function request(r: HttpRequest): Promise<HttpResponse> {
    const totalMs = r.totalTimeoutMs ?? options.totalTimeoutMs ?? 3_600_000
    const { breaker, turns } = hosts.of(hostOf(r.url))
    if (r.signal.aborted) throw stoppedBy(r.signal)
    breaker.check() // not only when it is its turn: a host that hangs keeps all connections busy
    const leave = await turns.take(r.signal, totalMs).catch((error: unknown) => {
      throw r.signal.aborted ? stoppedBy(r.signal) : error
    })
    try {
      const response = await exchange(r, totalMs)
      response.body.once('close', leave)
      return response
    } catch (error) {
      leave()
      throw error
    }
  }

  async function exchange(r: HttpRequest, totalMs: number): Promise<HttpResponse> {
    const idleMs = r.idleTimeoutMs ?? options.idleTimeoutMs ?? 90_000
    const host = hostOf(r.url)
    const permit = hosts.of(host).breaker.enter()
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
        maxRedirects,
        validateStatus: () => true,
        proxy: false,
        httpAgent,
        httpsAgent,
        signal: deadline.signal,
      })
    } catch (error) {
      deadline.clear()
      const problem = deadline.explain(error)
      permit.failed(problem)
      throw problem
    }
    const headers = Object.fromEntries(
      Object.entries(response.headers).flatMap(([name, value]) =>
        value === undefined || value === null ? [] : [[name.toLowerCase(), String(value)]],
      ),
    )
    const { status } = response
    if ((status < 200 || status > 299) && !r.accept?.includes(status)) {
      const problem = (excerpt: string) => statusError(status, headers, host, r.url, excerpt)
      // Before the words are read: those who wait for the host need not wait for them.
      permit.failed(problem(''))
      throw problem(await firstText(new Body(response.data, deadline, permit)))
    }
    permit.answered()
    const body = new Body(decoded(response.data, headers), deadline, permit)
    return { status, headers, url: r.url, body }
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
    retryBudget: (url) => hosts.of(hostOf(url)).budget,
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
