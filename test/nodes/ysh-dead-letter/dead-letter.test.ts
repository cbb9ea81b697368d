import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { listRuns } from '../../../lib/runs/display.ts'
import { listLetters } from '../../../lib/runs/letter-list.ts'
import { redriveLetters } from '../../../lib/runs/letter-settle.ts'
import { runMigrations } from '../../../lib/runs/migrations.ts'
import { migrate, openPostgres, type PostgresStore } from '../../../lib/stores/postgres/index.ts'
import type { Message, NodeStatus, Red } from '../../../nodes/kit/red.ts'
import deadLetter from '../../../nodes/ysh-dead-letter/ysh-dead-letter.ts'
import each from '../../../nodes/ysh-each/ysh-each.ts'
import joinNode from '../../../nodes/ysh-join/ysh-join.ts'
import run from '../../../nodes/ysh-run/ysh-run.ts'
import runEnd from '../../../nodes/ysh-run-end/ysh-run-end.ts'
import { enginesOf } from '../../../nodes/ysh-stores/engines.ts'
import stores from '../../../nodes/ysh-stores/ysh-stores.ts'
import type { FlowNode } from '../../helpers/node-red.ts'
import { helper } from '../../helpers/node-test-helper.ts'
import { type PostgresServer, startPostgres } from '../../helpers/postgres-server.ts'

/** Keys that a foreign node of the test fails for. */
const broken = new Set<string>()
const worked: string[] = []
let red: Red | undefined
const nodes = (given: Red) => {
  red = given
  for (const register of [stores, run, each, joinNode, runEnd, deadLetter]) register(given)
  given.nodes.registerType('foreign', function construct(definition) {
    given.nodes.createNode(this, definition)
    this.on('input', (message, send, done) => {
      worked.push(String(message.payload))
      if (broken.has(String(message.payload))) return done(new Error(`${message.payload} is broken`))
      send([message])
      done()
    })
  })
}
const sort = (given: Red) =>
  given.nodes.registerType('sort', function construct(definition) {
    given.nodes.createNode(this, definition)
    this.on('input', (message, send, done) => {
      const { id } = Object(Object(message.error).source)
      send(['work', 'alone', 'dead'].map((source) => (source === id ? message : null)))
      done()
    })
  })
const limit = { timeout: 30_000 }

