import { randomUUID } from 'node:crypto'
import { PipelineError } from '../errors.ts'
import type { Queryable } from '../stores/postgres/port.ts'
import { type Affected, type Alert, alertTopic, type Difference, differs, makeAlert, type Served } from './alert.ts'
import { enqueueOutbox } from './outbox.ts'

/** What is broken: a source (nothing it has can be had), a dataset, or something that a flow names itself. */
export type IncidentKind = 'source' | 'dataset' | 'custom'

/** A failure that belongs to an incident. */
export interface Failure {
  /** What is broken; while an incident of this key is open there is no other. */
  key: string
  kind: IncidentKind
  /** What is broken, for a person. */
  what: string
  /** What it affects: a dataset. '' where there is nothing to tell apart. */
  item: string
  error: { code: string; message: string }
  /** What the item's readers get meanwhile; null for nothing. */
  served: Served | null
  /** When; also what the time of a flap is counted by. */
  at: Date
  /** An incident that comes back within so many minutes after it was closed is the same one. */
  flapMinutes: number
}

/** What a failure or a recovery did. `alert` is what the administrator gets, and is in the outbox. */
export interface IncidentChange {
  /** Undefined when no incident was concerned. */
  incident: string | undefined
  change: 'opened' | 'reopened' | 'closed' | 'none'
  alert: Alert | undefined
}

interface Row extends Record<string, unknown> {
  id: string
  key: string
  kind: IncidentKind
  what: string
  state: 'open' | 'closed'
  opened_at: Date
  reopened_at: Date | null
  closed_at: Date | null
  failures: number
  flaps: number
  announced: boolean
  error: { code: string; message: string }
}

const columns = 'id::text, key, kind, what, state, opened_at, reopened_at, closed_at, failures, flaps, announced, error'

/**
 * Notes a failure, in the caller's transaction: the first one opens an incident and puts one alert into the outbox, further ones
 * only raise its counts and what it affects. An incident that had been closed less than `flapMinutes` ago goes on instead, and
 * is alerted about only once it has lasted that long again. Call `wakeOutbox` after the commit when there is an alert.
 */
export async function raiseIncident(tx: Queryable, failure: Failure): Promise<IncidentChange> {
  await turn(tx, failure.key)
  const known = await again(tx, failure)
  const reopened = known === undefined ? await reopen(tx, failure) : undefined
  const row = known ?? reopened ?? (await open(tx, failure))
  await tx.query(
    `insert into pipeline.incident_item as i (incident, item, failures, first_at, last_at, served)
     values ($1::uuid, $2, 1, $3, $3, $4::jsonb)
     on conflict (incident, item) do update set failures = i.failures + 1, last_at = excluded.last_at,
       served = excluded.served, recovered_at = null, difference = null, reported = false`,
    [row.id, failure.item, failure.at.toISOString(), failure.served === null ? null : JSON.stringify(failure.served)],
  )
  if (known === undefined && reopened === undefined) {
    return { incident: row.id, change: 'opened', alert: await alert(tx, row, 'opened') }
  }
  // Told that it was over, the administrator has to know once it is plain that it is not.
  const since = row.reopened_at?.getTime() ?? failure.at.getTime()
  const late = !row.announced && failure.at.getTime() - since >= failure.flapMinutes * 60_000
  if (late) await tx.query('update pipeline.incident set announced = true where id = $1::uuid', [row.id])
  return {
    incident: row.id,
    change: late || reopened !== undefined ? 'reopened' : 'none',
    alert: late ? await alert(tx, row, 'reopened') : undefined,
  }
}

/** A recovery of an item. */
export interface Recovery {
  key: string
  /** Null: whatever it affects, because what works for one works for all. */
  item: string | null
  at: Date
  /** What the primary had that was not served meanwhile; null when there is nothing to compare. */
  difference: Difference | null
}

/**
 * Notes, in the caller's transaction, that an item of an open incident is served by its primary again. When it was the last one
 * the incident closes, with an alert that tells the differences; a flap that nobody was told of closes without, unless there
 * are differences.
 */
