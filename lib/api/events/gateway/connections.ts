import { PipelineError } from '../../../errors.ts'
import { parser } from '../../../schema.ts'
import type { PostgresStore, Queryable } from '../../../stores/postgres/port.ts'
import { preparing } from '../../../stores/postgres/prepare.ts'
import type { Caller } from '../../access/caller.ts'
import { isScope, keyMigrations } from '../../access/keys.ts'
import type { Topic } from '../hub.ts'
import { apiEventMigrations } from '../migrations.ts'
import { TopicsSchema } from '../protocol.ts'
import { connectionMigrations } from './migrations.ts'

/** Most connections, most of one caller; most that have not shown who they are, in all and of one address. */
export const most = { all: 1_000, caller: 100, strangers: 500, near: 50 } as const
/** API Gateway ends each connection after two hours. */
const lifeMinutes = 125
/** Messages that may come at once, and how many a second after those. */
const burst = 30
const perSecond = 5

/** Brings the tables of connections, of events and of keys up to date. Throws SQL_55P03 when they are busy; then try again. */
export const prepareConnections = preparing([...keyMigrations, ...apiEventMigrations, ...connectionMigrations])

/** A connection as it is kept. */
export interface Connection {
  /** Who it is; left out as long as it has not shown a key or token. */
  caller?: Pick<Caller, 'id' | 'scopes'>
  /** Key or token are no longer good. */
  ended: boolean
  /** What it wants to hear of, and what was sent; left out before its first message. */
  listening?: { topics: readonly Topic[]; position: number; told: number }
}

/** A connection whose row is locked by this transaction. */
export interface HeldConnection extends Connection {
  /** Messages that it may send still; below 0 it sends too many. */
  credit: number
  /** Milliseconds since it first took no more. */
  slowMs: number
}

interface Row extends Record<string, unknown> {
  caller: string | null
  scopes: string[]
  ended: boolean
  topics: unknown
  position: number | null
  told: number | null
  credit: number
  slow: number
}

const topicsOf = parser(TopicsSchema, 'Topics of a connection')
/** Neither the key that it came with nor its token is good any more. */
const ended = `(coalesce(c.expires_at <= clock_timestamp(), false) or (c.caller like 'key:%' and not exists (
  select from pipeline.api_key k where k.id = substr(c.caller, 5) and k.revoked_at is null
    and coalesce(k.expires_at > clock_timestamp(), true))))`
const columns = `c.caller, c.scopes, ${ended} as ended, c.topics, c.position::float8, c.told::float8, c.credit::float8,
  coalesce(extract(epoch from clock_timestamp() - c.slow_since) * 1000, 0)::float8 as slow`

/** Keeps a connection that has come. Throws EVENTS_FULL. */
export async function addConnection(
  postgres: PostgresStore,
  { id, address, caller }: { id: string; address: string; caller?: Caller },
): Promise<void> {
  await postgres.transaction(async (tx) => {
    await checkRoom(tx, address, caller)
    const row = [id, address, caller?.id ?? null, [...(caller?.scopes ?? [])], caller?.expires ?? null]
    await tx.query(
      `insert into pipeline.event_connection (id, address, caller, scopes, expires_at)
       values ($1, $2, $3, $4::text[], $5::timestamptz)
       on conflict (id) do update set address = excluded.address, caller = excluded.caller, scopes = excluded.scopes,
         expires_at = excluded.expires_at, topics = null, position = null, connected_at = clock_timestamp()`,
      row,
    )
  })
}

/** Notes who a connection is. Throws EVENTS_FULL. */
export async function claimConnection(postgres: PostgresStore, id: string, caller: Caller): Promise<void> {
  await postgres.transaction(async (tx) => {
    await checkRoom(tx, '', caller, id)
    await tx.query(
      `update pipeline.event_connection set caller = $2, scopes = $3::text[], expires_at = $4::timestamptz where id = $1`,
      [id, caller.id, [...caller.scopes], caller.expires ?? null],
    )
  })
}

