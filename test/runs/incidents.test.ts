import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import type { Alert } from '../../lib/runs/alert.ts'
import { alertMigrations } from '../../lib/runs/alert-migrations.ts'
import {
  type Failure,
  listIncidents,
  pendingIncidents,
  raiseIncident,
  recoverItem,
  tidyIncidents,
} from '../../lib/runs/incidents.ts'
import { runMigrations } from '../../lib/runs/migrations.ts'
import { openPostgres, type PostgresStore } from '../../lib/stores/postgres/index.ts'
import { migrate } from '../../lib/stores/postgres/migrate.ts'
import { kinds, openSurroundings, type Surroundings } from './surroundings.ts'

const minute = (n: number) => new Date(Date.UTC(2026, 2, 1, 0, n))
const none = { new: 0, changed: 0, vanished: 0 }

for (const kind of kinds) {
  describe(`incidents on ${kind}`, () => {
    let surroundings: Surroundings
    let store: PostgresStore
    let other: PostgresStore
    before(async () => {
      surroundings = await openSurroundings(kind)
      store = surroundings.stores.postgres
      await migrate(store, [...runMigrations, ...alertMigrations])
      // a second process where there can be one
      other = kind === 'server' ? await openPostgres(surroundings.config) : store
    })
    after(async () => {
      if (other !== store) await other.close()
      await surroundings.close()
    })
    beforeEach(() => store.query('truncate pipeline.incident, pipeline.incident_item, pipeline.outbox'))

    const failure = (at: number, more: Partial<Failure> = {}): Failure => ({
      key: 'source https://x',
      kind: 'source',
      what: 'https://x',
      item: 'a',
      error: { code: 'HTTP_503', message: 'down' },
      served: null,
      at: minute(at),
      flapMinutes: 30,
      ...more,
    })
    const raise = (at: number, more: Partial<Failure> = {}, on = store) =>
      on.transaction((tx) => raiseIncident(tx, failure(at, more)))
    const recover = (
      at: number,
      item: string | null = 'a',
      difference: Alert['affected'][number]['difference'] = none,
      on = store,
    ) => on.transaction((tx) => recoverItem(tx, { key: 'source https://x', item, at: minute(at), difference }))
    async function told(): Promise<Alert[]> {
      const { rows } = await store.query<{ payload: Alert }>('select payload from pipeline.outbox order by created_at')
      return rows.map((row) => row.payload)
    }
    const events = async () => (await told()).map(({ event }) => event)

    it('opens once, counts on, and closes when all that it affects has recovered', async () => {
      assert.equal((await raise(0)).change, 'opened')
      for (const item of ['a', 'b', 'c']) assert.equal((await raise(1, { item })).change, 'none')
      assert.deepEqual(await events(), ['opened'])
      assert.deepEqual(
        (await pendingIncidents(store, 'b', ['source'])).map(({ key }) => key),
        ['source https://x'],
      )
      assert.deepEqual(await pendingIncidents(store, 'b', ['custom']), [])
      assert.equal((await recover(60, 'a')).change, 'none')
      assert.equal((await recover(60, 'b', { new: 2, changed: 1, vanished: 0 })).change, 'none')
      assert.equal((await recover(61, 'unknown')).change, 'none')
      const last = await recover(62, 'c')
      assert.equal(last.change, 'closed')
      assert.equal((await recover(63, 'c')).change, 'none')
      const [, closed] = await told()
      assert.deepEqual(closed, last.alert)
      assert.deepEqual(
        [closed?.since, closed?.until, closed?.failures],
        [minute(0).toISOString(), minute(62).toISOString(), 4],
      )
      assert.deepEqual(
        closed?.affected.map(({ item, failures, difference }) => [item, failures, difference?.new]),
        [
          ['b', 1, 2],
          ['a', 2, 0],
          ['c', 1, 0],
        ],
        'what differs comes first',
      )
      const [row] = await listIncidents(store)
      assert.deepEqual([row?.state, row?.closedAt], ['closed', minute(62).toISOString()])
    })

    it('closes whole when whatever it affects has recovered at once', async () => {
      await raise(0, { served: { tier: 'cache', ageSeconds: null, versions: {} } })
      const { alert } = await raise(1, { item: 'b', key: 'other' })
      assert.match(alert?.texts['pt-BR'].body ?? '', /- b: nada é servido/)
      await raise(1, { item: 'b' })
      assert.equal((await recover(2, null)).change, 'closed')
      assert.equal((await recover(3, null)).change, 'none')
      const [opened] = await told()
      assert.match(opened?.texts['pt-BR'].body ?? '', /- a: a última cópia boa é servida, onde houver/)
      assert.match(opened?.texts['en-US'].body ?? '', /- a: the last good copy is served, where there is one/)
      const { state, key } = (await listIncidents(store, { state: 'open' }))[0] ?? {}
      assert.deepEqual([state, key], ['open', 'other'])
    })

    it('says in both languages what, since when, who serves, how old, and what to do', async () => {
      const served = { tier: 'cache' as const, ageSeconds: 7_300, versions: { '': 3 } }
      const { alert } = await raise(0, { served })
      const en = alert?.texts['en-US']
      const pt = alert?.texts['pt-BR']
      assert.equal(en?.subject, 'Source down: https://x (HTTP_503)')
      assert.equal(pt?.subject, 'Fonte fora do ar: https://x (HTTP_503)')
      for (const words of [
        '2026-03-01 00:00 UTC',
        'a: the last good copy is served, 2 h old',
        'What to do: nothing at first',
      ])
        assert.ok(en?.body.includes(words), `${words} in\n${en?.body}`)
      // 00:00 UTC is 21:00 of the day before in Brasília
      for (const words of [
        '28/02/2026',
        '21:00',
        'a: a última cópia boa é servida, de 2 h atrás',
        'O que fazer: a princípio nada',
      ])
        assert.ok(pt?.body.includes(words), `${words} in\n${pt?.body}`)
      const gate = await raise(1, {
        key: 'd',
        kind: 'dataset',
        what: 'aneel.x',
        error: { code: 'GATE_ROWS', message: 'half' },
      })
      assert.match(gate.alert?.texts['en-US'].body ?? '', /adapt the dataset’s contract/)
    })

    it('is opened once and closed once when many race', async () => {
      const many = Array.from({ length: 16 }, (_, index) => index)
      const opened = await Promise.all(many.map((n) => raise(0, { item: `i${n}` }, n % 2 === 0 ? store : other)))
      assert.equal(opened.filter(({ change }) => change === 'opened').length, 1)
      assert.equal(new Set(opened.map(({ incident }) => incident)).size, 1)
      const closed = await Promise.all(many.map((n) => recover(60, `i${n}`, none, n % 2 === 0 ? other : store)))
      assert.equal(closed.filter(({ change }) => change === 'closed').length, 1)
      assert.deepEqual(await events(), ['opened', 'closed'])
      assert.equal((await listIncidents(store))[0]?.affected.length, 16)
    })

    it('has one open row per key, whatever writes', async () => {
      await raise(0)
      const insert = `insert into pipeline.incident (id, key, kind, what, state, opened_at, last_failed_at, failures, announced, error)
        select gen_random_uuid(), key, kind, what, state, opened_at, last_failed_at, 1, true, error from pipeline.incident`
      await assert.rejects(store.query(insert), /incident_open/)
    })

    it('goes on when it flaps, silently; told again only once it lasts', async () => {
      await raise(0)
      await recover(10)
      assert.deepEqual(await events(), ['opened', 'closed'])
      // 29 minutes later: the same one
      const back = await raise(39)
      assert.deepEqual([back.change, back.alert], ['reopened', undefined])
      await recover(45)
      await raise(50)
      await recover(55)
      assert.deepEqual(await events(), ['opened', 'closed'], 'two flaps that nobody was told of')
      await raise(60)
      assert.equal((await raise(89)).alert, undefined)
      const lasting = await raise(90)
      assert.deepEqual([lasting.change, lasting.alert?.event, lasting.alert?.flaps], ['reopened', 'reopened', 3])
      assert.equal((await raise(91)).alert, undefined)
      await recover(100)
      assert.deepEqual(await events(), ['opened', 'closed', 'reopened', 'closed'])
      assert.equal((await listIncidents(store)).length, 1)
      // 31 minutes later: another one
      assert.equal((await raise(131)).change, 'opened')
      assert.equal((await listIncidents(store)).length, 2)
    })

    it('tells the differences of a silent flap all the same, and none twice', async () => {
      await raise(0)
      await raise(0, { item: 'b' })
      await recover(10, 'a', { new: 1, changed: 0, vanished: 0 })
      await recover(10, 'b')
      await raise(20, { item: 'b' })
      await recover(25, 'b', { new: 0, changed: 5, vanished: 0 })
      const all = await told()
      assert.deepEqual(
        all.map(({ event, affected }) => [event, affected.map(({ item }) => item)]),
        [
          ['opened', ['a']],
          ['closed', ['a', 'b']],
          ['closed', ['b']],
        ],
      )
    })

    it('lets go of what nobody asks for any more, and of what is long over', async () => {
      await raise(0)
      await raise(0, { item: 'gone' })
      await recover(10, 'a')
      const days = (n: number) => new Date(minute(0).getTime() + n * 86_400_000)
      await tidyIncidents(store, days(44), 90)
      assert.equal((await listIncidents(store))[0]?.state, 'open')
      await tidyIncidents(store, days(46), 90)
      assert.equal((await listIncidents(store))[0]?.state, 'closed')
      assert.deepEqual(await events(), ['opened', 'closed'])
      await tidyIncidents(store, days(46 + 89), 90)
      assert.equal((await listIncidents(store)).length, 1)
      await tidyIncidents(store, days(46 + 91), 90)
      assert.equal((await listIncidents(store)).length, 0)
    })

    it('keeps an alert small, whatever is affected', async () => {
      for (let n = 0; n < 60; n += 1) await raise(0, { item: `${'long '.repeat(80)}${n}` })
      for (let n = 0; n < 60; n += 1) await recover(60, `${'long '.repeat(80)}${n}`)
      const closed = (await told()).at(-1)
      assert.deepEqual([closed?.affected.length, closed?.more], [50, 10])
      assert.match(closed?.texts['en-US'].body ?? '', /and 40 more/)
    })
  })
}