export async function recoverItem(tx: Queryable, { key, item, at, difference }: Recovery): Promise<IncidentChange> {
  await turn(tx, key)
  const time = at.toISOString()
  const { rows: found } = await tx.query<{ id: string }>(
    `update pipeline.incident_item i set recovered_at = $3, difference = $4::jsonb
     from pipeline.incident o where o.id = i.incident and o.key = $1 and o.state = 'open' and ($2::text is null or i.item = $2)
       and i.recovered_at is null returning o.id::text`,
    [key, item, time, difference === null ? null : JSON.stringify(difference)],
  )
  const incident = found[0]?.id
  if (incident === undefined) return { incident, change: 'none', alert: undefined }
  return close(tx, incident, time)
}

async function close(tx: Queryable, incident: string, time: string): Promise<IncidentChange> {
  const { rows } = await tx.query<Row>(
    `update pipeline.incident o set state = 'closed', closed_at = $2 where id = $1::uuid and state = 'open'
       and not exists (select from pipeline.incident_item i where i.incident = o.id and i.recovered_at is null)
     returning ${columns}`,
    [incident, time],
  )
  const row = rows[0]
  if (row === undefined) return { incident, change: 'none', alert: undefined }
  const news = (await affectedBy(tx, row.id, 'closed')).some((item) => differs(item.difference))
  const told = row.announced || news ? await alert(tx, row, 'closed') : undefined
  await tx.query('update pipeline.incident_item set reported = true where incident = $1::uuid', [row.id])
  return { incident, change: 'closed', alert: told }
}

/** An item that is not served by its primary. */
export interface PendingItem {
  key: string
  kind: IncidentKind
  served: Served | null
}

/** The open incidents, of the given kinds, that an item waits in. */
export async function pendingIncidents(
  q: Queryable,
  item: string,
  kinds: readonly IncidentKind[],
): Promise<PendingItem[]> {
  const { rows } = await q.query<{ key: string; kind: IncidentKind; served: Served | null }>(
    `select o.key, o.kind, i.served from pipeline.incident_item i join pipeline.incident o on o.id = i.incident
     where i.item = $1 and i.recovered_at is null and o.state = 'open' and o.kind = any($2::text[]) order by o.key`,
    [item, kinds],
  )
  return rows
}

/** An incident for display. Times are ISO. */
export interface IncidentRow {
  id: string
  key: string
  kind: IncidentKind
  what: string
  state: 'open' | 'closed'
  openedAt: string
  closedAt: string | null
  failures: number
  flaps: number
  error: { code: string; message: string }
  affected: (Affected & { recoveredAt: string | null })[]
}

/** The newest incidents first, at most `limit` (100), with up to 200 of the items of each. */
export async function listIncidents(
  q: Queryable,
  options: { state?: 'open' | 'closed'; limit?: number } = {},
): Promise<IncidentRow[]> {
  const { rows } = await q.query<Row>(
    `select ${columns} from pipeline.incident where $1::text is null or state = $1
     order by coalesce(reopened_at, opened_at) desc, id limit $2`,
    [options.state ?? null, Math.min(options.limit ?? 20, 100)],
  )
  const list: IncidentRow[] = []
  for (const { id, key, kind, what, state, opened_at, closed_at, failures, flaps, error } of rows) {
    const items = await q.query<Affected & { recovered_at: Date | null } & Record<string, unknown>>(
      `select item, failures, served, difference, recovered_at from pipeline.incident_item where incident = $1::uuid
       order by item limit 200`,
      [id],
    )
    list.push({
      ...{ id, key, kind, what, state, failures, flaps, error },
      openedAt: opened_at.toISOString(),
      closedAt: closed_at?.toISOString() ?? null,
      affected: items.rows.map(({ recovered_at, ...item }) => ({
        ...item,
        recoveredAt: recovered_at?.toISOString() ?? null,
      })),
    })
  }
  return list
}

/** An item of an open incident that nobody has asked for so long is not waited for any more: its flow is gone. */
const abandonedDays = 45

