import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { openPostgres } from '../../../lib/stores/postgres/index.ts'
import { type PostgresServer, startPostgres } from '../../helpers/postgres-server.ts'
import { rejectsWith } from '../../helpers/rejects.ts'
import { concurrency } from './concurrency.ts'
import { conformance, type Ground } from './conformance.ts'
import { copyConformance } from './copy-conformance.ts'

async function ground(): Promise<Ground> {
  const server = await startPostgres()
  return { config: { kind: 'server', url: server.url }, remove: () => server.stop() }
}

conformance('a server', ground)
copyConformance('a server', ground)
concurrency('a server', ground)

describe('a PostgreSQL server', { timeout: 60_000 }, () => {
  let server: PostgresServer
  before(async () => {
    server = await startPostgres()
  })
  after(() => server?.stop())

  const altered = (change: (url: URL) => void) => {
    const url = new URL(server.url)
    change(url)
    return url.href
  }
  const password = () => decodeURIComponent(new URL(server.url).password)

  test('a wrong password is not retried, and not told', async () => {
    const url = altered((to) => {
      to.password = 'quite-wrong-secret'
    })
    const error = await rejectsWith(openPostgres({ kind: 'server', url }), 'SQL_28P01')
    assert.equal(error.retryable, false)
    assert.ok(!JSON.stringify([error, String(error.cause), error.stack]).includes('quite-wrong-secret'))
  })

  test('a password never shows in a message', async () => {
    const store = await openPostgres({ kind: 'server', url: server.url })
    const error = await rejectsWith(store.query(`select 1 from "${password()}"`), 'SQL_42P01')
    assert.match(error.message, /\*\*\*/)
    assert.ok(!JSON.stringify([error, error.stack]).includes(password()))
    await store.close()
  })

  test('no such database, nobody there, no sense in the URL', async () => {
    const missing = altered((to) => {
      to.pathname = '/no_such_database'
    })
    await rejectsWith(openPostgres({ kind: 'server', url: missing }), 'SQL_3D000')
    const nobody = altered((to) => {
      to.port = '1'
    })
    const refused = await rejectsWith(openPostgres({ kind: 'server', url: nobody }), 'STORE_UNAVAILABLE')
    assert.equal(refused.retryable, true)
    for (const url of ['mysql://u:hidden-word@h/d', 'postgres://u:hidden-word@h:port/d']) {
      const error = await rejectsWith(openPostgres({ kind: 'server', url }), 'STORE_CONFIG')
      assert.ok(!JSON.stringify([error, error.stack]).includes('hidden-word'))
    }
  })

  test('a TLS demand that the server cannot meet', async () => {
    const url = altered((to) => {
      to.searchParams.set('sslmode', 'verify-full')
    })
    const error = await rejectsWith(openPostgres({ kind: 'server', url }), 'STORE_TLS')
    assert.equal(error.retryable, false)
  })

  test('a server before 15 is refused', async () => {
    const own = await startPostgres()
    const store = await openPostgres({ kind: 'server', url: own.url })
    // An old server, as far as the question for its version can tell.
    await store.query(`create schema old; create function old.current_setting(text) returns text language sql as
      $$ select '140012' $$`)
    const name = new URL(own.url).pathname.slice(1)
    await store.query(`alter database ${name} set search_path = old, pg_catalog, public`)
    await store.close()
    const error = await rejectsWith(openPostgres({ kind: 'server', url: own.url }), 'STORE_TOO_OLD')
    assert.deepEqual(error.details, { expected: 150_000, actual: 140_012 })
    await own.stop()
  })

  test('a session that the server ends: in flight, idle, in a transaction', async () => {
    const store = await openPostgres({ kind: 'server', url: server.url, maxConnections: 2 })
    const killer = await openPostgres({ kind: 'server', url: server.url, maxConnections: 1 })
    const kill = () =>
      killer.query(
        'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database()',
      )
    const sleeping = store.query('select pg_sleep(20)')
    const caught = rejectsWith(sleeping, 'STORE_UNAVAILABLE')
    for (;;) {
      const { rows } = await killer.query(`select 1 from pg_stat_activity where query = 'select pg_sleep(20)'`)
      if (rows.length > 0) break
    }
    await kill()
    assert.equal((await caught).retryable, true)
    await store.query('select 1')
    await kill()
    // The pool may hand out the dead connection once, before the news of its death has come in.
    await store.query('select 1').catch(() => undefined)
    await store.query('select 1')
    const work = store.transaction(async (tx) => {
      await tx.query('create table lost (id int)')
      await kill()
      await tx.query('select 1')
    })
    await rejectsWith(work, 'STORE_UNAVAILABLE')
    await rejectsWith(store.query('select * from lost'), 'SQL_42P01')
    await store.close()
    await killer.close()
  })

  test('what loses against another transaction may be tried again', async () => {
    const store = await openPostgres({ kind: 'server', url: server.url })
    await store.query('create table pair (id int primary key, n int); insert into pair values (1, 0), (2, 0)')
    const meeting = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const cross = (first: number, second: number) =>
      store.transaction(async (tx) => {
        await tx.query('update pair set n = n + 1 where id = $1', [first])
        meeting[first - 1]?.resolve()
        await Promise.all(meeting.map((each) => each.promise))
        await tx.query('update pair set n = n + 1 where id = $1', [second])
      })
    const results = await Promise.allSettled([cross(1, 2), cross(2, 1)])
    const lost = results.find((result) => result.status === 'rejected')
    const error = await rejectsWith(Promise.reject(lost?.reason), 'SQL_40P01')
    assert.equal(error.retryable, true)
    await store.close()
  })

  test('a load longer than the statement timeout goes on', async () => {
    const store = await openPostgres({ kind: 'server', url: server.url, statementTimeoutMs: 300 })
    await store.query('create table slow (id int)')
    const connection = await store.connect()
    const sink = await connection.copyIn('slow')
    await new Promise((done) => setTimeout(done, 700))
    assert.equal(await sink.end(), 0)
    // And afterwards the timeout is there again.
    await rejectsWith(connection.query('select pg_sleep(2)'), 'STORE_TIMEOUT')
    await connection.close()
    await store.close()
  })
})
