import robotsModule from 'robots-parser'
import { PipelineError } from '../errors.ts'
import { unlessStopped } from '../stopped.ts'
import type { Monotonic } from './breaker.ts'
import type { HttpRequest, HttpResponse } from './http.ts'
import { printable } from './redact.ts'

const limits = {
  /** RFC 9309: at least 500 KiB are read. */
  bytes: 500 * 1024,
  /** RFC 9309: no copy is used for longer than a day. */
  ageMs: 86_400_000,
  origins: 128,
  /** All texts together, in characters: the memory of a small machine. */
  kept: 4 * 1024 * 1024,
  /** A longer Crawl-delay is taken for this. */
  delayMs: 60_000,
  idleMs: 15_000,
  totalMs: 30_000,
  /** Wildcards times length of the path: the work of a comparison that somebody else chooses. */
  work: 200_000_000,
}

/** The package's types speak of a default export inside its default export; there is none. */
type Parse = typeof robotsModule.default
const parse: unknown = robotsModule
const isParse = (value: unknown): value is Parse => typeof value === 'function'

/** Surroundings of {@link Robots}. */
export interface RobotsOptions {
  request(request: HttpRequest): Promise<HttpResponse>
  /** Our product token. */
  product: string
  clock: Monotonic
}

/** Who asks. */
export interface Asker {
  signal: AbortSignal
  contact?: string | undefined
}

interface Rules {
  text: string
  /** The line that forbids an address, or undefined. */
  refusal(url: URL): { line?: number; rule: string } | undefined
  delayMs: number
}

interface Known {
  rules: Promise<Rules>
  at: number
  size: number
}

/** The rules for robots (RFC 9309) of the origins that were asked for: each is fetched once, kept for a day at most. */
export class Robots {
  readonly #options: RobotsOptions
  readonly #known = new Map<string, Known>()
  readonly #closed = new AbortController()

  constructor(options: RobotsOptions) {
    this.#options = options
  }

  /**
   * The origin's Crawl-delay in milliseconds (0 without one; a minute at most). Throws ROBOTS_REFUSED when the address may not be
   * fetched; ROBOTS_UNREACHABLE (retryable) when the rules cannot be had; and what the host's own state or address is refused for.
   */
  async check(url: URL, asker: Asker): Promise<number> {
    const rules = await unlessStopped(asker.signal, () => this.#rules(url.origin, asker.contact))
    const refusal = rules.refusal(url)
    if (refusal === undefined) return rules.delayMs
    const { line, rule } = refusal
    const { product } = this.#options
    const why = line === undefined ? rule : `line ${line}, "${rule}"`
    throw new PipelineError(
      'ROBOTS_REFUSED',
      `${url.origin}/robots.txt keeps ${product} away from ${url.pathname}: ${why}`,
      { details: { origin: url.origin, path: url.pathname, product, line, rule } },
    )
  }

  /** Ends what is being fetched. */
  close(): void {
    this.#closed.abort(new Error('closed'))
  }

  #rules(origin: string, contact: string | undefined): Promise<Rules> {
    const now = this.#options.clock.monotonic()
    const known = this.#known.get(origin)
    this.#known.delete(origin)
    if (known !== undefined && now - known.at < limits.ageMs) {
      this.#known.set(origin, known)
      return known.rules
    }
    const entry: Known = { rules: this.#fetch(origin, contact), at: now, size: 0 }
    this.#known.set(origin, entry)
    entry.rules.then(
      ({ text }) => {
        entry.size = text.length
        this.#trim()
      },
      // a failure is not kept: the host's breaker knows when to ask again
      () => {
        if (this.#known.get(origin) === entry) this.#known.delete(origin)
      },
    )
    this.#trim()
    return entry.rules
  }

  #trim(): void {
    let size = [...this.#known.values()].reduce((sum, known) => sum + known.size, 0)
    for (const [origin, known] of this.#known) {
      if (this.#known.size <= limits.origins && size <= limits.kept) break
      this.#known.delete(origin)
      size -= known.size
    }
  }

  async #fetch(origin: string, contact: string | undefined): Promise<Rules> {
    const address = `${origin}/robots.txt`
    const { product, request } = this.#options
    try {
      const response = await request({
        url: address,
        signal: this.#closed.signal,
        idleTimeoutMs: limits.idleMs,
        totalTimeoutMs: limits.totalMs,
        ...(contact === undefined ? {} : { contact }),
      })
      return rulesOf(address, await beginning(response), product)
    } catch (thrown) {
      const error = PipelineError.from(thrown)
      // RFC 9309: "unavailable" allows everything. Too Many Requests speaks of now, not of robots.
      if (/^HTTP_4\d\d$/.test(error.code) && error.code !== 'HTTP_429') return rulesOf(address, '', product)
      if (speaksOfOrigin(error, new URL(origin).hostname)) throw error
      throw new PipelineError(
        'ROBOTS_UNREACHABLE',
        `Nothing is fetched from ${origin} while its robots.txt cannot be read (${error.code}: ${error.message})`,
        {
          retryable: true,
          ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
          details: { origin, code: error.code },
          cause: error,
        },
      )
    }
  }
}

/** Errors that any request to this origin would have, with codes that say more. */
function speaksOfOrigin({ code, details }: PipelineError, host: string): boolean {
  return ['HOST_OPEN', 'NET_BUSY', 'NET_CERTIFICATE', 'STOPPED'].includes(code)
    ? true
    : code === 'ADDRESS_REFUSED' && details?.host === host.replace(/^\[|\]$/g, '')
}

async function beginning({ body }: HttpResponse): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of body) {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes > limits.bytes) break
    }
  } finally {
    body.destroy()
  }
  const text = Buffer.concat(chunks)
    .subarray(0, limits.bytes)
    .toString('utf8')
    .replace(/^\ufeff/, '')
  // half a line could forbid more than the whole one does
  return bytes > limits.bytes ? text.slice(0, text.lastIndexOf('\n') + 1) : text
}

function rulesOf(address: string, text: string, product: string): Rules {
  if (!isParse(parse)) throw new PipelineError('BUILD', 'robots-parser is not what it was: install the package anew')
  const robots = parse(address, text)
  const wildcards = text.split('*').length
  const line = (number: number) => printable(text.split(/\r\n|\r|\n/, number)[number - 1] ?? '').slice(0, 200)
  return {
    text,
    delayMs: Math.min(Math.max(0, (robots.getCrawlDelay(product) ?? 0) * 1_000), limits.delayMs) || 0,
    refusal(url) {
      if (wildcards * (url.pathname.length + url.search.length) > limits.work)
        return { rule: 'too many wildcards to compare with so long an address' }
      if (robots.isAllowed(url.href, product) !== false) return undefined
      const number = robots.getMatchingLineNumber(url.href, product)
      return { line: number, rule: line(number) }
    },
  }
}
