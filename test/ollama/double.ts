import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { Ajv, type ValidateFunction } from 'ajv'
import { HttpServers } from '../helpers/http-servers.ts'
import { type Answer, type Asked, answerTo, type ReplyRequest } from './answers.ts'
import { requestSchemas } from './api-schema.ts'
import { type DoubleModel, tagged, type WholeModel, whole } from './models.ts'

/** What a server does instead of answering well. */
export type Fault =
  /** An error, as Ollama words it, or any other body. */
  | { kind: 'status'; status: number; error?: string; body?: string; type?: string; headers?: Record<string, string> }
  /** Takes the request and says nothing. */
  | { kind: 'hang' }
  /** Waits before each part of the answer. */
  | { kind: 'slow'; ms: number }
  /** Ends the connection in the middle, after so many parts. */
  | { kind: 'cut'; after: number }
  /** Ends the answer properly, but after so many parts and without the last one. */
  | { kind: 'unfinished'; after: number }
  /** After so many parts something that is no JSON. */
  | { kind: 'garbage'; after: number }
  /** After so many parts an error, as Ollama reports one in a stream. */
  | { kind: 'error'; after: number; error: string }
  /** The answer is this, whatever was asked. */
  | { kind: 'body'; body: string; type?: string }

/** A request that came. */
export interface LoggedRequest {
  method: string
  path: string
  /** Parsed; undefined where there was none. */
  body: unknown
  authorization: string | undefined
  /** Whether whoever asked went away before the end of the answer. */
  left: boolean
}

/** How a double is set up. */
export interface OllamaDoubleOptions {
  models?: readonly (string | DoubleModel)[]
  /** What a pull can fetch. */
  registry?: readonly (string | DoubleModel)[]
  /** The text that a model answers a chat with. */
  reply?: (request: ReplyRequest) => string
  /** The vector of a text; by default made from its words. */
  vector?: (text: string, model: WholeModel) => number[]
  /** Wanted as bearer token. */
  token?: string
}

interface Script {
  path: string
  fault: Fault
  left: number
}

/**
 * A double of an Ollama server on loopback, with no model behind it: every request is checked against Ollama's published API description
 * and written down. `violations` should be empty in the end. Close it.
 */
export class OllamaDouble {
  readonly requests: LoggedRequest[] = []
  /** What was wrong with requests, by the published description. */
  readonly violations: string[] = []
  readonly models: Map<string, WholeModel>
  readonly registry: Map<string, WholeModel>
  /** May be changed at any time. */
  reply: (request: ReplyRequest) => string
  vector: ((text: string, model: WholeModel) => number[]) | undefined
  /** Chats, generations and embeddings that were under way at the same time. */
  mostAtOnce = 0
  readonly #token: string | undefined
  readonly #servers = new HttpServers()
  readonly #checks = new Map<string, ValidateFunction<unknown>>()
  readonly #scripts: Script[] = []
  #port = 0
  #atOnce = 0

  constructor({ models = [], registry = [], reply = () => 'ok', vector, token }: OllamaDoubleOptions) {
    this.models = named(models)
    this.registry = named(registry)
    this.reply = reply
    this.vector = vector
    this.#token = token
    const ajv = new Ajv({ allErrors: true, strict: false })
    for (const [route, schema] of Object.entries(requestSchemas)) {
      if (schema !== undefined) this.#checks.set(route, ajv.compile(schema))
    }
  }

