import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { keptMigrations } from '../../../lib/runs/kept.ts'
import { runMigrations } from '../../../lib/runs/migrations.ts'
import { migrate, openPostgres, type PostgresStore } from '../../../lib/stores/postgres/index.ts'
import type { Message } from '../../../nodes/kit/red.ts'
import { enginesOf } from '../../../nodes/ysh-stores/engines.ts'
import { embeddedFolder } from '../../helpers/embedded-folder.ts'
import { helper } from '../../helpers/node-test-helper.ts'
import { type PostgresServer, startPostgres } from '../../helpers/postgres-server.ts'
import { type FlowParts, failing, flow, globals, loaded, nodes, part, reaching, statuses, until } from './flow.ts'

const limit = { timeout: 30_000 }

describe('ysh-retry-backoff outside any run', () => {
  let server: PostgresServer
  let store: PostgresStore
  const folder = mkdtempSync(join(tmpdir(), 'ysh-retry-'))
  before(async () => {
    server = await startPostgres()
    store = await openPostgres({ kind: 'server', url: server.url })
    await migrate(store, [...runMigrations, ...keptMigrations])
    helper.settings({ yshStoresLingerMs: 60_000, functionGlobalContext: globals })
  })
  after(async () => {
    await store.close()
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  beforeEach(async () => {
    await store.query('truncate pipeline.kept_message, pipeline.process')
    part.tries.length = 0
    part.work = () => {}
  })
  afterEach(stop)

  async function stop(): Promise<void> {
    await helper.unload()
    if (loaded.red !== undefined) await enginesOf(loaded.red).closeIdle()
  }
  // What passes ends at `passed`: without a run there is no end.
  const made = (parts: FlowParts = {}) =>
    flow(
      { folder, postgresUrl: server.url },
      {
        part: 'foreign',
        ...parts,
        retry: { wires: [['part'], ['gave']], ...parts.retry },
        without: ['end', 'out', ...(parts.without ?? [])],
      },
    ).map((node) => (node.id === 'part' ? { ...node, wires: [['passed']] } : node))
  async function load(parts: FlowParts = {}) {
    await helper.load([nodes], made(parts))
    return { passed: reaching('passed'), gave: reaching('gave') }
  }
  const send = (message: Message) => helper.getNode('retry').receive(message)
  async function kept() {
    const { rows } = await store.query<{ id: string; attempt: number; due_at: Date; message: Message }>(
      'select id, attempt, due_at, message from pipeline.kept_message order by due_at',
    )
    return rows
  }
  const keeps = (count: number) =>
    until(async () => (await kept()).length === count, `${count} messages in the database`)

  it(
    'tries again until it works, more often than the loop guard allows, and leaves nothing behind',
    limit,
    async () => {
      part.work = failing(12, () => new Error('flaky'))
      const { passed } = await load({ retry: { attempts: '20', baseSeconds: '0.01' } })
      send({ payload: { name: 'a' }, topic: 't' })
      const [message] = await passed.count(1)
      assert.deepEqual(
        part.tries.map(({ attempt }) => attempt),
        Array.from({ length: 13 }, (_, index) => index + 1),
      )
      assert.deepEqual([message?.payload, message?.topic], [{ name: 'a spoilt' }, 't'])
      assert.equal('error' in (message ?? {}), false)
      assert.deepEqual(await kept(), [])
    },
  )

  it('gives up after the tries in all', limit, async () => {
    part.work = failing(99, () => new Error('flaky'))
    const { gave } = await load({ retry: { attempts: '3' } })
    send({ payload: { name: 'a' } })
    const [message] = await gave.count(1)
    assert.equal(part.tries.length, 3)
    assert.equal(Object(message?.error).source.id, 'part')
    assert.equal(Object(message?.retry).gaveUp.why, 'attempts')
    assert.deepEqual(message?.payload, { name: 'a' })
  })

  it('takes Retry-After of other nodes from the headers', limit, async () => {
    part.work = failing(1, () => new Error('busy'))
    const { passed } = await load({ retry: { baseSeconds: '0' } })
    send({ payload: { name: 'a' }, headers: { 'retry-after': '1' } })
    await passed.count(1)
    const [one, two] = part.tries
    assert.ok((two?.at ?? 0) - (one?.at ?? 0) >= 995)
  })

  for (const how of ['restart', 'full', 'flows', 'nodes'] as const) {
    it(`keeps what waits, with attempt and due time (${how})`, limit, async () => {
      part.work = failing(2, () => new Error('flaky'))
      const { passed } = await load({ retry: { baseSeconds: '1.5' } })
      send({ payload: { name: 'a' }, topic: 't' })
      send({ payload: { name: 'b' } })
      await keeps(2)
      const due = (await kept())[0]?.due_at.getTime() ?? 0
      let again = passed
      if (how === 'restart') {
        await stop()
        again = await load({ retry: { baseSeconds: '1.5' } }).then((loadedAgain) => loadedAgain.passed)
      } else {
        await helper.setFlows(made({ retry: { baseSeconds: '1.5', name: `changed by ${how}` } }), how)
        if (how !== 'nodes') again.listen()
      }
      await until(() => part.tries.length >= 4, 'the second tries')
      for (const { at } of part.tries.slice(2, 4)) assert.ok(at >= due - 5 && at < due + 5_000, `${at - due} ms late`)
      await again.count(2)
      assert.deepEqual(part.tries.map(({ attempt }) => attempt).sort(), [1, 1, 2, 2, 3, 3])
      assert.equal(again.messages.filter(({ topic }) => topic === 't').length, 1)
      assert.deepEqual(await kept(), [])
    })
  }

  it('sends at once what came due while nothing ran, when all nodes are there', limit, async () => {
    part.work = failing(1, () => new Error('flaky'))
    await load({ retry: { baseSeconds: '10' } })
    send({ payload: { name: 'a' } })
    await keeps(1)
    await stop()
    await store.query(`update pipeline.kept_message set due_at = clock_timestamp() - interval '1 hour'`)
    const { passed } = await load({ retry: { baseSeconds: '10' } })
    await passed.count(1)
    assert.equal(part.tries.length, 2)
  })

  it('takes up what a dead process of another name left behind, and leaves what a living one has', limit, async () => {
    part.work = failing(1, () => new Error('flaky'))
    await load({ retry: { baseSeconds: '10' } })
    send({ payload: { name: 'a' } })
    await keeps(1)
    await stop()
    await store.query(`update pipeline.kept_message set owner = 'other/1', due_at = clock_timestamp()`)
    await store.query(`insert into pipeline.process (owner, seen_at) values ('other/1', clock_timestamp())`)
    const living = await load({ retry: { baseSeconds: '10' } })
    // One of its own goes through meanwhile.
    part.work = () => {}
    send({ payload: { name: 'b' } })
    await living.passed.count(1)
    assert.deepEqual(
      living.passed.messages.map(({ payload }) => payload),
      [{ name: 'b spoilt' }],
    )
    await keeps(1)
    await stop()
    await store.query(`update pipeline.process set seen_at = clock_timestamp() - interval '1 hour'`)
    const { passed } = await load({ retry: { baseSeconds: '10' } })
    const [message] = await passed.count(1)
    assert.deepEqual(message?.payload, { name: 'a spoilt' })
  })

  it('keeps in memory what JSON cannot say, with its response', limit, async () => {
    part.work = failing(2, () => new Error('flaky'))
    const { passed } = await load({ retry: { baseSeconds: '0.05' } })
    const res = { end: () => {} }
    send({ payload: { name: 'a' }, res, req: { headers: {} } })
    const [message] = await passed.count(1)
    assert.equal(message?.res, res)
    assert.equal(part.tries.length, 3)
    assert.deepEqual(await kept(), [])
  })

  it('gives up what is more than may wait, in the database and in memory', limit, async () => {
    part.work = failing(9, () => new Error('flaky'))
    const { gave } = await load({ retry: { baseSeconds: '50', maxWaiting: '2' } })
    for (const name of ['a', 'b', 'c']) send({ payload: { name } })
    const [message] = await gave.count(1)
    assert.equal(Object(message?.retry).gaveUp.why, 'full')
    await keeps(2)
    for (const name of ['d', 'e', 'f']) send({ payload: { name }, res: { end: () => {} } })
    await gave.count(2)
    assert.equal(gave.messages.length, 2)
  })

  it('lets nothing fire of a node that was deleted, and keeps nothing of it', limit, async () => {
    part.work = failing(1, () => new Error('flaky'))
    await load({ retry: { baseSeconds: '3' } })
    send({ payload: { name: 'a' } })
    send({ payload: { name: 'b' }, res: { end: () => {} } })
    await keeps(1)
    const due = (await kept())[0]?.due_at.getTime() ?? 0
    await helper.setFlows(made({ without: ['retry', 'catch'] }), 'full')
    await keeps(0)
    await until(() => Date.now() > due + 300, 'the time after the due time')
    assert.equal(part.tries.length, 2)
  })

  it('shortens a wait to the new policy’s longest', limit, async () => {
    part.work = failing(1, () => new Error('flaky'))
    await load({ retry: { baseSeconds: '50' } })
    send({ payload: { name: 'a' } })
    await keeps(1)
    await stop()
    const { passed } = await load({ retry: { baseSeconds: '0.1', capSeconds: '0.2' } })
    await passed.count(1)
    assert.equal(part.tries.length, 2)
  })

  it('waits all the same when the stores cannot be opened', limit, async () => {
    part.work = failing(1, () => new Error('flaky'))
    const parts = made({ retry: { baseSeconds: '0.05' } }).map((node) =>
      node.id === 'stores' ? { ...node, postgresUrl: 'postgresql://nobody@127.0.0.1:1/none' } : node,
    )
    await helper.load([nodes], parts)
    const passed = reaching('passed')
    send({ payload: { name: 'a' } })
    await passed.count(1)
    assert.equal(part.tries.length, 2)
  })

  it('survives a restart on the embedded store', { timeout: 180_000 }, async () => {
    const embedded = await embeddedFolder()
    const here = mkdtempSync(join(tmpdir(), 'ysh-retry-embedded-'))
    cpSync(embedded.path, join(here, 'postgres'), { recursive: true })
    try {
      part.work = failing(1, () => new Error('flaky'))
      const parts = made({ retry: { baseSeconds: '6' } }).map((node) =>
        node.id === 'stores' ? { ...node, folder: here, postgresUrl: '' } : node,
      )
      await helper.load([nodes], parts)
      const shown = statuses('retry')
      // Its status is cleared when the stores are open.
      await until(() => shown.some(({ text }) => text === undefined), 'open stores', 60_000)
      send({ payload: { name: 'a' } })
      await until(() => shown.some(({ text }) => text === 'status.waiting'), 'a message in the database')
      await stop()
      assert.equal(part.tries.length, 1)
      await helper.load([nodes], parts)
      const passed = reaching('passed')
      const [message] = await passed.count(1, 60_000)
      const [one, two] = part.tries
      assert.ok((two?.at ?? 0) - (one?.at ?? 0) >= 5_900)
      assert.equal(Object(message?.retry).attempt, 2)
    } finally {
      await stop()
      rmSync(here, { recursive: true, force: true })
      await embedded.remove()
    }
  })
})
