import { AsyncLocalStorage } from 'node:async_hooks'
import { lookup } from 'node:dns/promises'
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { isIP, type LookupFunction, Socket } from 'node:net'
import { PipelineError } from '../errors.ts'
import type { Allowed } from './allow.ts'
import { guardedClass } from './guard.ts'

/** Turns a name into all its addresses. */
export type Resolve = (host: string) => Promise<readonly { address: string; family: number }[]>

/** How connections are made. */
export interface ConnectOptions {
  allowed: Allowed
  /** How long name and connection (with TLS) may take, in milliseconds. */
  timeoutMs: number
  connectionsPerHost: number
  resolve?: Resolve
}

/** The agents of a client, and how long a connection may take for what runs inside. */
export interface Connections {
  httpAgent: HttpAgent
  httpsAgent: HttpsAgent
  /** Runs `work` with another limit for the connections it opens. */
  within<T>(ms: number | undefined, work: () => Promise<T>): Promise<T>
  close(): void
}

/**
 * Agents that connect to guarded addresses only when these were allowed by hand. The check is made where the connection is: a name is
 * resolved once, all its addresses are checked, and these very addresses are connected to.
 */
export function createConnections(options: ConnectOptions): Connections {
  const limit = new AsyncLocalStorage<number>()
  // Certificates are verified whatever NODE_TLS_REJECT_UNAUTHORIZED says.
  const settings = { keepAlive: true, maxSockets: options.connectionsPerHost, timeout: 0 }
  const timeoutMs = () => limit.getStore() ?? options.timeoutMs
  const httpAgent = guarded(new HttpAgent(settings), options, timeoutMs, 'connect')
  const httpsAgent = guarded(
    new HttpsAgent({ ...settings, rejectUnauthorized: true }),
    options,
    timeoutMs,
    'secureConnect',
  )
  return {
    httpAgent,
    httpsAgent,
    within: (ms, work) => (ms === undefined ? work() : limit.run(ms, work)),
    close() {
      httpAgent.destroy()
      httpsAgent.destroy()
    },
  }
}

function guarded<A extends HttpAgent>(
  agent: A,
  { allowed, resolve = (host) => lookup(host, { all: true }) }: ConnectOptions,
  timeoutMs: () => number,
  ready: 'connect' | 'secureConnect',
): A {
  const create = agent.createConnection.bind(agent)
  agent.createConnection = (connectOptions, callback) => {
    const host = connectOptions.host ?? 'localhost'
    const port = Number(connectOptions.port)
    // Node does not look up what is an address already
    const refusal = isIP(host) === 0 ? undefined : refuse(host, port, host, allowed)
    if (refusal !== undefined) {
      if (callback === undefined) throw refusal
      callback(refusal, new Socket())
      return null
    }
    const stream = create({ ...connectOptions, lookup: guardedLookup(port, allowed, resolve) }, callback)
    if (!stream) return stream
    const timer = setTimeout(
      () => stream.destroy(Object.assign(new Error('connect timeout'), { code: 'ETIMEDOUT' })),
      timeoutMs(),
    )
    stream.once(ready, () => clearTimeout(timer))
    stream.once('close', () => clearTimeout(timer))
    return stream
  }
  return agent
}

function guardedLookup(port: number, allowed: Allowed, resolve: Resolve): LookupFunction {
  return (host, { all }, callback) => {
    resolve(host).then(
      (addresses) => {
        const refusal = addresses
          .map(({ address }) => refuse(host, port, address, allowed))
          .find((found) => found !== undefined)
        const [first] = addresses
        if (refusal !== undefined) callback(refusal, [])
        else if (first === undefined) callback(Object.assign(new Error('no address'), { code: 'ENOTFOUND' }), [])
        else if (all) callback(null, [...addresses])
        else callback(null, first.address, first.family)
      },
      (error: NodeJS.ErrnoException) => callback(error, []),
    )
  }
}

function refuse(host: string, port: number, address: string, allowed: Allowed): PipelineError | undefined {
  const kind = guardedClass(address)
  if (kind === undefined || allowed({ host, port, address })) return undefined
  const what = host === address ? `${host} is` : `${host} leads to ${address},`
  return new PipelineError(
    'ADDRESS_REFUSED',
    `${what} not an address of the internet (${kind}): nothing is fetched from there. If it is meant, allow it in the node ysh-stores`,
    { details: { host, port, address, class: kind } },
  )
}
