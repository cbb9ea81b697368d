import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type Arguments, act } from './api.ts'
import { ckanText, type Json } from './ckan.ts'
import { dump } from './datastore.ts'
import { fileBody, rangeOf, stampOf, unchanged } from './download.ts'
import { Exchange, HTML_TYPE, JSON_TYPE, type Logged, page } from './exchange.ts'
import { type Holding, NoFile } from './files/holding.ts'
import type { Library } from './library.ts'
import { type Rules, type Subject, variantOf } from './misbehave.ts'
import { refuse } from './refuse.ts'

const TEXT_TYPE = { 'content-type': 'text/plain; charset=utf-8' }
const TYPES: Readonly<Record<string, string>> = {
  csv: 'text/csv; charset=utf-8',
  zip: 'application/zip',
  pdf: 'application/pdf',
  xml: 'application/xml; charset=utf-8',
}

/** Requests remembered; the oldest are forgotten first. */
const LOG_LIMIT = 10_000
/** Largest body of a POST. */
const POST_LIMIT = 1024 * 1024

/** What a path leads to. */
interface Route {
  subject: Subject
  /** An action of the API. */
  action?: string
  holding?: Holding
  /** Whether the resource's datastore is wanted whole. */
  dump?: boolean
}

/** Answers the portal's requests. */
export class Handler {
  /** The last requests, in order of arrival. */
  readonly requests: Logged[] = []
  /** Scheme, host and port, for clients that send no Host. */
  base = ''
  readonly #library: Library
  readonly #rules: Rules
  readonly #options: { ranges: boolean; robots: string | undefined }

  constructor(library: Library, rules: Rules, options: { ranges: boolean; robots: string | undefined }) {
    this.#library = library
    this.#rules = rules
    this.#options = options
  }

