import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { dataFolder } from '../../../lib/stores/postgres/embedded/layout.ts'
import { lookAfter } from '../../../lib/stores/postgres/embedded/upkeep.ts'
import { openPostgres, type PostgresStore } from '../../../lib/stores/postgres/index.ts'

/** Writes some 90 MB of log and leaves a dead row for each living one. */
async function work(store: PostgresStore): Promise<void> {
  for (let time = 0; time < 10; time += 1) await store.query(`update worked set b = b || 'y'`)
}

describe('the embedded database is looked after, for PGlite has nobody who does', () => {
  let folder: string
  let store: PostgresStore

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'upkeep-'))
    store = await openPostgres({ kind: 'embedded', folder })
    await store.query(`create table worked as select g as a, repeat('x', 200) as b from generate_series(1, 30000) g`)
  })

  after(async () => {
    await store.close()
    await rm(folder, { recursive: true, force: true })
  })

  const lastCheckpoint = async () => {
    const { rows } = await store.query<{ lsn: string }>('select redo_lsn::text as lsn from pg_control_checkpoint()')
    return rows[0]?.lsn
  }
  const size = async () => {
    const { rows } = await store.query<{ bytes: string }>(`select pg_relation_size('worked') as bytes`)
    return Number(rows[0]?.bytes)
  }
  const segments = async () =>
    (await readdir(join(dataFolder(folder), 'pg_wal'))).filter((name) => /^[0-9A-F]{24}$/.test(name)).length

  test('by itself: a log that has grown ends in a checkpoint, and is not kept', async () => {
    const before = await lastCheckpoint()
    await work(store)
    const until = performance.now() + 25_000
    while ((await lastCheckpoint()) === before && performance.now() < until) await sleep(200)
    assert.notEqual(await lastCheckpoint(), before)
  })

  test('room of dead rows is used again, and the log has a bound', async () => {
    const connection = await store.connect()
    try {
      await lookAfter(connection, { tables: true })
      const settled = await size()
      for (let round = 0; round < 4; round += 1) {
        await store.query(`update worked set b = left(b, 200) || 'z'`)
        await store.query('select pg_stat_force_next_flush()')
        const { vacuumed } = await lookAfter(connection, { tables: true })
        assert.ok(vacuumed.includes('public.worked'), `round ${round}: ${vacuumed.join(', ')}`)
      }
      assert.ok((await size()) <= settled * 1.1, `${settled} bytes became ${await size()}`)
      assert.ok((await segments()) <= 16, `${await segments()} segments of 16 MB`)
    } finally {
      await connection.close()
    }
  })

  test('catalogues too, whose rows die with the tables of loads; nothing is done where nothing is due', async () => {
    const connection = await store.connect()
    try {
      for (let table = 0; table < 60; table += 1) {
        await store.query(`create table load_${table} (a int, b text, c date, d numeric); drop table load_${table}`)
      }
      await store.query('select pg_stat_force_next_flush()')
      const { vacuumed } = await lookAfter(connection, { tables: true })
      assert.ok(vacuumed.includes('pg_catalog.pg_attribute'), vacuumed.join(', '))
      await store.query('select pg_stat_force_next_flush()')
      assert.deepEqual(await lookAfter(connection, { tables: true }), { checkpoint: false, vacuumed: [] })
    } finally {
      await connection.close()
    }
  })

  test('where writing is halted nothing is vacuumed, and a checkpoint gives log back sooner', async () => {
    const connection = await store.connect()
    try {
      await connection.query('checkpoint')
      for (let time = 0; time < 4; time += 1) await store.query(`update worked set b = left(b, 200) || 'w'`)
      await store.query('select pg_stat_force_next_flush()')
      await connection.query(`select set_config('default_transaction_read_only', 'on', false)`)
      assert.deepEqual(await lookAfter(connection, { tables: true }), { checkpoint: true, vacuumed: [] })
      await connection.query(`select set_config('default_transaction_read_only', 'off', false)`)
      const { vacuumed } = await lookAfter(connection, { tables: true })
      assert.ok(vacuumed.includes('public.worked'))
    } finally {
      await connection.close()
    }
  })
})
