import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { alertMigrations } from '../../../../lib/runs/alert-migrations.ts'
import { runMigrations } from '../../../../lib/runs/migrations.ts'
import {
  forgetWaiting,
  hasten,
  isDue,
  lateTopic,
  noteWaiting,
  startDue,
  takeLook,
} from '../../../../lib/steps/enrich/late/waiting.ts'
import { enrichMigrations } from '../../../../lib/steps/enrich/migrations.ts'
import { openPostgres } from '../../../../lib/stores/postgres/index.ts'
import { migrate } from '../../../../lib/stores/postgres/migrate.ts'
import { startPostgres } from '../../../helpers/postgres-server.ts'

describe('what waits for a model', async () => {
  const server = await startPostgres()
  const store = await openPostgres({ kind: 'server', url: server.url })
  after(async () => {
    await store.close()
    await server.stop()
  })
  const now = new Date('2026-03-01T12:00:00Z')
  const later = (seconds: number) => new Date(now.getTime() + seconds * 1_000)
  const note = (artifact: string, waited?: number, node = 'n') =>
    store.transaction((tx) =>
      noteWaiting(tx, { node, input: { artifact, ...(waited === undefined ? {} : { waited }) }, reason: 'r', now }),
    )
  const outbox = async () =>
    (
      await store.query<{ key: string; topic: string; payload: { input: object; waited: number } }>(
        'select key, topic, payload from pipeline.outbox order by key',
      )
    ).rows

  test('nothing is due where the tables are not made yet', async () => {
    assert.equal(await isDue(store, 'n', now), false)
    assert.equal(await forgetWaiting(store, 'n'), 0)
    await migrate(store, [...runMigrations, ...alertMigrations, ...enrichMigrations])
    assert.equal(await isDue(store, 'n', now), false)
  })

  test('one line for the same node and content, due after a while, longer each time', async () => {
    assert.deepEqual([await note('a'), await note('a'), await note('a', 3)], [true, true, true])
    await note('b', 4)
    assert.deepEqual([await isDue(store, 'n', later(29)), await isDue(store, 'n', later(31))], [false, true])
    assert.equal(await store.transaction((tx) => startDue(tx, 'n', { most: 5, now: later(31) })), 1)
    assert.equal(await store.transaction((tx) => startDue(tx, 'n', { most: 5, now: later(400) })), 0)
    assert.equal(await store.transaction((tx) => startDue(tx, 'n', { most: 5, now: later(481) })), 1)
    const entries = await outbox()
    assert.deepEqual(
      entries.map(({ topic }) => topic),
      [lateTopic('n'), lateTopic('n')],
    )
    assert.deepEqual(entries.map(({ payload }) => payload.waited).sort(), [1, 5])
    await store.query('delete from pipeline.outbox')
  })

  test('of several who look at once each item is started by one; a failure in between changes nothing', async () => {
    for (let n = 0; n < 40; n += 1) await note(`c${n}`)
    await assert.rejects(
      store.transaction(async (tx) => {
        await startDue(tx, 'n', { most: 40, now: later(60) })
        throw new Error('killed')
      }),
    )
    assert.equal((await outbox()).length, 0)
    const started = await Promise.all(
      Array.from({ length: 8 }, () => store.transaction((tx) => startDue(tx, 'n', { most: 30, now: later(60) }))),
    )
    assert.equal(
      started.reduce((sum, count) => sum + count, 0),
      30,
      'no more than may be under way together',
    )
    await store.query(
      'update pipeline.outbox set delivered_at = now() where key in (select key from pipeline.outbox limit 25)',
    )
    assert.equal(await store.transaction((tx) => startDue(tx, 'n', { most: 30, now: later(60) })), 10)
    assert.equal(new Set((await outbox()).map(({ payload }) => JSON.stringify(payload.input))).size, 40)
    assert.equal(await isDue(store, 'n', later(1e6)), false)
  })

  test('runs that are not over count too', async () => {
    await store.query('update pipeline.outbox set delivered_at = now()')
    await note('r')
    await store.query(
      `insert into pipeline.run (id, flow, slot, trigger, input, state, overlap, epoch)
       select gen_random_uuid(), 'n', n::text, 'event', 'null', 'queued', 'queue', 0 from generate_series(1, 3) n`,
    )
    assert.equal(await store.transaction((tx) => startDue(tx, 'n', { most: 3, now: later(60) })), 0)
    assert.equal(await store.transaction((tx) => startDue(tx, 'n', { most: 4, now: later(60) })), 1)
    await store.query('delete from pipeline.run')
    await store.query('delete from pipeline.outbox')
  })

  test('one that worked brings the others forward, but not what failed again and again', async () => {
    await note('d', 2)
    await note('e', 6)
    await hasten(store, 'n', now)
    assert.equal(await store.transaction((tx) => startDue(tx, 'n', { most: 9, now })), 1)
  })

  test('of all processes one looks for the model in a while; what was done late ends the waiting', async () => {
    const take = (node = 'look') => takeLook(store, node, 3_600_000)
    const took = await Promise.all(Array.from({ length: 8 }, () => take()))
    assert.equal(took.filter((one) => one).length, 1)
    assert.deepEqual([await take(), await take('another')], [false, true])
    await store.query(`update pipeline.enrichment_look set looked_at = looked_at - interval '1 hour'`)
    assert.deepEqual([await take(), await take()], [true, false])
    await hasten(store, 'look', now)
    assert.equal(await take(), true)
    await store.query(`update pipeline.enrichment_look set looked_at = looked_at + interval '1 day'`)
    assert.equal(await take(), true, 'a clock that was set back holds nobody up')
  })

  test('so much and no more waits for one node', async () => {
    await store.query(
      `insert into pipeline.enrichment_waiting (id, node, content, input, reason, waited, due_at)
       select gen_random_uuid(), 'full', n::text, '{}', 'r', 0, now() from generate_series(1, 10000) n`,
    )
    assert.deepEqual([await note('x', 0, 'full'), await note('x', 0, 'other')], [false, true])
  })

  test('what waits for a node that is deleted is forgotten, and nothing of others', async () => {
    await note('x', undefined, 'gone')
    await note('x', undefined, 'stays')
    assert.equal(await forgetWaiting(store, 'gone'), 1)
    assert.deepEqual([await isDue(store, 'gone', later(60)), await isDue(store, 'stays', later(60))], [false, true])
  })
})
