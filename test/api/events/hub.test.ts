import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { PostgresEventHub } from '../../../lib/api/events/postgres-hub.ts'
import { wantEvents } from '../../../lib/api/events/table.ts'
import { createEngine } from '../../../lib/runs/engine.ts'
import { raiseIncident, recoverItem } from '../../../lib/runs/incidents.ts'
import { openPostgres, type PostgresStore } from '../../../lib/stores/postgres/index.ts'
import { rejectsWith } from '../../helpers/rejects.ts'
import { kinds, memoryLog, noHttp, openSurroundings, type Surroundings } from '../../runs/surroundings.ts'
import { hear, hubOver, made, until, version } from './ground.ts'

for (const kind of kinds) {
  describe(`events over the ${kind} store`, { timeout: 120_000 }, () => {
    let ground: Surroundings
    let postgres: PostgresStore
    let hub: PostgresEventHub
    before(async () => {
      ground = await openSurroundings(kind)
      postgres = ground.stores.postgres
      hub = await hubOver(postgres, { lookMs: 60_000 })
    })
    after(async () => {
      await hub?.close()
      await ground?.close()
    })

    it('tells of versions, collections, runs and incidents, made by the transactions that make them true', async () => {
      const heard = hear(hub, 'all')
      await hub.newest()
      const engine = await createEngine({ stores: ground.stores, http: noHttp, log: memoryLog(), owner: 'a' })
      engine.register('daily', {
        send: (run) => void engine.end(run, { outcome: 'done', summary: null }).catch(() => undefined),
      })
      await engine.replay()
      await engine.start({ flow: 'daily', slot: 's1', trigger: 'manual', input: null, overlap: 'queue' })
      await until('the run ended', () => heard.got.length === 2)
      await engine.close()
      const at = new Date()
      const failure = { kind: 'source' as const, what: 'The portal', item: 'x', at, flapMinutes: 0, served: null }
      const error = { code: 'NET_TIMEOUT', message: 'slow' }
      await postgres.transaction((tx) => raiseIncident(tx, { ...failure, key: 'host portal', error }))
      // a further failure changes nothing that anybody would hear of
      await postgres.transaction((tx) => raiseIncident(tx, { ...failure, key: 'host portal', error }))
      await postgres.transaction((tx) => recoverItem(tx, { key: 'host portal', item: 'x', at, difference: null }))
      await postgres.query(version('aneel.tarifas', 7))
      await postgres.query(
        `insert into pipeline.vector_collection (name) values ('normas');
         insert into pipeline.vector_version (collection, version, physical, state) values ('normas', 1, 'p', 'open')`,
      )
      await postgres.query(`update pipeline.vector_version set state = 'published', ended_at = now()`)
      await postgres
        .transaction(async (tx) => {
          await tx.query(version('aneel.rolled.back', 1))
          throw new Error('undone')
        })
        .catch(() => undefined)
      await until('all', () => heard.got.length === 6)
      assert.deepEqual(
        heard.got.map(({ type, subject }) => `${type} ${subject}`),
        [
          'run daily',
          'run daily',
          'alert host portal',
          'alert host portal',
          'version aneel.tarifas',
          'collection normas',
        ],
      )
      const said = heard.got.map(({ data }) => data)
      assert.partialDeepStrictEqual(said, [
        { state: 'running', trigger: 'manual', slot: 's1' },
        { state: 'done' },
        { state: 'open', error: { code: 'NET_TIMEOUT', message: 'slow' }, what: 'The portal' },
        { state: 'closed' },
        { version: 7, rows: 10, new: 1, tier: 'primary', dataset: 'aneel.tarifas' },
        { collection: 'normas', version: 1 },
      ])
      assert.deepEqual(
        heard.got.map(({ position }) => position),
        [1, 2, 3, 4, 5, 6],
      )
      assert.match(heard.got[0]?.at ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
      await heard.stop()
    })

    it('gives only the topics that were asked for', async () => {
      const one = hear(hub, [{ type: 'version', subject: 'b' }])
      const other = hear(hub, [{ type: 'alert' }, { type: 'version', subject: 'a' }])
      await hub.newest()
      for (const subject of ['a', 'b', '__proto__', 'b']) await postgres.query(made(subject))
      await until('both', () => one.got.length === 2 && other.got.length === 1)
      assert.deepEqual(other.subjects(), ['a'])
      await Promise.all([one.stop(), other.stop()])
    })
  })
}

describe('events over a server', { timeout: 120_000 }, () => {
  let ground: Surroundings
  let postgres: PostgresStore
  before(async () => {
    ground = await openSurroundings('server')
    postgres = ground.stores.postgres
  })
  after(() => ground?.close())

  it('never shows a position before a lower one, whatever order the transactions commit in', async () => {
    const hub = await hubOver(postgres)
    const heard = hear(hub, 'all')
    await hub.newest()
    const sessions = await Promise.all([1, 2, 3].map(() => postgres.connect()))
    const gates = sessions.map(() => Promise.withResolvers<void>())
    const written = sessions.map(() => Promise.withResolvers<void>())
    const done = sessions.map((session, n) =>
      session.transaction(async (tx) => {
        await tx.query(made(`tx${n}`, 2))
        written[n]?.resolve()
        await gates[n]?.promise
      }),
    )
    await Promise.all(written.map(({ promise }) => promise))
    for (const n of [2, 0, 1]) {
      gates[n]?.resolve()
      await done[n]
      await until(`tx${n}`, () => heard.subjects().includes(`tx${n}`))
    }
    assert.deepEqual(heard.subjects(), ['tx2', 'tx2', 'tx0', 'tx0', 'tx1', 'tx1'])
    const positions = heard.got.map(({ position }) => position)
    assert.deepEqual(
      positions,
      positions.map((_, n) => (positions[0] ?? 0) + n),
    )
    // whoever comes later reads the same from the table
    const small = await hubOver(postgres, { ring: 1 })
    const later = hear(small, 'all', (positions[0] ?? 0) - 1)
    await until('again', () => later.got.length === 6)
    assert.deepEqual(later.got, heard.got)
    await Promise.all(sessions.map((session) => session.close()))
    await hub.close()
    await small.close()
    await rejectsWith(heard.over, 'STOPPED')
  })

  it('loses nothing and repeats nothing while many write and several hubs give positions', async () => {
    const stores = await Promise.all([1, 2, 3].map(() => openPostgres(ground.config)))
    const hubs = await Promise.all(stores.map((store) => hubOver(store, { ring: 8 })))
    const from = await hubs[0]?.newest()
    const heard = hubs.map((hub) => hear(hub, 'all', from))
    await Promise.all(
      [0, 1, 2, 3].map(async (writer) => {
        for (let n = 0; n < 50; n += 1) {
          await stores[writer % 3]?.transaction(async (tx) => {
            await tx.query(made(`w${writer}`, 1 + (n % 3)))
            if (n % 7 === 0) await tx.query('select pg_sleep(0.01)')
          })
        }
      }),
    )
    const all = 4 * Array.from({ length: 50 }, (_, n) => 1 + (n % 3)).reduce((a, b) => a + b, 0)
    await until('all', () => heard.every(({ got }) => got.length >= all))
    for (const { got } of heard) {
      assert.deepEqual(
        got.map(({ position }) => position),
        Array.from({ length: all }, (_, n) => (from ?? 0) + 1 + n),
      )
      assert.deepEqual(got, heard[0]?.got)
    }
    await Promise.all(hubs.map((hub) => hub.close()))
    await Promise.all(stores.map((store) => store.close()))
  })

  it('is heard in another process', async () => {
    const { config } = ground
    assert.equal(config.kind, 'server')
    const child = fork(fileURLToPath(new URL('./hub-child.ts', import.meta.url)), [JSON.stringify(config)])
    const told: { ready?: number; event?: { subject: string } }[] = []
    child.on('message', (message: object) => told.push(message))
    const hub = await hubOver(postgres)
    await until('the child is there', () => told.length === 1)
    const heard = hear(hub, 'all')
    await hub.newest()
    await postgres.query(made('both', 3))
    await until('both', () => told.length === 4 && heard.got.length === 3)
    assert.deepEqual(
      told.slice(1).map(({ event }) => event),
      heard.got,
    )
    child.disconnect()
    await hub.close()
  })

  it('goes on after its connections were cut, with what was committed meanwhile', async () => {
    const hub = await hubOver(postgres, { lookMs: 200 })
    const heard = hear(hub, 'all')
    await hub.newest()
    const other = await openPostgres(ground.config)
    await other.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database()`,
    )
    await other.query(made('meanwhile'))
    await until('heard', () => heard.got.length === 1)
    await other.close()
    await hub.close()
  })

  it('reads the past page by page, from several readers once each', async () => {
    const hub = await hubOver(postgres, { ring: 10 })
    const from = await hub.newest()
    await postgres.query(made('past', 950))
    await hub.look()
    const before = await statements(postgres)
    const readers = Array.from({ length: 20 }, () => hear(hub, 'all', from))
    await until('all', () => readers.every(({ got }) => got.length === 950))
    const reads = (await statements(postgres)) - before
    assert.ok(reads < 40, `${reads} transactions for 20 readers of 5 pages`)
    for (const { got } of readers)
      assert.deepEqual(
        got.map(({ position }) => position - from),
        ups(950),
      )
    await hub.close()
  })

  it('keeps so many and so long, and says EVENTS_GONE for what is older', async () => {
    const kept = { keep: 5, hours: 1, most: 50 }
    const hub = await hubOver(postgres, { kept })
    const from = await hub.newest()
    await postgres.query(made('young', 20))
    await hub.look()
    await postgres.query(`update pipeline.event set at = now() - interval '2 hours' where position <= ${from}`)
    await hub.close()
    // a fresh hub sweeps
    const next = await hubOver(postgres, { kept })
    const young = hear(next, 'all', from)
    await until('the young are there', () => young.got.length === 20)
    const error = await rejectsWith(next.check(from - 1), 'EVENTS_GONE')
    assert.deepEqual(error.details, { oldest: from, newest: from + 20 })
    await rejectsWith(next.check(from + 21), 'EVENTS_GONE')
    await rejectsWith(hear(next, 'all', from - 1).over, 'EVENTS_GONE')
    await postgres.query(made('many', 60))
    await next.look()
    await next.close()
    const last = await hubOver(postgres, { kept })
    assert.deepEqual((await rejectsWith(last.check(from), 'EVENTS_GONE')).details, {
      oldest: from + 30,
      newest: from + 80,
    })
    assert.equal((await postgres.query('select from pipeline.event')).rowCount, 50)
    await last.close()
  })

  it('cuts a reader off whose place was swept away, instead of leaving something out', async () => {
    const hub = await hubOver(postgres, { ring: 4 })
    const from = await hub.newest()
    await postgres.query(made('x', 600))
    await hub.look()
    const stopping = new AbortController()
    const reader = hub.subscribe('all', { after: from, signal: stopping.signal })[Symbol.asyncIterator]()
    assert.equal((await reader.next()).value?.position, from + 1)
    await postgres.query('select pipeline.sweep_events(1, 0, 1)')
    let read = 1
    const rest = (async () => {
      while (!(await reader.next()).done) read += 1
    })()
    await rejectsWith(rest, 'EVENTS_GONE')
    assert.ok(read <= 200, 'at most the page that was in its hands')
    await hub.close()
  })

  it('writes nothing while no hub has been there for a week, and starts anew with the next one', async () => {
    const first = await hubOver(postgres)
    const position = await first.newest()
    await first.close()
    await postgres.query(`update pipeline.event_state set wanted_until = now() - interval '1 second'`)
    await postgres.query(made('unheard'))
    assert.equal((await postgres.query(`select from pipeline.event where subject = 'unheard'`)).rowCount, 0)
    // a transaction that passed its trigger before the hub came is waited for
    const session = await postgres.connect()
    const gate = Promise.withResolvers<void>()
    const written = Promise.withResolvers<void>()
    const late = session.transaction(async (tx) => {
      await tx.query(version('late', 1))
      written.resolve()
      await gate.promise
    })
    await written.promise
    let wanted = false
    const wanting = wantEvents(postgres, 1).then(() => {
      wanted = true
    })
    await postgres.query('select pg_sleep(0.2)')
    assert.equal(wanted, false)
    gate.resolve()
    await late
    await wanting
    await session.close()
    const hub = await hubOver(postgres)
    const error = await rejectsWith(hub.check(position - 1), 'EVENTS_GONE')
    assert.deepEqual(error.details, { oldest: position, newest: position })
    const heard = hear(hub, 'all')
    await hub.newest()
    await postgres.query(made('heard'))
    await until('heard', () => heard.got.length === 1)
    await hub.close()
  })
})

const ups = (count: number) => Array.from({ length: count }, (_, n) => n + 1)

/** Transactions of the database so far. */
async function statements(postgres: PostgresStore): Promise<number> {
  await postgres.query('select pg_stat_force_next_flush()')
  const { rows } = await postgres.query<{ n: string }>(
    'select xact_commit as n from pg_stat_database where datname = current_database()',
  )
  return Number(rows[0]?.n)
}
