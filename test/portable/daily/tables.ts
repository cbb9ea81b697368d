import { createHash } from 'node:crypto'
import pg from 'pg'
import { isRecord } from '../../../lib/flow-check/node.ts'
import { type Received, readHeader } from '../../steps/notify/receivers.ts'
import type { Place } from './engines.ts'

/** Rows of every table and view of a database, as texts in one order, without what cannot be equal. */
export type Tables = ReadonlyMap<string, readonly string[]>

/** Tables that say who is at work just now, or hold each row elsewhere too. */
const passing: Readonly<Record<string, string>> = {
  'pipeline.process': 'signs of life of processes',
  'pipeline.load': 'loads at work just now',
  'pipeline.queue_map': 'what the queue has under way',
  'pipeline.queue_item': 'likewise; its jobs are in a schema of their own',
}

/** What differs from one engine to another because it must, by table and column. */
const leftOut: Readonly<Record<string, Record<string, string>>> = {
  'pipeline.run': {
    overlap: 'which runs may be beside each other is said by the engine, elsewhere than in Node-RED',
  },
  'pipeline.cache': { bytes: 'of a value that has its age in it' },
  'pipeline.outbox': { leased_by: 'the process that delivers', attempts: 'of deliveries' },
  'pipeline.step': { input_hash: 'over inputs that hold times' },
}

/** Properties inside of JSON. */
const inside: Readonly<Record<string, string>> = {
  seconds: 'how long it took',
  ageSeconds: 'how old it was by then',
  _msgid: "Node-RED's own name of a message",
}

/** Reads what a flow has left; times and ids that are of this run alone become words. */
export async function readTables({ postgres, mail, nodes }: Place): Promise<Tables> {
  const client = new pg.Client(postgres)
  await client.connect()
  // A retry node has lines of its own in Node-RED's journal; elsewhere it is the policy of its step.
  const retries = new Set(nodes.filter(({ type }) => type === 'ysh-retry-backoff').map(({ id }) => id))
  const isOwn = (table: string, row: Row) =>
    (table.startsWith('pipeline.step') && retries.has(String(row.node))) ||
    (table === 'pipeline.migration' && row.component === 'queue')
  try {
    const { rows: relations } = await client.query<{ schema: string; name: string }>(
      `select n.nspname as schema, c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where c.relkind in ('r', 'p', 'v', 'm') and n.nspname not like 'pg\\_%'
         and n.nspname not in ('information_schema', 'pipeline_queue')
       order by 1, 2`,
    )
    const found = new Map<string, string[]>([['mails', mail.got.map((one) => words(mailText(one))).sort()]])
    for (const { schema, name } of relations) {
      const table = `${schema}.${name}`
      if (table in passing) continue
      const { rows } = await client.query<{ row: Row }>(`select to_jsonb(t) as row from "${schema}"."${name}" t`)
      found.set(
        `${schema}.${words(name)}`,
        rows.flatMap(({ row }) => (isOwn(table, row) ? [] : lineOf(table, row))).sort(),
      )
    }
    return found
  } finally {
    await client.end()
  }
}

type Row = Record<string, unknown>

function lineOf(table: string, row: Row): string {
  const columns = Object.entries(row).filter(([name]) => leftOut[table]?.[name] === undefined)
  return JSON.stringify(plain(Object.fromEntries(columns)))
}

function plain(value: unknown): unknown {
  if (typeof value === 'string') return words(value)
  if (Array.isArray(value)) return value.map(plain)
  if (!isRecord(value)) return value
  const entries = Object.entries(value).filter(([name]) => !(name in inside))
  return Object.fromEntries(entries.map(([name, one]) => [name, plain(one)]))
}

/** What is said anew each time, and where it is said. */
const chance: readonly [what: RegExp, instead: string][] = [
  // Ids of runs, incidents and versions, and what is made of them: keys of notifications, tables of versions.
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, '<id>'],
  [/\b[0-9a-f]{40}\b/g, '<id>'],
  [/(?<=^[a-z_]+_)[0-9a-f]{8}$/g, '<id>'],
  // Times in the journal, in texts for people, in the names of notifications.
  [/\b20\d\d-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|\+00:00| UTC)/g, '<time>'],
  [/\b\d\d\/\d\d\/20\d\d(, \d\d:\d\d)?/g, '<time>'],
  [/(?<=notifications\/)20\d\d-\d\d-\d\d/g, '<time>'],
  // Borders of the parts of a mail.
  [/--_NmP-[0-9a-f]+-/g, '<id>'],
]
const words = (text: string): string => chance.reduce((now, [what, instead]) => now.replaceAll(what, instead), text)

/** Number and hash of the rows, by table. */
export function hashes(tables: Tables): Record<string, string> {
  const hash = (rows: readonly string[]) => createHash('sha256').update(rows.join('\n')).digest('hex')
  return Object.fromEntries([...tables].map(([name, rows]) => [name, `${rows.length} ${hash(rows)}`]))
}

/** The first rows that only one of two has, by table, for the reader of a failed test. */
export function differences(one: Tables, other: Tables): string {
  const told: string[] = []
  for (const name of new Set([...one.keys(), ...other.keys()])) {
    const [here, there] = [one.get(name) ?? [], other.get(name) ?? []]
    const only = (rows: readonly string[], others: readonly string[]) => rows.filter((row) => !others.includes(row))
    const [mine, theirs] = [only(here, there), only(there, here)]
    if (here.join('\n') === there.join('\n')) continue
    told.push(`${name} (${here.length}, ${there.length}):`, ...pairs(mine, theirs))
  }
  return told.join('\n')
}

function pairs(mine: readonly string[], theirs: readonly string[]): string[] {
  return Array.from({ length: Math.min(3, Math.max(mine.length, theirs.length)) }, (_, at) => {
    const [a = '', b = ''] = [mine[at], theirs[at]]
    let from = 0
    while (from < a.length && a[from] === b[from]) from++
    const cut = (text: string) => text.slice(Math.max(0, from - 150), from + 250)
    return `  - ${cut(a)}\n  + ${cut(b)}`
  })
}

/** A mail in all its parts as a person reads it, without how long things took and how old they are. */
function mailText({ to, headers, raw }: Received): string {
  const body = raw
    .slice(raw.indexOf('\r\n\r\n'))
    .replaceAll('=\r\n', '')
    .replaceAll(/(=[0-9A-F]{2})+/g, (bytes) => Buffer.from(bytes.replaceAll('=', ''), 'hex').toString('utf8'))
    .replaceAll(/<[^>]*>|&nbsp;/g, ' ')
    .replaceAll(/(\b\d+(,\d+)? (ms|s|min|h)\b ?)+/g, '<time> ')
  return `${to.join()}\n${readHeader(headers.get('subject') ?? '')}\n${body}`
}
