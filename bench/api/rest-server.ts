// One server in a process of its own: ours, or node:http over pg with the statements that it is told. Speaks with its parent by messages.
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import pg from 'pg'
import { sharedCounter } from '../../lib/api/access/counter.ts'
import { Gatekeeper } from '../../lib/api/access/gatekeeper.ts'
import { createKey } from '../../lib/api/access/keys.ts'
import { Limits, windowOf } from '../../lib/api/access/limits.ts'
import { createApi } from '../../lib/api/api.ts'
import { allRoutes } from '../../lib/api/routes/index.ts'
import { openStores } from '../../lib/stores/open.ts'
import type { PostgresStore } from '../../lib/stores/postgres/port.ts'
import { send } from '../../nodes/ysh-api/send.ts'

/** What the parent asks for. */
export type Order =
  | { serve: 'ours'; url: string; folder: string }
  | { serve: 'bare'; url: string; statements: [target: string, Statement][] }
  | { note: true }
  | { memory: true }

/** A statement with the values that are bound. */
export interface Statement {
  text: string
  values: readonly unknown[]
}

const nothing = () => undefined
const log = { debug: nothing, info: nothing, warn: console.warn, error: console.error }
let noted: Statement[] | undefined
let most = 0

process.on('SIGTERM', () => process.exit())
process.on('message', (order: Order) => {
  void follow(order)
})

async function follow(order: Order): Promise<void> {
  if ('memory' in order) {
    process.send?.({ rss: most, now: process.memoryUsage.rss() })
    most = 0
  } else if ('note' in order) {
    const statements = noted
    noted = []
    process.send?.({ statements: statements ?? [] })
  } else if (order.serve === 'ours') await ours(order)
  else bare(order)
}
setInterval(() => {
  most = Math.max(most, process.memoryUsage.rss())
}, 50).unref()

async function listen(listener: RequestListener, more: object): Promise<void> {
  const server = createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  process.send?.({ port: typeof address === 'object' ? address?.port : undefined, ...more })
}

async function ours({ url, folder }: { url: string; folder: string }): Promise<void> {
  const stores = await openStores({ folder, postgres: { url } })
  const { key } = await createKey(stores.postgres, { name: 'bench', scopes: ['datasets'] }, 'bench')
  const rate = { perMinute: 10_000_000, burst: 1_000_000 }
  const counter = sharedCounter({
    stores: async () => stores,
    name: 'bench',
    points: windowOf(rate).points,
    trouble: nothing,
    over: nothing,
  })
  const gate = new Gatekeeper({
    ...{ reach: 'loopback', postgres: async () => stores.postgres, origins: [], log },
    limits: new Limits({ rate, counter, now: Date.now }),
  })
  const context = { stores: { ...stores, postgres: noting(stores.postgres) }, clock: { now: () => new Date() }, log }
  const info = { title: 'bench', version: '1', description: '', root: '' }
  const api = createApi({ routes: allRoutes, gate, context: () => context, info, log })
  await listen(
    async (incoming, outgoing) => {
      const gone = new AbortController()
      const leave = () => gone.abort()
      outgoing.once('close', leave)
      const target = incoming.url ?? '/'
      const at = target.indexOf('?')
      const answer = await api.handle({
        method: incoming.method ?? 'GET',
        path: at < 0 ? target : target.slice(0, at),
        query: new URLSearchParams(at < 0 ? '' : target.slice(at + 1)),
        headers: Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)])),
        ...{ address: '127.0.0.1', body: new Uint8Array(), signal: gone.signal },
      })
      await send(outgoing, answer, false).catch(() => outgoing.destroy())
      outgoing.off('close', leave)
    },
    { key },
  )
}

/** The same store, which writes down what it is asked while somebody wants to know. */
function noting(postgres: PostgresStore): PostgresStore {
  return new Proxy(postgres, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (name !== 'query' || typeof value !== 'function')
        return typeof value === 'function' ? value.bind(target) : value
      return (text: string, values: readonly unknown[] = [], ...more: unknown[]) => {
        noted?.push({ text, values })
        return value.call(target, text, values, ...more)
      }
    },
  })
}

function bare({ url, statements }: { url: string; statements: [string, Statement][] }): void {
  const pool = new pg.Pool({ connectionString: url, max: 4 })
  // as our store reads them: dates and timestamps stay text
  for (const type of [1082, 1114]) pg.types.setTypeParser(type, (text) => text)
  const known = new Map(statements)
  void listen(async (incoming, outgoing) => {
    const statement = known.get(incoming.url ?? '')
    if (statement === undefined) {
      outgoing.writeHead(404).end()
      return
    }
    const { rows } = await pool.query(statement.text, [...statement.values])
    const body = JSON.stringify({ rows })
    outgoing.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }).end(body)
  }, {})
}