  /** Scheme, host and port. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  /** Opens it; again after {@link stop}, on the same port. */
  async start(): Promise<void> {
    const server: Server = createServer((request, response) => void this.#handle(request, response))
    this.#port = await this.#servers.listen(server, '127.0.0.1', this.#port)
  }

  /** Ends all connections and listens no more. */
  async stop(): Promise<void> {
    await this.#servers.close()
  }

  /** The next `times` requests to a path (`/api/chat`) meet this fault. */
  misbehave(path: string, fault: Fault, times = Number.POSITIVE_INFINITY): void {
    this.#scripts.push({ path, fault, left: times })
  }

  /** Answers well again. */
  behave(): void {
    this.#scripts.length = 0
  }

  /** The requests to a path. */
  of(path: string): LoggedRequest[] {
    return this.requests.filter((request) => request.path === path)
  }

  async #handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await read(incoming).catch(() => undefined)
    if (text === undefined) return
    const { method = '', url: path = '' } = incoming
    const logged: LoggedRequest = {
      method,
      path,
      body: parsed(text),
      authorization: incoming.headers.authorization,
      left: false,
    }
    this.requests.push(logged)
    const heavy = /^\/api\/(chat|generate|embed)$/.test(path)
    if (heavy) this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#atOnce)
    response.once('close', () => {
      logged.left = !response.writableFinished
      if (heavy) this.#atOnce -= 1
    })
    const problem = this.#problem(logged, text, incoming)
    if (problem !== undefined) this.violations.push(`${method} ${path}: ${problem}`)
    const authorized = this.#token === undefined || logged.authorization === `Bearer ${this.#token}`
    const answer: Answer =
      problem !== undefined
        ? { status: 400, value: { error: problem } }
        : authorized
          ? answerTo({ method, path, body: logged.body } satisfies Asked, this)
          : { status: 401, value: { error: 'unauthorized' } }
    await send(response, answer, this.#fault(path)).catch(() => response.destroy())
  }

  #fault(path: string): Fault | undefined {
    const script = this.#scripts.find((one) => one.path === path && one.left > 0)
    if (script !== undefined) script.left -= 1
    return script?.fault
  }

  #problem({ method, path, body }: LoggedRequest, text: string, { headers }: IncomingMessage): string | undefined {
    const route = `${method} ${path}`
    if (!(route in requestSchemas)) return 'there is no such endpoint in the published description'
    const check = this.#checks.get(route)
    if (check === undefined) return text === '' ? undefined : 'a body where none is expected'
    if (!/^application\/json\b/.test(headers['content-type'] ?? '')) return `content-type ${headers['content-type']}`
    if (body === undefined) return 'no JSON'
    if (check(body)) return undefined
    return (check.errors ?? [])
      .map(({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`)
      .join('; ')
  }
}

/** Starts a double. */
export async function startOllamaDouble(options: OllamaDoubleOptions = {}): Promise<OllamaDouble> {
  const double = new OllamaDouble(options)
  await double.start()
  return double
}

async function send(response: ServerResponse, answer: Answer, fault: Fault | undefined): Promise<void> {
  if (fault?.kind === 'hang') return
  if (fault?.kind === 'status') {
    const { status, error = 'the double fails', body = JSON.stringify({ error }), type = json, headers } = fault
    response.writeHead(status, { 'content-type': type, ...headers }).end(body)
    return
  }
  if (fault?.kind === 'body') {
    response.writeHead(200, { 'content-type': fault.type ?? json }).end(fault.body)
    return
  }
  const stream = 'lines' in answer
  const parts = stream ? answer.lines.map((line) => `${JSON.stringify(line)}\n`) : halves(JSON.stringify(answer.value))
  // the first byte comes when there is something to say, as with the real one
  const head = () => response.writeHead(stream ? 200 : answer.status, { 'content-type': stream ? ndjson : json })
  for (const [at, part] of parts.entries()) {
    if (fault?.kind === 'slow') await pause(fault.ms)
    if (response.destroyed) return
    if (!response.headersSent) head()
    if (fault !== undefined && 'after' in fault && at >= fault.after) break
    if (!response.write(part)) await new Promise((resolve) => response.once('drain', resolve).once('close', resolve))
  }
  if (fault?.kind === 'garbage') response.write('{"model":"x","message":{"role"<<\n')
  if (fault?.kind === 'error') response.write(`${JSON.stringify({ error: fault.error })}\n`)
  if (fault?.kind !== 'cut') {
    response.end()
    return
  }
  // what was written goes out first: the cut is to be in the middle
  await pause(20)
  response.destroy()
}

const json = 'application/json; charset=utf-8'
const ndjson = 'application/x-ndjson'

function halves(text: string): string[] {
  const middle = Math.ceil(text.length / 2)
  return [text.slice(0, middle), text.slice(middle)]
}

function named(models: readonly (string | DoubleModel)[]): Map<string, WholeModel> {
  return new Map(models.map((model) => [tagged(typeof model === 'string' ? model : model.name), whole(model)]))
}

async function read(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