/** Keeps the incidents bounded: lets go of items that nobody asks for any more, and of incidents closed `keepDays` ago. */
export async function tidyIncidents(
  store: { transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T> },
  now: Date,
  keepDays: number,
): Promise<void> {
  const time = now.toISOString()
  await store.transaction(async (tx) => {
    const { rows } = await tx.query<{ id: string }>(
      `update pipeline.incident_item i set recovered_at = $1 from pipeline.incident o
       where o.id = i.incident and o.state = 'open' and i.recovered_at is null
         and i.last_at < $1::timestamptz - $2::int * interval '1 day' returning o.id::text`,
      [time, abandonedDays],
    )
    for (const id of new Set(rows.map((row) => row.id))) await close(tx, id, time)
    await tx.query(
      `delete from pipeline.incident where id in (select id from pipeline.incident where state = 'closed'
         and closed_at < $1::timestamptz - $2::int * interval '1 day' limit 1000)`,
      [time, keepDays],
    )
  })
}

/** Two processes that deal with the same thing take turns, until the end of their transactions. */
async function turn(tx: Queryable, key: string): Promise<void> {
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`pipeline.incident ${key}`])
}

/** A further failure of an open incident. */
async function again(tx: Queryable, { key, error, at }: Failure): Promise<Row | undefined> {
  const { rows } = await tx.query<Row>(
    `update pipeline.incident set failures = failures + 1, last_failed_at = greatest(last_failed_at, $2), error = $3::jsonb
     where key = $1 and state = 'open' returning ${columns}`,
    [key, at.toISOString(), errorText(error)],
  )
  return rows[0]
}

/** A failure soon after the incident had been closed. */
async function reopen(tx: Queryable, { key, error, at, flapMinutes }: Failure): Promise<Row | undefined> {
  const { rows } = await tx.query<Row>(
    `update pipeline.incident set state = 'open', closed_at = null, reopened_at = $2, announced = false,
       failures = failures + 1, flaps = flaps + 1, last_failed_at = $2, error = $3::jsonb
     where id = (select id from pipeline.incident where key = $1 and state = 'closed'
       and closed_at > $2::timestamptz - $4::double precision * interval '1 minute' order by closed_at desc limit 1)
     returning ${columns}`,
    [key, at.toISOString(), errorText(error), flapMinutes],
  )
  return rows[0]
}

async function open(tx: Queryable, { key, kind, what, error, at }: Failure): Promise<Row> {
  const { rows } = await tx.query<Row>(
    `insert into pipeline.incident (id, key, kind, what, state, opened_at, last_failed_at, failures, announced, error)
     values ($1::uuid, $2, $3, $4, 'open', $5, $5, 1, true, $6::jsonb)
     on conflict (key) where state = 'open' do nothing returning ${columns}`,
    [randomUUID(), key, kind, what, at.toISOString(), errorText(error)],
  )
  const row = rows[0]
  // Whoever writes without taking its turn; the next try finds it open.
  if (row === undefined) {
    throw new PipelineError('CONFLICT', `The incident ${key} was opened by somebody else`, { retryable: true })
  }
  return row
}

function errorText({ code, message }: { code: string; message: string }): string {
  return JSON.stringify({ code, message: message.replaceAll('\0', '').slice(0, 1_000) })
}

async function alert(tx: Queryable, row: Row, event: Alert['event']): Promise<Alert> {
  const made = makeAlert({
    event,
    incident: row.id,
    key: row.key,
    kind: row.kind,
    what: row.what,
    since: row.opened_at.toISOString(),
    until: event === 'closed' ? (row.closed_at?.toISOString() ?? null) : null,
    failures: row.failures,
    flaps: row.flaps,
    error: row.error,
    affected: await affectedBy(tx, row.id, event),
  })
  const key = `incident/${row.id}/${event}${row.flaps > 0 ? `/${row.flaps}` : ''}`
  await enqueueOutbox(tx, { key, topic: alertTopic, payload: made })
  return made
}

/** What an alert tells of: what is affected now, or at the end what recovered since it was last told. */
async function affectedBy(tx: Queryable, incident: string, event: Alert['event']): Promise<Affected[]> {
  const { rows } = await tx.query<Affected & Record<string, unknown>>(
    `select item, failures, served, difference from pipeline.incident_item
     where incident = $1::uuid and item <> '' and case when $2 then not reported else recovered_at is null end
     order by item limit 1000`,
    [incident, event === 'closed'],
  )
  return rows
}
