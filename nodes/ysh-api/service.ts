import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Proxies } from '../../lib/api/access/address.ts'
import { withCors } from '../../lib/api/access/cors.ts'
import type { Gate } from '../../lib/api/access/gate.ts'
import type { ApiHandler, ApiRequest } from '../../lib/api/http.ts'
import { problemResponse } from '../../lib/api/problem.ts'
import type { ApiContext } from '../../lib/api/route.ts'
import { PipelineError } from '../../lib/errors.ts'
import type { RunEngine } from '../../lib/runs/engine.ts'
import type { Logger } from '../../lib/steps/step.ts'
import type { AdminRequest, AdminResponse, Red } from '../kit/red.ts'
import type { StoresService } from '../kit/stores-service.ts'
import { onUpgrade } from '../kit/upgrade.ts'
import { isBelow, type Root } from './mounts.ts'
import { apiRequest, bodyOf } from './receive.ts'
import { send } from './send.ts'

/** What {@link ApiService} is made of. */
export interface ApiServiceOptions {
  red: Pick<Red, 'server' | 'settings'>
  stores: Pick<StoresService, 'engine'>
  gate: Gate
  root: Root
  proxies: Proxies
  log: Logger
  search: NonNullable<ApiContext['search']>
}

/** A connection that wants to become a WebSocket. */
export interface Upgrade {
  /** Without a body; its signal is aborted when the connection has gone. */
  request: ApiRequest
  /** As Node received it, for `ws`. */
  incoming: IncomingMessage
  socket: Duplex
  head: Buffer
}

/** What `ysh-api` offers to the nodes that serve: a place on Node-RED's HTTP port, who may come in, and the stores. */
export class ApiService {
  /** Path of the API below `httpNodeRoot`, without a slash at its end: `/api/v1`. */
  readonly root: string
  readonly gate: Gate
  readonly #options: ApiServiceOptions
  /** Places where connections are taken over: two cannot have one. */
  readonly #upgrades = new Set<string>()

  constructor(options: ApiServiceOptions) {
    this.root = options.root.path
    this.gate = options.gate
    this.#options = options
  }

  /** What the answers are made from. Waits for the stores; throws what they throw. */
  async context(signal?: AbortSignal): Promise<ApiContext> {
    const { stores } = await this.engine(signal)
    const { log, search } = this.#options
    return { stores, clock: { now: () => new Date() }, log, search }
  }

  engine(signal?: AbortSignal): Promise<RunEngine> {
    return this.#options.stores.engine(signal)
  }

  /** Where an incoming request comes from and what it says, for a node that is behind `http in`. Without its body. */
  read(incoming: IncomingMessage, signal: AbortSignal): ApiRequest {
    return apiRequest(incoming, URL.parse(incoming.url ?? '/', 'http://localhost')?.pathname ?? '/', {
      proxies: this.#options.proxies,
      signal,
    })
  }

  /**
   * Answers what comes to the root and below it: to `below` (`/graphql`) and what stands under it, or, left out, to all that no other
   * takes. CORS is answered here. Returns how to take it back. Throws CONFIG when the place is taken.
   */
  mount(handler: ApiHandler, { below = '' }: { below?: string } = {}): () => void {
    const answering = withCors(this.gate, handler)
    return this.#options.root.mount(below, (request, response, path) => {
      void this.#answer(answering, request, response, path)
    })
  }

  /** Takes connections over that ask at `below` for an upgrade. Returns how to take it back. Throws CONFIG when the place is taken. */
  upgrade(below: string, handler: (upgrade: Upgrade) => void): () => void {
    const { red, proxies } = this.#options
    const path = `${this.root}${below}`
    if (this.#upgrades.has(below))
      throw new PipelineError('CONFIG', `Another node takes connections at ${path} already`)
    this.#upgrades.add(below)
    const deaf = onUpgrade(
      red,
      (asked) => isBelow(asked, path),
      (incoming, socket, head) => {
        const gone = new AbortController()
        socket.once('close', () => gone.abort())
        handler({ request: apiRequest(incoming, below, { proxies, signal: gone.signal }), incoming, socket, head })
      },
    )
    return () => {
      deaf()
      this.#upgrades.delete(below)
    }
  }

  async #answer(handler: ApiHandler, incoming: AdminRequest, response: AdminResponse, path: string): Promise<void> {
    const { proxies, log } = this.#options
    const gone = new AbortController()
    const leave = () => gone.abort()
    response.once('close', leave)
    incoming.on('error', leave)
    const headOnly = incoming.method === 'HEAD'
    try {
      const request = apiRequest(incoming, path, { proxies, signal: gone.signal })
      const answer = await bodyOf(incoming).then(
        (body) => handler({ ...request, body }),
        (thrown: unknown) => problemResponse(PipelineError.from(thrown)),
      )
      await send(response, answer, headOnly)
    } catch (thrown) {
      const error = PipelineError.from(thrown)
      if (gone.signal.aborted || response.destroyed) return
      log.error(`The API could not answer: ${error.code}: ${error.message}`, { error })
      if (response.headersSent) response.destroy()
      else await send(response, problemResponse(error), headOnly).catch(() => response.destroy())
    } finally {
      response.off('close', leave)
    }
  }
}
