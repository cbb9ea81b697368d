import { migrate } from '../postgres/migrate.ts'
import type { PostgresStore } from '../postgres/port.ts'
import { openCalls } from './calls.ts'
import { checkKey, checkPrefix, decodeValue, encodeValue, wholeTtl } from './entry.ts'
import type { Cache } from './port.ts'
import { cacheMigrations } from './table-migrations.ts'

/** Bounds of {@link openTableCache}, kept to within the writes between two looks (see there). */
export interface TableCacheOptions {
  /** By default 10,000. */
  maxEntries?: number
  /** JSON bytes of all values, by default 64 MiB. */
  maxBytes?: number
}

const MAX_ENTRIES = 10_000
const MAX_BYTES = 64 << 20
/** Rows deleted by one statement, so that none of them holds the others up. */
const BATCH = 500
/** Writes of one process between two looks at the bounds, at most. */
const LOOK_EVERY = 100
/** Written bytes between two looks, as a part of `maxBytes`. */
const LOOK_PART = 8

/**
 * The cache port on the table `pipeline.cache`, made here where it is missing. Expired entries are never seen and are
 * removed in small batches, together with those that expire soonest when there are too many: each process looks before
 * one write in a hundred (sooner with small bounds), hence the table can exceed its bounds by that much a process. The
 * store is the caller's and stays open.
 */
export async function openTableCache(postgres: PostgresStore, options: TableCacheOptions = {}): Promise<Cache> {
  const { maxEntries = MAX_ENTRIES, maxBytes = MAX_BYTES } = options
  await migrate(postgres, cacheMigrations)
  const calls = openCalls('cache')
  const lookEvery = Math.max(1, Math.min(LOOK_EVERY, Math.floor(maxEntries / 10)))
  // The first write looks: another process may have left the table full.
  let writes = lookEvery
  let written = 0

  /** Before the write, not after it: an error then means that nothing was set. */
  async function makeRoom(bytes: number): Promise<void> {
    writes += 1
    written += bytes
    if (writes <= lookEvery && written <= maxBytes / LOOK_PART) return
    writes = 1
    written = bytes
    await deleteAll(
      `select key from pipeline.cache where expires_at <= statement_timestamp() limit ${BATCH} for update skip locked`,
    )
    const { rows } = await postgres.query<{ crowded: boolean }>(
      'select count(*) > $1::int8 or sum(bytes) > $2::int8 as crowded from pipeline.cache',
      [maxEntries, maxBytes],
    )
    if (rows[0]?.crowded !== true) return
    await deleteAll(
      `select key from pipeline.cache where key in (
         select key from (
           select key, expires_at, row_number() over latest as nth, sum(bytes) over latest as total
           from pipeline.cache window latest as (order by expires_at desc, key rows unbounded preceding)
         ) ranked where nth > $1::int8 or total > $2::int8 order by expires_at limit ${BATCH}
       ) for update skip locked`,
      [maxEntries, maxBytes],
    )
  }

  /**
   * Deletes, batch after batch, what a query of keys gives and locks. The lock is what keeps an entry that another process
   * has just set anew, and skipping what is locked is what keeps two of these from waiting for each other.
   */
  async function deleteAll(keys: string, values: readonly unknown[] = []): Promise<void> {
    for (;;) {
      const { rowCount } = await postgres.query(`delete from pipeline.cache where key in (${keys})`, values)
      if (rowCount < BATCH) return
    }
  }

  async function deletePrefix(prefix: string): Promise<number> {
    let last = ''
    let deleted = 0
    for (;;) {
      // In the order of keys, so that two of these never wait for each other, and so that it ends under constant writes.
      const { rows } = await postgres.query<{ key: string; live: boolean }>(
        `delete from pipeline.cache where key in (
           select key from pipeline.cache where starts_with(key, $1) and key > $2 order by key limit ${BATCH} for update
         ) returning key, expires_at > statement_timestamp() as live`,
        [prefix, last],
      )
      for (const row of rows) {
        if (row.live) deleted += 1
        if (Buffer.compare(Buffer.from(row.key), Buffer.from(last)) > 0) last = row.key
      }
      if (rows.length < BATCH) return deleted
    }
  }

  return {
    kind: 'table',
    get: (key) =>
      calls.run(async () => {
        checkKey(key)
        const { rows } = await postgres.query<{ value: string }>(
          'select value::text as value from pipeline.cache where key = $1 and expires_at > statement_timestamp()',
          [key],
        )
        return rows[0] === undefined ? undefined : decodeValue(key, rows[0].value)
      }),
    set: (key, value, { ttlMs }) =>
      calls.run(async () => {
        checkKey(key)
        const ttl = wholeTtl(ttlMs)
        const { text, bytes } = encodeValue(key, value)
        await makeRoom(bytes)
        await postgres.query(`${insert} on conflict (key) do update ${replace}`, [key, text, bytes, ttl])
      }),
    setIfAbsent: (key, value, { ttlMs }) =>
      calls.run(async () => {
        checkKey(key)
        const ttl = wholeTtl(ttlMs)
        const { text, bytes } = encodeValue(key, value)
        await makeRoom(bytes)
        const { rowCount } = await postgres.query(
          `${insert} on conflict (key) do update ${replace} where cache.expires_at <= statement_timestamp()`,
          [key, text, bytes, ttl],
        )
        return rowCount === 1
      }),
    delete: (key) =>
      calls.run(async () => {
        checkKey(key)
        await postgres.query('delete from pipeline.cache where key = $1', [key])
      }),
    deletePrefix: (prefix) =>
      calls.run(async () => {
        checkPrefix(prefix)
        return deletePrefix(prefix)
      }),
    close: () => calls.close(),
  }
}

const insert = `insert into pipeline.cache as cache (key, value, bytes, expires_at)
  values ($1, $2, $3, statement_timestamp() + $4::float8 * interval '1 millisecond')`
const replace = 'set value = excluded.value, bytes = excluded.bytes, expires_at = excluded.expires_at'
