import { PipelineError } from '../errors.ts'
import { noteBreaker } from '../metrics/breakers.ts'
import { type HostClass, hostClassOf } from '../metrics/host-class.ts'
import { meter } from '../metrics/meter.ts'
import { stoppedBy } from '../stopped.ts'
import { spans } from '../traces/spans.ts'
import { parseAllowed } from './allow.ts'
import { createConnections, type Resolve } from './connect.ts'
import { exchange, type Outcome } from './exchange.ts'
import { Hosts, type HostsOptions } from './hosts.ts'
import type { HttpBytes, HttpClient, HttpRequest, HttpResponse } from './http.ts'
import { placeOf, plainCause, printable, Secrets, withoutSecrets } from './redact.ts'
import { type Hop, Trail, target } from './redirects.ts'
import { Robots } from './robots.ts'
import { productToken, userAgent } from './user-agent.ts'

/** How this client presents itself, what it may reach, and how long it waits. */
export interface HttpClientOptions {
  /** Product token of the User-Agent, `name/version`. */
  product: string
  /**
   * Internal hosts that may be reached: names, addresses (both also with a port), ranges. Left out: only the internet. See
   * {@link parseAllowed}.
   */
  allow?: readonly string[]
  /** Turns a name into its addresses; left out: the system does. What it says is checked all the same. */
  resolve?: Resolve
  connectTimeoutMs?: number
  idleTimeoutMs?: number
  totalTimeoutMs?: number
  /** Connections at once to one host: a public portal is shared. */
  connectionsPerHost?: number
  /** When a host is left alone and how much may be tried again; shared by all who use the client. */
  hosts?: Omit<HostsOptions, 'connections'>
  /** How requests are counted, where the host's name does not tell. */
  hostClass?: HostClass
}

/** How long a request may take with its redirects, and how much of that is left; milliseconds. */
interface Time {
  totalMs: number
  leftMs: number
}

const maxJson = 64 * 1024 * 1024

/**
 * The HTTP client over axios. See {@link HttpClient} for its errors. Addresses that are not of the internet are refused where the
 * connection is made, TLS certificates are always verified. Throws CONFIG for an allow-list that cannot be read.
 */
export function createHttpClient(options: HttpClientOptions): HttpClient & { close(): void } {
  const connectionsPerHost = options.connectionsPerHost ?? 4
  const connections = createConnections({
    allowed: parseAllowed(options.allow ?? []),
    timeoutMs: options.connectTimeoutMs ?? 30_000,
    connectionsPerHost,
    ...(options.resolve === undefined ? {} : { resolve: options.resolve }),
  })
  const hosts = new Hosts({
    ...options.hosts,
    connections: connectionsPerHost,
    onChange(host, change) {
      noteBreaker(host, change.state === 'open')
      options.hosts?.onChange?.(host, change)
    },
  })
  const robots = new Robots({
    request: (r) => ask(r, new Secrets()),
    product: productToken(options.product),
    clock: options.hosts?.clock ?? { monotonic: () => performance.now() },
  })

  /** Follows a request to its answer, and notes its secrets on the way. */
  async function ask(r: HttpRequest, secrets: Secrets): Promise<HttpResponse> {
    if (r.signal.aborted) throw stoppedBy(r.signal)
    secrets.url(r.url)
    const first = firstHop(r, options.product)
    secrets.headers(first.headers)
    const trail = new Trail(first, r.redirectHosts, secrets)
    const totalMs = r.totalTimeoutMs ?? options.totalTimeoutMs ?? 3_600_000
    const time = { totalMs, leftMs: totalMs }
    for (;;) {
      const outcome = await visit(trail.hop, r, secrets, time).catch((error: unknown) => {
        throw redirectedFrom(trail.from, PipelineError.from(error))
      })
      if (outcome.kind === 'answer') return outcome.response
      trail.follow(outcome.status, outcome.location)
    }
  }

  /** One request, when robots.txt, the host's pace and its connections allow; takes off `time` how long it was under way. */
  async function visit(hop: Hop, r: HttpRequest, secrets: Secrets, time: Time): Promise<Outcome> {
    const { breaker, turns, atOnce, pace } = hosts.of(hop.url.host)
    breaker.check() // not only when it is its turn: a host that hangs keeps all connections busy
    const delayMs = r.robots ? await robots.check(hop.url, { signal: r.signal, contact: r.contact }) : 0
    const place = await pace.take(Math.max(delayMs, r.paceMs ?? 0), r.signal, time.leftMs)
    let leave = () => {}
    try {
      leave = await turns.take(atOnce, { signal: r.signal, ms: time.leftMs })
      const permit = breaker.enter()
      place.started()
      const idleMs = r.idleTimeoutMs ?? options.idleTimeoutMs ?? 90_000
      const began = performance.now()
      const counted = countRequest(options.hostClass ?? hostClassOf(hop.url.hostname), began)
      const { received } = counted
      const exchanged = spans.within(spanOf(hop), async (note) => {
        const came = await exchange({ hop, request: r, connections, permit, secrets, idleMs, ...time, received })
        note({ 'http.response.status_code': came.kind === 'answer' ? came.response.status : came.status })
        return came
      })
      const outcome = await exchanged.catch((error: unknown) => counted.failed(error))
      counted.answered(outcome)
      time.leftMs -= performance.now() - began
      if (outcome.kind === 'answer') outcome.response.body.once('close', leave)
      else leave()
      return outcome
    } catch (error) {
      leave()
      throw error
    } finally {
      place.givenUp()
    }
  }

  async function bytes(r: HttpRequest & { maxBytes: number }, secrets = new Secrets()): Promise<HttpBytes> {
    const { body, ...answer } = await ask(r, secrets)
    const chunks: Buffer[] = []
    for await (const chunk of body) chunks.push(chunk)
    return { ...answer, bytes: Buffer.concat(chunks) }
  }

  return {
    request: (r) => ask(r, new Secrets()),
    bytes: (r) => bytes(r),
    async json(r) {
      const headers = { accept: 'application/json', ...lowerCase(r.headers) }
      const secrets = new Secrets()
      const answer = await bytes({ ...r, headers, maxBytes: r.maxBytes ?? maxJson }, secrets)
      const text = answer.bytes.toString('utf8')
      try {
        const value: unknown = JSON.parse(text)
        return value
      } catch (error) {
        const head = printable(secrets.clean(text.slice(0, 4_000))).slice(0, 120)
        throw new PipelineError(
          'HTTP_NOT_JSON',
          `${hostOf(r.url)} was asked for JSON and answered something else: ${head || 'nothing'}`,
          { retryable: true, cause: plainCause(new Error(error instanceof Error ? error.name : ''), secrets.clean) },
        )
      }
    },
    retryBudget: (url) => hosts.of(hostOf(url)).budget,
    troubled: () => hosts.troubled(),
    close() {
      robots.close()
      connections.close()
    },
  }
}

