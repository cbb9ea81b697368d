// The other process of bench/api-events.ts: subscribers, and who writes.
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { WebSocket } from 'ws'
import { parser, Type } from '../../lib/schema.ts'
import { percentile } from '../runs/statistics.ts'

process.on('disconnect', () => process.exit(1))
const plan = parser(
  Type.Object({
    ...{ subscribers: Type.Integer(), slow: Type.Integer(), rate: Type.Number(), seconds: Type.Number() },
    ...{ url: Type.String(), database: Type.String() },
  }),
  'The plan',
).parse(JSON.parse(process.argv[2] ?? '{}'))

/** When each event's COMMIT was sent; by the number of the event. */
const sent: number[] = []
const committed: number[] = []
const latencies: number[] = []
let first = 0
let messages = 0

function position(data: Buffer): number {
  // {"type":"event","position":123, without reading the rest: this process is measured, too
  const start = data.indexOf('"position":') + 11
  return Number.parseInt(data.toString('latin1', start, start + 16), 10)
}

async function subscribe(reads: boolean): Promise<void> {
  const client = new WebSocket(plan.url, { perMessageDeflate: false })
  await once(client, 'open')
  client.send(JSON.stringify({ type: 'hello', key: 'bench', topics: [{ type: 'version' }] }))
  const [hello]: Buffer[] = await once(client, 'message')
  if (hello !== undefined) first = position(hello)
  if (!reads) return client.pause()
  client.on('message', (data: Buffer) => {
    const began = sent[position(data) - first - 1]
    if (began === undefined) return
    messages += 1
    latencies.push(performance.now() - began)
  })
}

const all = Array.from({ length: plan.subscribers + plan.slow }, (_, n) => n >= plan.slow)
await Promise.all(
  Array.from({ length: 20 }, async () => {
    for (let reads = all.pop(); reads !== undefined; reads = all.pop()) await subscribe(reads)
  }),
)
const writer = new pg.Client({ connectionString: plan.database })
await writer.connect()
process.send?.('subscribed')
await once(process, 'message')

const events = Math.round(plan.rate * plan.seconds)
const began = performance.now()
for (let n = 0; n < events; n += 1) {
  await sleep(Math.max(0, began + (n * 1_000) / plan.rate - performance.now()))
  await writer.query('begin')
  await writer.query(
    `insert into pipeline.version (dataset, part, version, mode, table_schema, table_name, fingerprint, contract, columns, rows,
       new_rows, changed_rows, vanished_rows, quarantined, sha256, bytes, source, dialect, profile, warnings, seconds)
     values ('aneel.tarifas', '', $1, 'full', 's', 't', 'f', '{}', '[]', 10, 1, 2, 3, 0, 'sha', 1, '{"tier":"primary"}', '{}', '{}', '[]', 1)`,
    [n + 1],
  )
  const now = performance.now()
  sent.push(now)
  await writer.query('commit')
  committed.push(performance.now() - now)
}
const wanted = events * plan.subscribers
for (let waited = 0; messages < wanted && waited < 10_000; waited += 50) await sleep(50)
process.send?.({
  events,
  messages,
  missing: wanted - messages,
  p50: percentile(latencies, 50),
  p99: percentile(latencies, 99),
  most: latencies.reduce((most, one) => Math.max(most, one), 0),
  commitP50: percentile(committed, 50),
})
await writer.end()
await sleep(200)
process.exit(0)