describe('ysh-dead-letter', () => {
  let server: PostgresServer
  let store: PostgresStore
  const folder = mkdtempSync(join(tmpdir(), 'ysh-dead-letter-'))
  before(async () => {
    server = await startPostgres()
    store = await openPostgres({ kind: 'server', url: server.url })
    await migrate(store, runMigrations)
    helper.settings({ yshStoresLingerMs: 60_000 })
  })
  after(async () => {
    await store.close()
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  beforeEach(async () => {
    await store.query('truncate pipeline.run, pipeline.step, pipeline.process, pipeline.outbox, pipeline.dead_letter')
    broken.clear()
    worked.length = 0
  })
  afterEach(async () => {
    await helper.unload()
    if (red !== undefined) await enginesOf(red).closeIdle()
  })

  const at = { z: 'tab', x: 1, y: 1, stores: 'stores' }
  /**
   * run -> each -> work (-> Catch) -> join -> end; alone (-> Catch -> dead), whose redriven messages go back to it. With `through` the
   * Catch of the work goes through the node on its way to the join.
   */
  function flow({ through = false }: { through?: boolean } = {}): FlowNode[] {
    return [
      { id: 'tab', type: 'tab' },
      { id: 'stores', type: 'ysh-stores', folder, postgresUrl: server.url },
      { id: 'run', type: 'ysh-run', ...at, overlap: 'queue', wires: [['each']] },
      { id: 'each', type: 'ysh-each', ...at, window: '2', wires: [['work'], ['end']] },
      { id: 'work', type: 'foreign', ...at, wires: [['join']] },
      // The helper takes one Catch node only: by source there are three.
      { id: 'catch', type: 'catch', ...at, scope: null, wires: [['sort']] },
      { id: 'sort', type: 'sort', ...at, wires: [[through ? 'inside' : 'join'], ['dead'], ['other']] },
      { id: 'inside', type: 'ysh-dead-letter', ...at, wires: [['join'], [], []] },
      { id: 'join', type: 'ysh-join', ...at, wires: [['end']] },
      { id: 'end', type: 'ysh-run-end', ...at, wires: [['out'], ['out']] },
      { id: 'alone', type: 'foreign', ...at, wires: [['through']] },
      { id: 'dead', type: 'ysh-dead-letter', ...at, wires: [['kept'], ['alone'], ['answer']] },
      ...['out', 'kept', 'through', 'answer', 'other'].map((id) => ({ id, type: 'helper', ...at, wires: [] })),
    ]
  }
  function reaching(id: string) {
    const messages: Message[] = []
    let news = Promise.withResolvers<void>()
    helper.getNode(id).on('input', (message) => {
      messages.push(message)
      news.resolve()
      news = Promise.withResolvers()
    })
    return {
      messages,
      async count(count: number) {
        while (messages.length < count) await news.promise
        return messages
      },
    }
  }
  const ask = (action: string, payload: unknown = {}) => helper.getNode('dead').receive({ action, payload })
  const payloadOf = (message: Message | undefined): Record<string, unknown> => ({ ...Object(message?.payload) })

  it('redrives two of five failed items, exactly these, and answers', limit, async () => {
    for (const key of ['a', 'b', 'c', 'd', 'e']) broken.add(key)
    await helper.load([nodes, sort], flow())
    const [out, answer] = [reaching('out'), reaching('answer')]
    helper.getNode('run').receive({ payload: ['a', 'b', 'c', 'd', 'e'] })
    await out.count(1)
    ask('list', { withInput: true })
    await answer.count(1)
    const { letters, total } = payloadOf(answer.messages[0])
    assert.equal(total, 5)
    assert.ok(Array.isArray(letters))
    const byKey = new Map(letters.map((letter) => [String(Object(letter).key), Object(letter)]))
    assert.deepEqual(
      [byKey.get('b')?.error.code, byKey.get('b')?.input.payload, byKey.get('b')?.attempts, byKey.get('b')?.flow],
      ['FLOW_ERROR', 'b', 1, 'run'],
    )
    broken.clear()
    worked.length = 0
    ask('redrive', { ids: [byKey.get('b')?.id, byKey.get('d')?.id], by: 'ana' })
    await out.count(2)
    assert.deepEqual(worked.toSorted(), ['b', 'd'])
    assert.deepEqual([payloadOf(out.messages[1]).outcome, payloadOf(out.messages[1]).done], ['done', 2])
    assert.match(String(payloadOf(out.messages[1]).slot), /^redrive 1 of /)
    await answer.count(2)
    assert.equal(payloadOf(answer.messages[1]).redriven, 2)
    ask('discard', { item: 'a', reason: 'never needed' })
    await answer.count(3)
    assert.deepEqual(payloadOf(answer.messages[2]), { discarded: 1, refused: [] })
    ask('list')
    await answer.count(4)
    assert.equal(payloadOf(answer.messages[3]).total, 2)
  })

  it('refuses a redrive that names nothing', limit, async () => {
    await helper.load([nodes, sort], flow())
    const other = reaching('other')
    ask('redrive')
    await other.count(1)
    assert.equal(Object(other.messages[0]?.error).code, 'FILTER_INVALID')
  })

  it(
    'keeps a message from outside any run, and sends it out again, also when another process asked for it',
    limit,
    async () => {
      broken.add('17')
      await helper.load([nodes, sort], flow())
      const [kept, through] = [reaching('kept'), reaching('through')]
      helper.getNode('alone').receive({ payload: 17, topic: 'order', retry: { attempt: 3 }, req: {} })
      await kept.count(1)
      const { id, kind, fresh } = Object(kept.messages[0]?.deadLetter)
      assert.deepEqual([typeof id, kind, fresh], ['string', 'message', true])
      assert.match(String(Object(kept.messages[0]?.error).message), /17 is broken/)
      // As a command line would, without this process. It fails again, and is the same letter.
      await redriveLetters(store, { ids: [id] }, { by: 'somebody' })
      ask('redrive', { ids: [id] }) // asks for the queue
      await kept.count(2)
      assert.deepEqual(Object(kept.messages[1]?.deadLetter), { id, kind, fresh: true })
      const [letter] = (await listLetters(store)).letters
      assert.deepEqual([letter?.attempts, letter?.key, letter?.error.source], [4, 'order', 'alone'])
      broken.clear()
      ask('redrive', { code: 'FLOW_ERROR' })
      await through.count(1)
      const [message] = through.messages
      assert.deepEqual([message?.payload, message?.topic, 'error' in (message ?? {})], [17, 'order', false])
      assert.match(String(message?.slot), /^dead letter .*, try 5$/)
      assert.equal((await listLetters(store)).total, 0)
    },
  )

  it('keeps an item on its way to the join, as one letter, with what it was', limit, async () => {
    broken.add('b')
    await helper.load([nodes, sort], flow({ through: true }))
    const out = reaching('out')
    helper.getNode('run').receive({ payload: ['a', 'b'] })
    await out.count(1)
    const { letters } = await listLetters(store)
    assert.deepEqual(
      letters.map(({ kind, key, node }) => [kind, key, node]),
      [['item', 'b', 'each']],
    )
    assert.match(letters[0]?.error.source ?? '', /work/)
  })

  it('sends what it had begun to send, when the process ends in between', limit, async () => {
    broken.add('1')
    await helper.load([nodes, sort], flow())
    const kept = reaching('kept')
    helper.getNode('alone').receive({ payload: 1 })
    await kept.count(1)
    await helper.unload()
    if (red !== undefined) await enginesOf(red).closeIdle()
    const { runs } = await redriveLetters(store, {}, { by: 'cli' })
    // Taken by a process that died before it sent anything.
    await store.query(`update pipeline.run set state = 'running', epoch = 1, owner = 'dead/1' where id = $1`, [
      runs[0]?.id,
    ])
    broken.clear()
    await helper.load([nodes, sort], flow())
    const through = reaching('through')
    await through.count(1)
    while ((await listRuns(store, { id: runs[0]?.id ?? '' }))[0]?.state !== 'done') await sleep(20)
    assert.equal(through.messages.length, 1)
  })

  it('shows how many are open', limit, async () => {
    await helper.load([nodes, sort], flow())
    const statuses: NodeStatus[] = []
    const news: (() => void)[] = []
    helper.getNode('dead').on('call:status', ({ args: [status] }) => {
      statuses.push(status)
      for (const wake of news.splice(0)) wake()
    })
    broken.add('a')
    helper.getNode('run').receive({ payload: ['a'] })
    while (!statuses.some(({ text }) => text === '1 open' || text?.includes('status.open')))
      await new Promise<void>((resolve) => news.push(resolve))
    assert.equal(statuses.at(-1)?.fill, 'yellow')
  })
})
