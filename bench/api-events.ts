// node bench/api-events.ts [--small] [--subscribers N] [--slow N] [--rate N] [--seconds N] [--strict]
// From the COMMIT of a new version, as its client sends it, to the message at each of 1,000 subscribers by WebSocket, some of which do not
// read. Subscribers and writer are another process; PostgreSQL runs with its default settings (fsync on).
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { availableParallelism, loadavg } from 'node:os'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Gate } from '../lib/api/access/gate.ts'
import { PostgresEventHub } from '../lib/api/events/postgres-hub.ts'
import { EventServer } from '../lib/api/events/server.ts'
import { openPostgres } from '../lib/stores/postgres/index.ts'
import { startPostgres } from '../test/helpers/postgres-server.ts'

const { values } = parseArgs({
  strict: false,
  options: {
    small: { type: 'boolean', default: false },
    subscribers: { type: 'string' },
    slow: { type: 'string' },
    rate: { type: 'string', default: '10' },
    seconds: { type: 'string' },
    strict: { type: 'boolean', default: false },
  },
})
const subscribers = Number(values.subscribers ?? (values.small ? 200 : 1_000))
const plan = {
  subscribers,
  slow: Number(values.slow ?? Math.round(subscribers / 50)),
  rate: Number(values.rate),
  seconds: Number(values.seconds ?? (values.small ? 4 : 20)),
}
const aimMs = 100

/** What the child measured: milliseconds. */
interface Figures {
  events: number
  messages: number
  missing: number
  p50: number
  p99: number
  most: number
  commitP50: number
}

const nothing = () => undefined
const log = { debug: nothing, info: nothing, warn: console.warn, error: console.error }
const caller = { id: 'key:bench', name: 'bench', scopes: new Set(['events', 'datasets'] as const) }
const gate: Gate = {
  admit: async () => ({ caller, headers: {} }),
  admitAnyone: async () => undefined,
  cors: () => ({}),
}

const database = await startPostgres({ fsync: true })
const postgres = await openPostgres({ kind: 'server', url: database.url })
const hub = new PostgresEventHub({ postgres, log }).open()
await hub.look()
const events = new EventServer({
  ...{ hub: async () => hub, gate, log },
  ...{ maxSubscribers: subscribers + plan.slow, maxPerCaller: subscribers + plan.slow },
})
const http = createServer()
http.on('upgrade', (incoming, socket, head) => {
  events.upgrade({ headers: {}, address: '127.0.0.1', query: new URLSearchParams() }, incoming, socket, head)
})
http.listen(0, '127.0.0.1')
await once(http, 'listening')
const address = http.address()
if (address === null || typeof address === 'string') throw new Error('no port')

const before = process.memoryUsage()
const child = fork(fileURLToPath(new URL('./api/subscribers.ts', import.meta.url)), [
  JSON.stringify({ ...plan, url: `ws://127.0.0.1:${address.port}/ws`, database: database.url }),
])
child.once('exit', (code) => {
  if (code !== 0) process.exit(1)
})
await once(child, 'message') // all have subscribed
const connected = process.memoryUsage()
const delay = monitorEventLoopDelay({ resolution: 5 })
delay.enable()
const cpu = process.cpuUsage()
child.send('go')
const [figures]: Figures[] = await once(child, 'message')
delay.disable()
const { user, system } = process.cpuUsage(cpu)
const after = process.memoryUsage()
if (figures === undefined) throw new Error('no figures')

const ms = (value: number) => `${value.toFixed(1)} ms`
const mb = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`
console.log(
  `${subscribers} subscribers and ${plan.slow} that do not read, ${plan.rate} commits a second for ${plan.seconds} s; ${availableParallelism()} cores, load ${loadavg()[0]?.toFixed(1)}`,
)
console.log(`  COMMIT sent to message: p50 ${ms(figures.p50)}, p99 ${ms(figures.p99)}, most ${ms(figures.most)}`)
console.log(`  the COMMIT itself: p50 ${ms(figures.commitP50)}`)
console.log(`  ${figures.messages} messages of ${figures.events} events, ${figures.missing} missing`)
console.log(
  `  server's event loop: delay p50 ${ms(delay.percentile(50) / 1e6)}, p99 ${ms(delay.percentile(99) / 1e6)}, most ${ms(delay.max / 1e6)}; ${((user + system) / 1e3 / Math.max(1, figures.messages)).toFixed(3)} ms of processor a message`,
)
console.log(
  `  memory: ${((connected.rss - before.rss) / 1e3 / (subscribers + plan.slow)).toFixed(0)} KB a subscriber (RSS); RSS ${mb(connected.rss)} before, ${mb(after.rss)} after the events; heap ${mb(connected.heapUsed)}, ${mb(after.heapUsed)}`,
)
const reached = figures.p99 <= aimMs && figures.missing === 0
console.log(`  ${reached ? 'reached' : 'MISSED '}  aim: p99 at most ${aimMs} ms, none missing`)
await events.close()
http.closeAllConnections()
http.close()
await hub.close()
await postgres.close()
await database.stop()
if (values.strict && !reached) process.exitCode = 1
