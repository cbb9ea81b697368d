import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { openPostgres } from '../../../lib/stores/postgres/index.ts'
import type { Connection, PostgresStore } from '../../../lib/stores/postgres/port.ts'
import { binaryRows } from '../../helpers/binary-copy.ts'
import { rejectsWith } from '../../helpers/rejects.ts'
import type { Ground } from './conformance.ts'

/** What a bulk load has to do on every adapter. */
export function copyConformance(name: string, prepare: () => Promise<Ground>): void {
  describe(`bulk loads on ${name}`, { timeout: 120_000 }, () => {
    let ground: Ground
    let store: PostgresStore
    let connection: Connection

    before(async () => {
      ground = await prepare()
      store = await openPostgres(ground.config)
    })
    beforeEach(async () => {
      await store.query('create table loaded (id int not null, name text)')
      connection = await store.connect()
    })
    afterEach(async () => {
      await connection.close()
      await store.query('drop table loaded')
    })
    after(async () => {
      await store?.close()
      await ground?.remove()
    })

    const count = async () => (await store.query<{ n: number }>('select count(*)::int n from loaded')).rows[0]?.n
    const rows = (from: number, length: number) =>
      binaryRows(Array.from({ length }, (_, at) => [from + at, at % 10 === 0 ? null : `name of ${from + at}`]))

    test('100,000 rows through two recycled buffers', async () => {
      const sink = await connection.copyIn('"public"."loaded" ("id", "name")')
      const buffers = [Buffer.alloc(512 * 1024), Buffer.alloc(512 * 1024)]
      const underWay: Promise<void>[] = [Promise.resolve(), Promise.resolve()]
      for (let block = 0; block < 20; block += 1) {
        const slot = block % 2
        await underWay[slot]
        const bytes = rows(block * 5_000, 5_000)
        const buffer = buffers[slot] ?? Buffer.alloc(0)
        bytes.copy(buffer)
        // A buffer that were read after its promise would send rows twice and lose others.
        underWay[slot] = sink.write(buffer.subarray(0, bytes.length))
      }
      await Promise.all(underWay)
      assert.equal(await sink.end(), 100_000)
      const { rows: sums } = await store.query(
        `select count(*)::int n, count(distinct id)::int ids, sum(id) total, count(name)::int named,
           count(*) filter (where name <> 'name of ' || id)::int wrong from loaded`,
      )
      assert.deepEqual(sums, [{ n: 100_000, ids: 100_000, total: '4999950000', named: 90_000, wrong: 0 }])
    })

    test('buffers are left alone until a slow database has taken them', async () => {
      // The first row keeps the database busy while more is sent than all socket buffers on the way can hold.
      await store.query(`
        create function slow() returns trigger language plpgsql as
          $$ begin if new.id = 0 then perform pg_sleep(0.5); end if; return new; end $$;
        create trigger slow before insert on loaded for each row execute function slow()`)
      const sink = await connection.copyIn('loaded')
      const buffers = [Buffer.alloc(1_000_000), Buffer.alloc(1_000_000)]
      const underWay: Promise<void>[] = [Promise.resolve(), Promise.resolve()]
      for (let block = 0; block < 30; block += 1) {
        const slot = block % 2
        const name = `${block} `.repeat(300)
        const bytes = binaryRows(Array.from({ length: 1_000 }, (_, at) => [block * 1_000 + at, name]))
        await underWay[slot]
        const buffer = buffers[slot] ?? Buffer.alloc(0)
        bytes.copy(buffer)
        underWay[slot] = sink.write(buffer.subarray(0, bytes.length))
      }
      await Promise.all(underWay)
      assert.equal(await sink.end(), 30_000)
      const { rows: sums } = await store.query(
        `select count(distinct id)::int ids, count(*) filter (where name <> repeat(id / 1000 || ' ', 300))::int wrong from loaded`,
      )
      assert.deepEqual(sums, [{ ids: 30_000, wrong: 0 }])
      await store.query('drop trigger slow on loaded; drop function slow()')
    })

    test('an empty load', async () => {
      const sink = await connection.copyIn('loaded')
      assert.equal(await sink.end(), 0)
      await connection.query('select 1')
    })

    test('a missing table is told before any row is sent', async () => {
      await rejectsWith(connection.copyIn('nowhere'), 'SQL_42P01')
      await rejectsWith(connection.copyIn('loaded (nothing)'), 'SQL_42703')
      assert.equal(await (await connection.copyIn('loaded')).end(), 0)
    })

    test('a row that breaks the table fails the load and names the column', async () => {
      const sink = await connection.copyIn('loaded')
      await sink.write(rows(0, 100))
      const failing = sink.write(binaryRows([[null, 'no id']]))
      const error = await rejectsWith(
        failing.then(() => sink.end()),
        'SQL_23502',
      )
      assert.deepEqual([error.details?.table, error.details?.column, error.retryable], ['loaded', 'id', false])
      await rejectsWith(sink.write(rows(0, 1)), 'SQL_23502')
      await rejectsWith(sink.end(), 'SQL_23502')
      assert.equal(await count(), 0)
      await connection.query('select 1')
    })

    test('an error in the middle of a long load stops its writers', async () => {
      const sink = await connection.copyIn('loaded')
      const write = async () => {
        await sink.write(binaryRows([[1, 'fine', 'too many']]))
        for (let block = 0; block < 400; block += 1) await sink.write(rows(0, 5_000))
      }
      await rejectsWith(write(), 'SQL_22P04')
      await rejectsWith(sink.end(), 'SQL_22P04')
      assert.equal(await count(), 0)
      assert.equal(await (await connection.copyIn('loaded')).end(), 0)
    })

    test('a load that is given up leaves no rows', async () => {
      const sink = await connection.copyIn('loaded')
      await sink.write(rows(0, 1_000))
      await sink.fail('the file was cut')
      await sink.fail('twice is no harm')
      assert.equal(await count(), 0)
      await connection.query('select 1')
    })

    test('inside a transaction a load is part of it', async () => {
      const big = Array.from({ length: 40 }, (_, block) => rows(block * 5_000, 5_000))
      const load = (outcome: 'commit' | 'throw') =>
        connection.transaction(async (tx) => {
          await tx.query('create table fresh (id int, name text)')
          const sink = await connection.copyIn('fresh', { freeze: true })
          for (const block of big) await sink.write(block)
          assert.equal(await sink.end(), 200_000)
          await tx.query(`insert into fresh values (-1, 'last')`)
          if (outcome === 'throw') throw new Error('after all not')
        })
      await assert.rejects(load('throw'), /after all not/)
      await rejectsWith(store.query('select 1 from fresh'), 'SQL_42P01')
      await load('commit')
      assert.deepEqual((await store.query('select count(*)::int n from fresh')).rows, [{ n: 200_001 }])
      await store.query('drop table fresh')
    })

    test('a failed load fails its transaction', async () => {
      const work = connection.transaction(async (tx) => {
        await tx.query('insert into loaded values (1)')
        const sink = await connection.copyIn('loaded')
        await sink.write(binaryRows([[null, 'no id']])).catch(() => undefined)
        await rejectsWith(sink.end(), 'SQL_23502')
        await rejectsWith(tx.query('select 1'), 'SQL_25P02')
      })
      await rejectsWith(work, 'SQL_25P02')
      assert.equal(await count(), 0)
    })

    test('a transaction cannot end with a load still open', async () => {
      const work = connection.transaction(async () => {
        const sink = await connection.copyIn('loaded')
        await sink.write(rows(0, 10))
      })
      await rejectsWith(work, 'COPY_OPEN')
      assert.equal(await count(), 0)
    })

    test('other clients go on while a load is open', async () => {
      const sink = await connection.copyIn('loaded')
      await sink.write(rows(0, 5_000))
      await rejectsWith(connection.query('select 1'), 'COPY_OPEN')
      await store.query('create table beside (id int)')
      await store.transaction((tx) => tx.query('insert into beside values (1)'))
      await sink.write(rows(5_000, 5_000))
      assert.deepEqual((await store.query('select * from beside')).rows, [{ id: 1 }])
      assert.equal(await sink.end(), 10_000)
      await store.query('drop table beside')
    })

    test('two loads at once keep their rows apart', async () => {
      await store.query('create table other (id int not null, name text)')
      const second = await store.connect()
      const load = async (on: Connection, table: string, from: number) => {
        const sink = await on.copyIn(table)
        for (let block = 0; block < 30; block += 1) await sink.write(rows(from, 5_000))
        return sink.end()
      }
      const counts = await Promise.all([load(connection, 'loaded', 0), load(second, 'other', 1_000_000)])
      assert.deepEqual(counts, [150_000, 150_000])
      const { rows: bounds } = await store.query('select (select max(id) from loaded) a, (select min(id) from other) b')
      assert.deepEqual(bounds, [{ a: 4_999, b: 1_000_000 }])
      await second.close()
      await store.query('drop table other')
    })

    test('a connection closed in the middle of a load leaves nothing of an open transaction', async () => {
      const closing = await store.connect()
      const work = closing.transaction(async (tx) => {
        await tx.query('insert into loaded values (7)')
        const sink = await closing.copyIn('loaded')
        await sink.write(rows(0, 5_000))
        await closing.close()
        await sink.write(rows(0, 5_000))
      })
      await rejectsWith(work, 'STORE_UNAVAILABLE')
      assert.equal(await count(), 0)
    })
  })
}