/** One at a time, so that several who come at once are no more than there is room for. */
async function checkRoom(tx: Queryable, address: string, caller: Caller | undefined, but = ''): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock(hashtextextended('pipeline.event_connection', 0))`)
  await dropOld(tx)
  const { rows } = await tx.query<{ all: number; same: number; strangers: number; near: number }>(
    `select count(*)::int as all, count(*) filter (where caller = $1)::int as same,
       count(*) filter (where caller is null)::int as strangers,
       count(*) filter (where caller is null and address = $2)::int as near
     from pipeline.event_connection where id <> $3`,
    [caller?.id ?? null, address, but],
  )
  const [there] = rows
  if (there === undefined) return
  if (caller !== undefined && there.same >= most.caller) {
    throw new PipelineError('EVENTS_FULL', `This key or token has ${most.caller} subscribers already`)
  }
  const isFull = there.all >= most.all || (caller === undefined && there.strangers >= most.strangers)
  if (isFull || (caller === undefined && there.near >= most.near)) {
    throw new PipelineError('EVENTS_FULL', 'There are too many subscribers')
  }
}

/** A connection, not locked; undefined when it is not known. */
export async function findConnection(postgres: Queryable, id: string): Promise<Connection | undefined> {
  const { rows } = await postgres.query<Row>(`select ${columns} from pipeline.event_connection c where c.id = $1`, [id])
  return rows.map(connectionOf)[0]
}

/** Locks a connection, and counts a message that came from it. */
export async function hearConnection(tx: Queryable, id: string): Promise<HeldConnection | undefined> {
  const { rows } = await tx.query<Row>(
    `update pipeline.event_connection c set credit_at = clock_timestamp(),
       credit = least(${burst}, c.credit + extract(epoch from clock_timestamp() - c.credit_at) * ${perSecond}) - 1
     where c.id = $1 returning ${columns}`,
    [id],
  )
  return rows.map(connectionOf)[0]
}

/** Locks a connection that listens; undefined when another has it locked, or everything before `upTo` has been sent to it. */
export async function lockConnection(tx: Queryable, id: string, upTo?: number): Promise<HeldConnection | undefined> {
  const { rows } = await tx.query<Row>(
    `select ${columns} from pipeline.event_connection c
     where c.id = $1 and c.topics is not null and ($2::int8 is null or c.position < $2::int8)
     for update of c skip locked`,
    [id, upTo ?? null],
  )
  return rows.map(connectionOf)[0]
}

/** Notes what a connection listens to, and up to which position it was told. */
export async function saveConnection(
  tx: Queryable,
  id: string,
  { topics, position, told }: NonNullable<Connection['listening']>,
): Promise<void> {
  await tx.query(
    `update pipeline.event_connection set topics = $2::jsonb, position = $3, slow_since = null,
       told = $4, told_at = case when told is distinct from $4 then clock_timestamp() else told_at end where id = $1`,
    [id, JSON.stringify(topics), position, told],
  )
}

/** Notes that a connection took no more. */
export async function noteSlow(tx: Queryable, id: string): Promise<void> {
  await tx.query(
    `update pipeline.event_connection set slow_since = coalesce(slow_since, clock_timestamp()) where id = $1`,
    [id],
  )
}

/** Forgets a connection. */
export async function forgetConnection(postgres: Queryable, id: string): Promise<void> {
  await postgres.query('delete from pipeline.event_connection where id = $1', [id])
}

/** Forgets those that API Gateway has ended by now, should nobody have said so. */
export async function dropOld(postgres: Queryable): Promise<void> {
  await postgres.query(
    `delete from pipeline.event_connection where connected_at < clock_timestamp() - interval '${lifeMinutes} minutes'`,
  )
}

/** What there is to do for connections. */
export interface Backlog {
  /** Position of the newest event that has one. */
  last: number
  /** Whether there are events without a position. */
  pending: boolean
  /** Whether anybody listens. */
  listened: boolean
  /** How far the one has heard who has heard least. */
  from: number
}

/** One cheap question. `but`: who is left out. */
export async function backlog(postgres: Queryable, but: readonly string[] = []): Promise<Backlog> {
  const { rows } = await postgres.query<{ last: number; pending: boolean; from: number | null }>(
    `select (select last::float8 from pipeline.event_state) as last,
       exists (select from pipeline.event where position is null) as pending,
       (select min(position)::float8 from pipeline.event_connection where topics is not null and not id = any($1::text[])) as from`,
    [[...but]],
  )
  const [row] = rows
  if (row === undefined) return { last: 0, pending: false, listened: false, from: 0 }
  return { last: row.last, pending: row.pending, listened: row.from !== null, from: row.from ?? 0 }
}

const some = async (postgres: Queryable, where: string, values: readonly unknown[] = []): Promise<string[]> => {
  const { rows } = await postgres.query<{ id: string }>(
    `select c.id from pipeline.event_connection c where ${where} order by c.position, c.id limit ${most.all}`,
    values,
  )
  return rows.map(({ id }) => id)
}

/** Whether the tables are there. */
export async function hasConnections(postgres: Queryable): Promise<boolean> {
  const { rows } = await postgres.query<{ there: boolean }>(
    `select to_regclass('pipeline.event_connection') is not null as there`,
  )
  return rows[0]?.there === true
}

/** Who has not heard everything before a position. */
export const behind = (postgres: Queryable, upTo: number): Promise<string[]> =>
  some(postgres, 'c.topics is not null and c.position < $1', [upTo])

/** Who has said nothing for a minute after it came. */
export const silentStrangers = (postgres: Queryable): Promise<string[]> =>
  some(postgres, `c.topics is null and c.connected_at < clock_timestamp() - interval '1 minute'`)

/** Whose key or token is no longer good. */
export const endedCallers = (postgres: Queryable): Promise<string[]> => some(postgres, ended)

/** Who should be told its position: it has moved, or nothing was said for so long that API Gateway might end an idle connection (10 minutes). */
export const untold = (postgres: Queryable): Promise<string[]> =>
  some(
    postgres,
    `c.topics is not null and (c.told <> c.position or c.told_at < clock_timestamp() - interval '5 minutes')`,
  )

/** Notes that something was said. */
export async function noteTold(tx: Queryable, id: string): Promise<void> {
  await tx.query('update pipeline.event_connection set told = position, told_at = clock_timestamp() where id = $1', [
    id,
  ])
}

function connectionOf(row: Row): HeldConnection {
  const { caller, scopes, topics, position, told } = row
  return {
    ...(caller === null ? {} : { caller: { id: caller, scopes: new Set(scopes.filter(isScope)) } }),
    ...(topics === null || position === null
      ? {}
      : { listening: { topics: topicsOf.parse(topics), position, told: told ?? position } }),
    ...{ ended: row.ended, credit: row.credit, slowMs: row.slow },
  }
}
