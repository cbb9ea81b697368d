import { PipelineError } from '../errors.ts'
import { placeOf, type Secrets, withoutSecrets } from './redact.ts'

/** Redirects that are followed. */
const maxRedirects = 5

/** One request on the way to an answer. */
export interface Hop {
  url: URL
  method: 'GET' | 'HEAD' | 'POST'
  headers: Readonly<Record<string, string>>
  json: unknown
}

/** Headers that say nothing of who asks: they go along to another origin, all others stay behind. */
const harmless = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'cache-control',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'pragma',
  'range',
  'user-agent',
])

/**
 * The address of a request. Throws URL_INVALID for anything but http and https, for one with a user or a password in it, and for what
 * is no address.
 */
export function target(text: string): URL {
  const url = URL.parse(text)
  const problem =
    url === null
      ? 'not an address'
      : url.protocol !== 'http:' && url.protocol !== 'https:'
        ? 'only http and https are fetched'
        : url.username !== '' || url.password !== ''
          ? 'a user and a password do not belong into an address'
          : undefined
  if (url !== null && problem === undefined) return url
  throw new PipelineError('URL_INVALID', `${withoutSecrets(text)} cannot be fetched: ${problem}`)
}

/** The way of one request through its redirects. */
export class Trail {
  readonly #visited: Hop[] = []
  readonly #hosts: readonly string[] | undefined
  readonly #secrets: Secrets
  #hop: Hop

  constructor(first: Hop, redirectHosts: readonly string[] | undefined, secrets: Secrets) {
    this.#hop = first
    this.#hosts = redirectHosts?.map((host) => host.toLowerCase())
    this.#secrets = secrets
  }

  /** Where the request is. */
  get hop(): Hop {
    return this.#hop
  }

  /** Where it came from, when it was redirected. */
  get from(): URL | undefined {
    return this.#visited.at(-1)?.url
  }

  /**
   * Goes on to where an answer points. Throws NET_REDIRECTS for a circle, more than five redirects, or a place that is no address;
   * REDIRECT_REFUSED for a place that must not be gone to.
   */
  follow(status: number, location: string): void {
    const { url: from, method, headers, json } = this.#hop
    // Node reads headers as Latin-1, addresses are often sent as UTF-8
    const url = URL.parse(utf8(location), from.href)
    this.#visited.push(this.#hop)
    if (url === null) throw this.#stuck('to something that is not an address')
    this.#secrets.url(url)
    url.hash = ''
    const reason = this.#reason(from, url, json !== undefined && (status === 307 || status === 308))
    if (reason !== undefined) throw refused(from, url, reason)

    const becomesGet = method === 'POST' && status !== 307 && status !== 308
    this.#hop = {
      url,
      method: (status === 303 && method !== 'HEAD') || becomesGet ? 'GET' : method,
      headers: url.origin === from.origin ? headers : harmlessOf(headers),
      json: becomesGet ? undefined : json,
    }
    if (this.#visited.some((before) => before.url.href === url.href && before.method === this.#hop.method))
      throw this.#stuck('in a circle', url)
    if (this.#visited.length > maxRedirects) throw this.#stuck(`more than ${maxRedirects} times`, url)
  }

  #reason(from: URL, to: URL, withBody: boolean): string | undefined {
    if (to.protocol !== 'http:' && to.protocol !== 'https:') return 'only http and https are fetched'
    if (to.username !== '' || to.password !== '') return 'a user and a password do not belong into an address'
    if (from.protocol === 'https:' && to.protocol === 'http:') return 'it would leave https'
    if (withBody && from.origin !== to.origin) return 'what is sent is meant for the first one only'
    const asked = this.#visited[0]?.url.hostname
    if (this.#hosts === undefined || to.hostname === asked || this.#hosts.includes(to.hostname)) return undefined
    return `only ${[asked, ...this.#hosts].join(', ')} may be led to`
  }

  #stuck(how: string, next?: URL): PipelineError {
    const chain = [...this.#visited.map(({ url }) => url), ...(next === undefined ? [] : [next])].map(placeOf)
    return new PipelineError('NET_REDIRECTS', `${chain[0]} redirects ${how}: ${chain.join(' → ')}`, {
      details: { chain },
    })
  }
}

function refused(from: URL, to: URL, reason: string): PipelineError {
  const [start, end] = [withoutSecrets(from.href), to.host === '' ? to.protocol : withoutSecrets(to.href)]
  return new PipelineError('REDIRECT_REFUSED', `${start} leads to ${end}, which is not followed: ${reason}`, {
    details: { from: start, to: end },
  })
}

function harmlessOf(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => harmless.has(name)))
}

function utf8(latin1: string): string {
  const bytes = Buffer.from(latin1, 'latin1')
  const text = bytes.toString('utf8')
  return text.includes('\ufffd') ? latin1 : text
}