  /** The request listener. What goes wrong inside is a 500 that says so, or a dropped connection. */
  handle(request: IncomingMessage, response: ServerResponse): void {
    const exchange = new Exchange(request, response)
    this.requests.push(exchange.logged)
    if (this.requests.length > LOG_LIMIT) this.requests.shift()
    this.#answer(exchange).catch((error: unknown) => {
      if (response.headersSent || response.destroyed) {
        response.destroy()
        return
      }
      exchange.head(error instanceof NoFile ? 404 : 500, TEXT_TYPE)
      response.end(`replica: ${error instanceof Error ? error.message : String(error)}\n`)
    })
  }

  async #answer(exchange: Exchange): Promise<void> {
    const { url } = exchange
    const route = this.#route(url)
    const { subject, action, holding } = route
    const refusal = this.#rules.take(subject, 'refusal')
    if (refusal !== undefined) await refuse(exchange, refusal, this.#baseOf(exchange), action)
    else if (action !== undefined) await this.#api(exchange, action, subject)
    else if (holding !== undefined && route.dump === true) await this.#dump(exchange, holding)
    else if (holding !== undefined) await this.#download(exchange, holding, subject)
    else if (url.pathname === '/robots.txt' && this.#options.robots !== undefined) {
      await exchange.bytes(200, TEXT_TYPE, Buffer.from(this.#options.robots))
    } else await exchange.bytes(404, HTML_TYPE, page('404 Not Found'))
  }

  #route(url: URL): Route {
    const path = decodeURIComponent(url.pathname) + decodeURIComponent(url.search)
    const action = /^\/api\/(?:3\/)?action\/([^/]+)\/?$/.exec(url.pathname)?.[1]
    if (action !== undefined) return { subject: { api: true, path }, action }
    const [, slug, id, file] = /^\/dataset\/([^/]+)\/resource\/([^/]+)\/download\/([^/]+)$/.exec(url.pathname) ?? []
    const dumped = /^\/datastore\/dump\/([^/]+)$/.exec(url.pathname)?.[1]
    const holding = this.#library.holding(id ?? dumped ?? '')
    const right =
      dumped !== undefined ||
      (this.#library.package(slug ?? '') === holding?.package && file === holding?.resource.file)
    if (holding === undefined || !right) return { subject: { api: false, path } }
    return { subject: this.#library.subject(holding, path), holding, dump: dumped !== undefined }
  }

  #baseOf({ request }: Exchange): string {
    return request.headers.host === undefined ? this.base : `http://${request.headers.host}`
  }

  async #api(exchange: Exchange, action: string, subject: Subject): Promise<void> {
    const { request, url } = exchange
    const base = this.#baseOf(exchange)
    const json = async (status: number, value: Json): Promise<void> => {
      const rule = request.method === 'HEAD' ? undefined : this.#rules.take(subject, 'body')
      await exchange.bytes(status, JSON_TYPE, Buffer.from(ckanText(value)), rule)
    }
    const given = await argumentsOf(request, url)
    if (typeof given === 'string') return await json(400, `Bad request - JSON Error: ${given}`)
    const answer = await act(this.#library, action, given, { base, url: request.url ?? '' })
    if ('text' in answer) return await json(400, answer.text)
    const help = `${base}/api/3/action/help_show?name=${action}`
    if ('result' in answer) return await json(200, { help, success: true, result: answer.result })
    await json(answer.status, { help, error: answer.error, success: false })
  }

  async #dump(exchange: Exchange, holding: Holding): Promise<void> {
    if (holding.resource.datastore === 'none') throw new NoFile('this resource has no datastore')
    const bom = /^(true|1)$/i.test(exchange.url.searchParams.get('bom') ?? '')
    exchange.head(200, { 'content-type': 'text/csv; charset=utf-8' })
    await pipeline(Readable.from(dump(holding, this.#library.publication, bom)), exchange.response)
  }

  async #download(exchange: Exchange, holding: Holding, subject: Subject): Promise<void> {
    const { request } = exchange
    const { publication } = this.#library
    const wrong = this.#rules.peek(subject, 'variant')
    const variant = wrong === undefined ? undefined : variantOf(wrong)
    const file = await holding.file(publication, variant)
    const modified = holding.modified(publication, variant)
    const stamp = stampOf(`/var/lib/ckan/resources/${holding.resource.id}`, file.size, modified)
    const headers: Record<string, string> = {
      etag: stamp.etag,
      'last-modified': stamp.lastModified,
      'cache-control': 'no-cache',
      vary: 'Cookie',
    }
    if (unchanged(request, stamp)) return exchange.empty(304, headers)
    const { file: name } = holding.resource
    headers['content-type'] = TYPES[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream'
    headers['content-disposition'] = `inline; filename=${name}`
    if (this.#options.ranges) headers['accept-ranges'] = 'bytes'
    if (request.method !== 'GET') return await exchange.send(fileBody(file, headers, 'all'))
    const part = this.#options.ranges ? rangeOf(request, stamp, file.size) : 'all'
    if (part === 'none') return exchange.empty(416, { 'content-range': `bytes */${file.size}` })
    if (wrong !== undefined) {
      this.#rules.take(subject, 'variant')
      exchange.logged.misbehaviour = wrong.kind
    }
    await exchange.send(fileBody(file, headers, part), this.#rules.take(subject, 'body'))
  }
}

/** The arguments of an action, or what is wrong with the JSON. */
async function argumentsOf(request: IncomingMessage, url: URL): Promise<Arguments | string> {
  if (request.method !== 'POST') return Object.fromEntries(url.searchParams)
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    const bytes: Buffer = chunk
    size += bytes.length
    if (size > POST_LIMIT) return 'the body is too large'
    chunks.push(bytes)
  }
  const text = Buffer.concat(chunks).toString('utf8')
  if (text === '') return {}
  if (request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true) {
    return Object.fromEntries(new URLSearchParams(text))
  }
  try {
    const value: unknown = JSON.parse(text)
    if (isArguments(value)) return value
    return `Request data JSON decoded to ${text.slice(0, 40)} but it needs to be a dictionary.`
  } catch (error) {
    return `Error decoding JSON data. Error: ${error instanceof Error ? error.message : String(error)}`
  }
}

function isArguments(value: unknown): value is Arguments {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