/** One request as a span, by OpenTelemetry's names for HTTP clients; until the head of the answer. */
function spanOf({ url, method }: Hop) {
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
  return {
    name: method,
    kind: 'client' as const,
    attributes: {
      ...{ 'http.request.method': method, 'url.full': withoutSecrets(url.href) },
      ...{ 'server.address': url.hostname, 'server.port': port },
    },
  }
}

/** Counts one request to a host. */
function countRequest(host: HostClass, began: number) {
  const ended = (outcome: 'ok' | 'unchanged' | 'redirect' | 'refused' | 'failed' | 'stopped') => {
    meter.add('http.client.requests', { host, outcome })
    if (outcome !== 'stopped') meter.observe('http.client.duration', { host }, (performance.now() - began) / 1_000)
  }
  return {
    received: (bytes: number) => meter.add('http.client.bytes', { host }, bytes),
    answered(outcome: Outcome): void {
      if (outcome.kind === 'redirect') ended('redirect')
      else ended(outcome.response.status === 304 ? 'unchanged' : 'ok')
    },
    failed(thrown: unknown): never {
      const { code } = PipelineError.from(thrown)
      ended(code === 'STOPPED' ? 'stopped' : /^HTTP_4/.test(code) ? 'refused' : 'failed')
      throw thrown
    },
  }
}

function firstHop(r: HttpRequest, product: string): Hop {
  const url = target(r.url)
  url.hash = ''
  const { host: _, ...given } = lowerCase(r.headers)
  const { etag, lastModified } = r.known ?? {}
  return {
    url,
    method: r.method ?? 'GET',
    json: r.json,
    headers: {
      accept: '*/*',
      'accept-encoding': 'identity',
      ...given,
      ...(etag ? { 'if-none-match': etag } : {}),
      ...(lastModified ? { 'if-modified-since': lastModified } : {}),
      'user-agent': userAgent(product, r.contact),
    },
  }
}

function lowerCase(headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}

/** An internal address that an outside page sends us to is worth telling apart from one in our own settings. */
function redirectedFrom(from: URL | undefined, error: PipelineError): PipelineError {
  if (from === undefined || error.code !== 'ADDRESS_REFUSED') return error
  return new PipelineError(error.code, `${error.message} (${placeOf(from)} redirects there)`, {
    details: { ...error.details, from: placeOf(from) },
  })
}

/** Name and port of an address. */
function hostOf(url: string): string {
  return URL.parse(url)?.host ?? 'unknown'
}
