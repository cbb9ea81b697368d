import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openPostgres, type PostgresConfig } from '../../../lib/stores/postgres/index.ts'
import type { Connection, PostgresStore } from '../../../lib/stores/postgres/port.ts'
import { embeddedFolder } from '../../helpers/embedded-folder.ts'
import { startPostgres } from '../../helpers/postgres-server.ts'
import { rejectsWith } from '../../helpers/rejects.ts'

/** All blocks, and the number of rows. */
async function all(blocks: AsyncGenerator<Buffer, number>): Promise<{ bytes: number; blocks: Buffer[]; rows: number }> {
  const read: Buffer[] = []
  for (;;) {
    const next = await blocks.next()
    if (next.done === true) {
      return { blocks: read, rows: next.value, bytes: read.reduce((sum, { length }) => sum + length, 0) }
    }
    read.push(next.value)
  }
}

for (const kind of ['server', 'embedded'] as const) {
  describe(`rows read by COPY from ${kind}`, { timeout: 120_000 }, () => {
    let store: PostgresStore
    let connection: Connection
    let remove: () => Promise<void>
    before(async () => {
      let config: PostgresConfig
      if (kind === 'server') {
        const server = await startPostgres()
        config = { kind, url: server.url, statementTimeoutMs: 1_000 }
        remove = server.stop
      } else {
        const folder = await embeddedFolder()
        config = { kind, folder: folder.path }
        remove = folder.remove
      }
      store = await openPostgres(config)
      const table = '(id int, name text, raw bytea, amount numeric, at timestamptz)'
      await store.query(`create table origin ${table}; create table copy ${table}`)
      await store.query(
        `insert into origin select n, case when n % 3 > 0 then E'ção \\n\\t;"' || n end, decode(md5(n::text), 'hex'), n / 7.0, now() from
           generate_series(1, 20000) n union all select 0, repeat('ã', 200000), ''::bytea, 'NaN', '-infinity'`,
        [],
        { timeoutMs: 30_000 },
      )
    })
    beforeEach(async () => {
      connection = await store.connect()
    })
    afterEach(() => connection.close())
    after(async () => {
      await store?.close()
      await remove?.()
    })

    test('go into another table as they are, in blocks that need not end where a row does', async () => {
      const { blocks, rows, bytes } = await all(connection.copyOut('"public"."origin"'))
      assert.equal(rows, 20_001)
      assert.ok(bytes > 1_000_000 && blocks.length > 10)
      const sink = await connection.copyIn('copy')
      const whole = Buffer.concat(blocks)
      for (let at = 0; at < whole.length; at += 7_777) await sink.write(whole.subarray(at, at + 7_777))
      assert.equal(await sink.end(), 20_001)
      const { rows: other } = await store.query(
        '(table origin except table copy) union all (table copy except table origin)',
      )
      assert.deepEqual(other, [])
    })

    test('of no row there is no block', async () => {
      assert.deepEqual(await all(connection.copyOut('(select * from origin where false)')), {
        blocks: [],
        rows: 0,
        bytes: 0,
      })
    })

    test('in a transaction they are those of the transaction', async () => {
      await connection.transaction(async (tx) => {
        await tx.query('create table mine (id int)')
        await tx.query('insert into mine values (1), (2)')
        assert.equal((await all(connection.copyOut('mine'))).rows, 2)
        await tx.query('drop table mine')
      })
    })

    test('what is wrong with the statement is told, and the connection goes on', async () => {
      await rejectsWith(all(connection.copyOut('nowhere')), 'SQL_42P01')
      await rejectsWith(all(connection.copyOut('(select 1 / (9000 - id) from origin)')), 'SQL_22012')
      assert.equal((await all(connection.copyOut('(select 1)'))).rows, 1)
    })

    test('whoever reads no further loses the connection, and nobody else anything', async () => {
      const blocks = connection.copyOut('origin')
      for await (const block of blocks) {
        assert.ok(block.length > 0)
        break
      }
      await assert.rejects(connection.query('select 1'))
      const { rows } = await store.query('select 1 as one')
      assert.deepEqual(rows, [{ one: 1 }])
    })

    if (kind === 'embedded') return

    test('a slow reader is waited for, with little in memory and without a deadline', async () => {
      const before = process.memoryUsage().arrayBuffers
      const blocks = connection.copyOut(`(select repeat(md5(n::text), 30) from generate_series(1, 100000) n)`)
      await blocks.next()
      await sleep(2_000) // longer than a statement may take
      const grown = process.memoryUsage().arrayBuffers - before
      assert.ok(grown < 16_000_000, `${grown} bytes of 96 MB in memory`)
      assert.equal((await all(blocks)).rows, 100_000)
    })

    test('a database that goes away in between is noticed', async () => {
      const { rows } = await connection.query<{ pid: number }>('select pg_backend_pid() as pid')
      const blocks = connection.copyOut(`(select repeat(md5(n::text), 30) from generate_series(1, 100000) n)`)
      await blocks.next()
      await store.query('select pg_terminate_backend($1)', [rows[0]?.pid])
      const error = await all(blocks).then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
      assert.ok(error instanceof Error && 'retryable' in error && error.retryable === true, String(error))
    })
  })
}
