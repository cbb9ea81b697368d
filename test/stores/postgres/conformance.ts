import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, afterEach, before, describe, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { type Migration, migrate, openPostgres, type PostgresConfig } from '../../../lib/stores/postgres/index.ts'
import type { PostgresStore } from '../../../lib/stores/postgres/port.ts'
import { rejectsWith } from '../../helpers/rejects.ts'

/** A database to test against: how to open it, and how to get rid of it. */
export interface Ground {
  config: PostgresConfig
  remove(): Promise<void>
}

/** What every adapter of the port has to do, bulk loads apart. `prepare` gives a fresh, empty database. */
export function conformance(name: string, prepare: () => Promise<Ground>): void {
  describe(`the PostgreSQL port on ${name}`, { timeout: 120_000 }, () => {
    let ground: Ground
    let store: PostgresStore
    const opened: PostgresStore[] = []

    const another = async (options: Partial<Pick<PostgresConfig, 'maxConnections' | 'statementTimeoutMs'>> = {}) => {
      const next = await openPostgres({ ...ground.config, ...options })
      opened.push(next)
      return next
    }

    before(async () => {
      ground = await prepare()
      store = await openPostgres(ground.config)
    })
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((extra) => extra.close()))
    })
    after(async () => {
      await store?.close()
      await ground?.remove()
    })

    test('types come back as documented', async () => {
      const { rows } = await store.query(`
        select 9007199254740993::int8 as big, 12.340::numeric as exact, date '2024-02-29' as day,
          timestamp '2024-02-29 23:59:59.5' as local, timestamptz '2024-02-29 23:00:00-03' as instant,
          '\\x00ff'::bytea as bytes, array[date '2024-01-01', null] as days, array[timestamp '2024-01-01 10:00:00'] as locals,
          '{"a":[1]}'::jsonb as json, null::text as nothing, true as yes, 1.5::float8 as number, array[1, 2] as ints`)
      assert.deepEqual(rows, [
        {
          big: '9007199254740993',
          exact: '12.340',
          day: '2024-02-29',
          local: '2024-02-29 23:59:59.5',
          instant: new Date('2024-03-01T02:00:00Z'),
          bytes: Buffer.from([0, 255]),
          days: ['2024-01-01', null],
          locals: ['2024-01-01 10:00:00'],
          json: { a: [1] },
          nothing: null,
          yes: true,
          number: 1.5,
          ints: [1, 2],
        },
      ])
    })

    test('the session speaks UTC', async () => {
      const { rows } = await store.query(`select (timestamptz '2024-03-01 02:00:00+00')::date as day`)
      assert.deepEqual(rows, [{ day: '2024-03-01' }])
    })

    test('values are bound, whatever is in them', async () => {
      const text = `it's "quoted"; drop table x; -- ção \u{1f31e} $1 \\ `
      const values = [text, null, 42, [1, 2], { deep: [text] }, Buffer.from([0, 1, 2]), new Date(86_400_000)]
      const { rows } = await store.query(
        'select $1::text a, $2::text b, $3::int c, $4::int[] d, $5::jsonb e, $6::bytea f, $7::timestamptz g',
        values,
      )
      assert.deepEqual(Object.values(rows[0] ?? {}), values)
    })

    test('rowCount counts what was touched', async () => {
      await store.query('create table counted (id int primary key)')
      assert.equal((await store.query('insert into counted select generate_series(1, 5)')).rowCount, 5)
      assert.equal((await store.query('update counted set id = id + 10 where id > $1', [3])).rowCount, 2)
      assert.equal((await store.query('select * from counted where id > 100')).rowCount, 0)
      assert.equal((await store.query('select 1; select 2; delete from counted')).rowCount, 5)
    })

    test('large values and large results', async () => {
      const text = 'ç'.repeat(3_000_000)
      const { rows } = await store.query<{ size: number; back: string }>(
        'select octet_length($1::text) size, $1::text back',
        [text],
      )
      assert.equal(rows[0]?.size, 6_000_000)
      assert.ok(rows[0]?.back === text)
      const many = await store.query<{ n: number }>(
        'select n, repeat(md5(n::text), 3) t from generate_series(1, 50000) n',
      )
      assert.equal(
        many.rows.reduce((sum, row) => sum + row.n, 0),
        1_250_025_000,
      )
    })

    test('errors carry code, place and no row data', async () => {
      await store.query('create table guarded (id int constraint guarded_key primary key, name text not null)')
      await store.query(`insert into guarded values (1, 'a')`)
      const syntax = await rejectsWith(store.query('selec 1'), 'SQL_42601')
      assert.equal(syntax.retryable, false)
      assert.equal(syntax.details?.position, '1')
      const unique = await rejectsWith(store.query(`insert into guarded values ($1, 'b')`, [1]), 'SQL_23505')
      assert.deepEqual(
        [unique.details?.table, unique.details?.constraint, unique.details?.detail],
        ['guarded', 'guarded_key', 'Key (id)=(1) already exists.'],
      )
      const missing = await rejectsWith(store.query('insert into guarded values (22446688, null)'), 'SQL_23502')
      assert.equal(missing.details?.column, 'name')
      assert.ok(!JSON.stringify(missing).includes('22446688'), 'the failing row stays out of the error')
      assert.deepEqual((await store.query('select count(*)::int n from guarded')).rows, [{ n: 1 }])
    })

    test('a transaction commits what it did', async () => {
      await store.query('create table ledger (id int primary key, amount int not null)')
      const result = await store.transaction(async (tx) => {
        await tx.query('insert into ledger values (1, 10)')
        await tx.query('insert into ledger values ($1, $2)', [2, 20])
        return 'done'
      })
      assert.equal(result, 'done')
      assert.deepEqual((await store.query('select sum(amount)::int s from ledger')).rows, [{ s: 30 }])
    })

    test('a transaction whose work throws leaves nothing', async () => {
      await store.query('create table undone (id int)')
      const reason = new Error('changed my mind')
      await assert.rejects(
        store.transaction(async (tx) => {
          await tx.query('insert into undone values (1)')
          throw reason
        }),
        (error) => error === reason,
      )
      assert.deepEqual((await store.query('select * from undone')).rows, [])
    })

    test('a failed statement that the work ignores still fails the transaction', async () => {
      await store.query('create table ignored (id int)')
      const work = store.transaction(async (tx) => {
        await tx.query('insert into ignored values (1)')
        await tx.query('select 1/0').catch(() => undefined)
      })
      await rejectsWith(work, 'SQL_25P02')
      assert.deepEqual((await store.query('select * from ignored')).rows, [])
    })

    test('a statement after the end of its transaction is refused', async () => {
      const tx = await store.transaction(async (open) => open)
      await rejectsWith(tx.query('select 1'), 'TRANSACTION_OVER')
    })

    test('transactions of many clients lose no update', async () => {
      await store.query('create table counter (id int primary key, n int not null)')
      await store.query('insert into counter values (1, 0)')
      const second = await another()
      const add = (on: PostgresStore) =>
        on.transaction(async (tx) => {
          const { rows } = await tx.query<{ n: number }>('select n from counter where id = 1 for update')
          await tx.query('update counter set n = $1 where id = 1', [(rows[0]?.n ?? 0) + 1])
        })
      await Promise.all(Array.from({ length: 60 }, (_, at) => add(at % 2 === 0 ? store : second)))
      assert.deepEqual((await store.query('select n from counter')).rows, [{ n: 60 }])
    })

    test('a statement beyond its deadline is given up, and the store goes on', async () => {
      const hasty = await another({ statementTimeoutMs: 400 })
      const error = await rejectsWith(hasty.query('select pg_sleep(1)'), 'STORE_TIMEOUT')
      assert.equal(error.retryable, true)
      // The embedded store is busy until the late statement has ended: as with any other, waiting is part of the deadline.
      await hasty.query('select 1', [], { timeoutMs: 5_000 })
      await hasty.query('select pg_sleep(0.6)', [], { timeoutMs: 5_000 })
      await hasty.transaction((tx) => tx.query('select pg_sleep(0.6)', [], { timeoutMs: 0 }))
      await rejectsWith(hasty.query('select pg_sleep(1)'), 'STORE_TIMEOUT')
    })

    test('who finds no connection in time is told so', async () => {
      const narrow = await another({ maxConnections: 1, statementTimeoutMs: 300 })
      const { promise: held, resolve: letGo } = Promise.withResolvers<void>()
      const { promise: holding, resolve: begun } = Promise.withResolvers<void>()
      const holder = narrow.transaction(async (tx) => {
        await tx.query('select 1')
        begun()
        await held
      })
      await holding
      const error = await rejectsWith(narrow.query('select 1'), 'STORE_BUSY')
      assert.equal(error.retryable, true)
      letGo()
      await holder
      await narrow.query('select 1')
    })

    test('close waits for what is in flight and refuses the rest', async () => {
      const closing = await openPostgres({ ...ground.config, maxConnections: 2 })
      const work = Array.from({ length: 6 }, (_, at) => closing.query(`select ${at} as n, pg_sleep(0.05)`))
      const closed = closing.close()
      await rejectsWith(closing.query('select 1'), 'STORE_CLOSED')
      await rejectsWith(closing.connect(), 'STORE_CLOSED')
      const done = await Promise.all(work)
      assert.deepEqual(
        done.map((result) => result.rows[0]?.n),
        [0, 1, 2, 3, 4, 5],
      )
      await closed
      await closing.close()
    })

    test('notifications are heard, also those of transactions, and no more after the signal', async () => {
      const stop = new AbortController()
      const heard: (string | undefined)[] = []
      let news = Promise.withResolvers<void>()
      const over = store.listen(
        'Bell',
        (payload) => {
          heard.push(payload)
          news.resolve()
          news = Promise.withResolvers()
        },
        stop.signal,
      )
      const until = async (count: number) => {
        while (heard.length < count) await news.promise
      }
      await until(1)
      assert.deepEqual(heard, [undefined], 'once connected: something may have been missed')
      await store.query(`select pg_notify('Bell', $1)`, ['one'])
      await until(2)
      await store
        .transaction(async (tx) => {
          await tx.query(`select pg_notify('Bell', 'undone')`)
          throw new Error('undone')
        })
        .catch(() => undefined)
      await store.transaction((tx) => tx.query(`select pg_notify('Bell', 'two')`))
      await until(3)
      assert.deepEqual(heard.slice(1), ['one', 'two'])
      stop.abort()
      await over
    })

    test('a connection is a session of its own', async () => {
      const connection = await store.connect()
      const turns = await Promise.all([1, 2, 3].map((n) => connection.query('select $1::int n', [n])))
      assert.deepEqual(
        turns.map((turn) => turn.rows[0]?.n),
        [1, 2, 3],
      )
      await connection.transaction(async (tx) => {
        await tx.query('select 1')
        await rejectsWith(
          connection.transaction(async () => undefined),
          'TRANSACTION_NESTED',
        )
      })
      await connection.close()
      await rejectsWith(connection.query('select 1'), 'STORE_UNAVAILABLE')
    })

    test('a worker thread loads through the target', async () => {
      await store.query('create table from_worker (id int, name text)')
      const worker = new Worker(new URL('./copy-worker.ts', import.meta.url), { workerData: { target: store.target } })
      const [code] = await once(worker, 'exit')
      assert.equal(code, 0)
      assert.deepEqual((await store.query('select count(*)::int n from from_worker')).rows, [{ n: 1_000 }])
    })

    test('migrations raced by two stores run once', async () => {
      const second = await another()
      const list: Migration[] = [
        { component: 'a', id: 1, name: 'one', sql: 'create schema raced; create table raced.one (id int)' },
        { component: 'b', id: 1, name: 'other', sql: 'create table raced.other (id int)' },
        { component: 'a', id: 2, name: 'two', sql: 'insert into raced.one values (1); select pg_sleep(0.2)' },
      ]
      const applied = await Promise.all([store, second, store, second].map((each) => migrate(each, list)))
      assert.deepEqual(applied.map((done) => done.length).sort(), [0, 0, 0, 3])
      assert.deepEqual((await store.query('select * from raced.one')).rows, [{ id: 1 }])
      const { rows } = await store.query('select component, id, name from pipeline.migration order by component, id')
      assert.deepEqual(
        rows,
        [list[0], list[2], list[1]].map((each) => ({ component: each?.component, id: each?.id, name: each?.name })),
      )
    })

    test('a migration that fails leaves the database as it was', async () => {
      const good: Migration = { component: 'broken', id: 1, name: 'good', sql: 'create table half (id int)' }
      const bad: Migration = { component: 'broken', id: 2, name: 'bad', sql: 'create table half (id int)' }
      await rejectsWith(migrate(store, [good, bad]), 'SQL_42P07')
      await rejectsWith(store.query('select * from half'), 'SQL_42P01')
      assert.deepEqual(await migrate(store, [good]), [good])
      await rejectsWith(migrate(store, [{ ...good, name: 'renamed' }]), 'MIGRATION_MISMATCH')
      await rejectsWith(migrate(store, [bad, good]), 'MIGRATION_MISMATCH')
    })
  })
}
