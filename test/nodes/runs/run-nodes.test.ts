import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { PipelineError } from '../../../lib/errors.ts'
import { listRuns, listSteps } from '../../../lib/runs/display.ts'
import { runMigrations } from '../../../lib/runs/migrations.ts'
import { Type } from '../../../lib/schema.ts'
import { defineStep, type StepContext } from '../../../lib/steps/step.ts'
import { migrate, openPostgres, type PostgresStore } from '../../../lib/stores/postgres/index.ts'
import { defineNode } from '../../../nodes/kit/declaration.ts'
import type { Message, Red } from '../../../nodes/kit/red.ts'
import { registerStepNode } from '../../../nodes/kit/step-node.ts'
import each from '../../../nodes/ysh-each/ysh-each.ts'
import joinNode from '../../../nodes/ysh-join/ysh-join.ts'
import run from '../../../nodes/ysh-run/ysh-run.ts'
import runEnd from '../../../nodes/ysh-run-end/ysh-run-end.ts'
import { enginesOf } from '../../../nodes/ysh-stores/engines.ts'
import stores from '../../../nodes/ysh-stores/ysh-stores.ts'
import type { FlowNode } from '../../helpers/node-red.ts'
import { helper } from '../../helpers/node-test-helper.ts'
import { type PostgresServer, startPostgres } from '../../helpers/postgres-server.ts'

/** What the test's step does; each call is an effect. */
type Work = (name: string, context: StepContext) => Promise<void>
let work: Work = async () => {}
const effects: string[] = []

const step = defineStep({
  name: 'work',
  version: 1,
  config: Type.Object({}),
  input: Type.Object({ name: Type.String() }),
  output: Type.Object({ dataset: Type.String(), rows: Type.Integer() }),
  async run({ name }, _, context) {
    await work(name, context)
    effects.push(name)
    return { dataset: name, rows: name.length }
  },
})
const declaration = defineNode({
  type: 'ysh-work',
  category: 'ysh',
  outputs: ['one'],
  config: step.config,
  references: { stores: { type: 'ysh-stores' } },
  form: [],
})

let red: Red | undefined
const nodes = (given: Red) => {
  red = given
  for (const register of [stores, run, each, joinNode, runEnd]) register(given)
  registerStepNode(given, declaration, step)
}

const limit = { timeout: 20_000 }

describe('run nodes', () => {
  let server: PostgresServer
  let store: PostgresStore
  const folder = mkdtempSync(join(tmpdir(), 'ysh-run-nodes-'))
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
    await store.query('truncate pipeline.run, pipeline.step, pipeline.schedule, pipeline.outbox, pipeline.process')
    effects.length = 0
    work = async () => {}
  })
  afterEach(async () => {
    await helper.unload()
    if (red !== undefined) await enginesOf(red).closeIdle()
  })

  const at = { z: 'tab', x: 1, y: 1, stores: 'stores' }
  /** run -> each -> work (-> Catch) -> join -> end -> out */
  function flow(part: { run?: object; each?: object; end?: object; catch?: object } = {}): FlowNode[] {
    return [
      { id: 'tab', type: 'tab' },
      { id: 'stores', type: 'ysh-stores', folder, postgresUrl: server.url },
      { id: 'run', type: 'ysh-run', ...at, wires: [['each']], ...part.run },
      { id: 'each', type: 'ysh-each', ...at, property: 'name', window: '2', wires: [['work'], ['end']], ...part.each },
      { id: 'work', type: 'ysh-work', ...at, wires: [['join']] },
      { id: 'catch', type: 'catch', ...at, scope: ['work'], wires: [['join']], ...part.catch },
      { id: 'join', type: 'ysh-join', ...at, wires: [['end']] },
      { id: 'end', type: 'ysh-run-end', ...at, wires: [['out'], ['out']], ...part.end },
      { id: 'caught', type: 'helper', ...at, wires: [] },
      { id: 'out', type: 'helper', ...at, wires: [] },
    ]
  }
  const everything = { scope: null, wires: [['caught']] }
  /** The messages that reach a node, also after it was deployed anew. */
  function reaching(id: string) {
    const messages: Message[] = []
    let news = Promise.withResolvers<void>()
    const listen = () =>
      helper.getNode(id).on('input', (message) => {
        messages.push(message)
        news.resolve()
        news = Promise.withResolvers()
      })
    listen()
    return {
      messages,
      listen,
      async count(count: number) {
        while (messages.length < count) await news.promise
        return messages
      },
    }
  }
  const payloadOf = (message: Message | undefined): Record<string, unknown> => ({ ...Object(message?.payload) })

  it('takes a list through, and ends the run with a summary', limit, async () => {
    await helper.load([nodes], flow())
    const out = reaching('out')
    helper.getNode('run').receive({ payload: ['a', 'bb', 'ccc'], topic: 'lost' })
    const [message] = await out.count(1)
    const { items, outcome, done, failed, trigger, seconds } = payloadOf(message)
    assert.deepEqual([outcome, done, failed, trigger, typeof seconds], ['done', 3, 0, 'event', 'number'])
    assert.deepEqual(items, [
      { key: 'a', state: 'done', dataset: 'a', rows: 1 },
      { key: 'bb', state: 'done', dataset: 'bb', rows: 2 },
      { key: 'ccc', state: 'done', dataset: 'ccc', rows: 3 },
    ])
    assert.equal('run' in (message ?? {}), false)
    const [journal] = await listRuns(store)
    assert.equal(journal?.state, 'done')
    assert.equal(journal?.flow, 'run')
    assert.deepEqual(effects.sort(), ['a', 'bb', 'ccc'])
  })

  it(
    'records failed items that a Catch brings, and fails the run when there are more than may fail',
    limit,
    async () => {
      work = async (name) => {
        if (name !== 'bb') throw new PipelineError('HTTP_404', `${name} is gone`)
      }
      await helper.load([nodes], flow({ end: { tolerance: '50%' } }))
      const out = reaching('out')
      helper.getNode('run').receive({ payload: ['a', 'bb', 'ccc'] })
      const [message] = await out.count(1)
      const { items, outcome, failed, error } = payloadOf(message)
      assert.deepEqual([outcome, failed], ['failed', 2])
      assert.deepEqual(error, {
        code: 'RUN_FAILED',
        message: '2 of 3 items failed, more than may fail',
        retryable: false,
      })
      assert.ok(Array.isArray(items))
      assert.deepEqual(items[0], {
        key: 'a',
        state: 'failed',
        error: { code: 'HTTP_404', message: 'a is gone', retryable: false },
      })
      assert.equal('error' in (message ?? {}), false)
      assert.equal((await listRuns(store))[0]?.state, 'failed')
    },
  )

  it('takes an item as done whose failure a backup step made good', limit, async () => {
    const failed = new Set<string>()
    work = async (name) => {
      if (failed.has(name)) return
      failed.add(name)
      throw new PipelineError('HTTP_503', 'down', { retryable: true })
    }
    const backup = { id: 'backup', type: 'ysh-work', ...at, wires: [['join']] }
    await helper.load([nodes], [...flow({ catch: { wires: [['backup']] } }), backup])
    const out = reaching('out')
    helper.getNode('run').receive({ payload: ['a', 'b'] })
    await out.count(1)
    assert.deepEqual([payloadOf(out.messages[0]).done, payloadOf(out.messages[0]).failed], [2, 0])
  })

  it('sends an empty list straight on, and a configured list with the payload left aside', limit, async () => {
    await helper.load([nodes], flow())
    const out = reaching('out')
    helper.getNode('run').receive({ payload: [] })
    await out.count(1)
    assert.deepEqual([payloadOf(out.messages[0]).outcome, payloadOf(out.messages[0]).done], ['done', 0])
    await helper.unload()

    await helper.load([nodes], flow({ each: { from: 'list', list: ['x', 'y'] } }))
    const listed = reaching('out')
    helper.getNode('run').receive({ payload: { not: 'a list' } })
    await listed.count(1)
    assert.equal(payloadOf(listed.messages[0]).done, 2)
    assert.deepEqual(effects.sort(), ['x', 'y'])
  })

  it('starts the run of a slot once', limit, async () => {
    await helper.load([nodes], flow({ run: { overlap: 'queue' } }))
    const out = reaching('out')
    for (const slot of ['file-1', 'file-1', 'file-2']) helper.getNode('run').receive({ payload: ['a'], slot })
    await out.count(2)
    assert.deepEqual(out.messages.map((message) => payloadOf(message).slot).sort(), ['file-1', 'file-2'])
    assert.equal((await listRuns(store)).length, 2)
  })

  it('fires a schedule', limit, async () => {
    await helper.load([nodes], flow({ run: { schedule: '* * * * * *', payload: '["tick"]', overlap: 'skip' } }))
    const out = reaching('out')
    await out.count(2)
    const slots = out.messages.map((message) => String(payloadOf(message).slot))
    assert.ok(slots.every((slot) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/.test(slot)))
    assert.equal(new Set(slots).size, slots.length)
    assert.equal(payloadOf(out.messages[0]).trigger, 'schedule')
  })

  it('marks a node whose schedule or payload cannot be read, and says so to each message', limit, async () => {
    for (const wrong of [
      { schedule: '61 * * * *' },
      { schedule: '0 2 * * *', timeZone: 'Atlantis' },
      { payload: '{' },
    ]) {
      await helper.load([nodes], flow({ run: wrong, catch: everything }))
      const caught = reaching('caught')
      helper.getNode('run').receive({ payload: ['a'] })
      const [message] = await caught.count(1)
      assert.match(String(Object(message?.error).code), /^(SCHEDULE_INVALID|CONFIG)$/)
      await helper.unload()
    }
  })

  it('names what is wrong with a message', limit, async () => {
    await helper.load([nodes], flow({ catch: everything }))
    const caught = reaching('caught')
    helper.getNode('each').receive({ payload: ['a'] })
    helper.getNode('join').receive({ payload: 'a' })
    helper.getNode('end').receive({ payload: 'a' })
    helper.getNode('run').receive({ payload: Buffer.from('bytes') })
    helper.getNode('run').receive({ payload: 'no list' })
    await caught.count(5)
    assert.deepEqual(caught.messages.map((message) => Object(message.error).code).sort(), [
      'EACH_NO_LIST',
      'NOT_JSON',
      'NO_RUN',
      'NO_RUN',
      'NO_RUN',
    ])
  })

  it('ends the run as failed for an error that a Catch brings from inside an each', limit, async () => {
    work = async () => {
      throw new PipelineError('HTTP_404', 'gone')
    }
    await helper.load([nodes], flow({ catch: { wires: [['end']] } }))
    const out = reaching('out')
    helper.getNode('run').receive({ payload: ['a', 'b'] })
    const [message] = await out.count(1)
    assert.equal(payloadOf(message).outcome, 'failed')
    assert.equal(Object(payloadOf(message).error).code, 'HTTP_404')
    assert.equal((await listRuns(store))[0]?.error?.code, 'HTTP_404')
  })

  for (const type of ['full', 'flows', 'nodes'] as const) {
    it(`goes on through a deploy (${type}): each step once, one end`, limit, async () => {
      let deployed = false
      const begun = Promise.withResolvers<void>()
      const release = Promise.withResolvers<void>()
      work = async (name, { signal }) => {
        if (name === 'c' || name === 'd') {
          begun.resolve()
          // Those under way at the deploy: called off with their node, or joined if it lives on. Done anew, they wait as
          // well: the run must not end before somebody listens to its end.
          const called = deployed ? [] : [once(signal, 'abort').then(() => Promise.reject(new Error('called off')))]
          await Promise.race([...called, release.promise])
        }
      }
      await helper.load([nodes], flow())
      const out = reaching('out')
      helper.getNode('run').receive({ payload: ['a', 'b', 'c', 'd', 'e', 'f'] })
      await begun.promise
      deployed = true
      const changed = flow({ end: { name: `changed by ${type}`, tolerance: '1' } })
      await helper.setFlows(changed, type)
      if (type !== 'nodes') out.listen()
      release.resolve()
      await out.count(1)
      assert.deepEqual(effects.sort(), ['a', 'b', 'c', 'd', 'e', 'f'])
      assert.equal(payloadOf(out.messages[0]).done, 6)
      const [journal] = await listRuns(store)
      assert.equal(journal?.state, 'done')
      assert.equal((await listSteps(store, journal?.id ?? '')).filter((line) => line.node === 'work').length, 6)
      assert.equal(out.messages.length, 1)
    })
  }

  it('goes on after a restart with the items that are left', limit, async () => {
    let restarted = false
    const begun = Promise.withResolvers<void>()
    work = async (name, { signal }) => {
      if (name === 'c' && !restarted) {
        begun.resolve()
        await once(signal, 'abort')
        throw new Error('called off')
      }
    }
    await helper.load([nodes], flow({ each: { window: '1' } }))
    helper.getNode('run').receive({ payload: ['a', 'b', 'c', 'd'] })
    await begun.promise
    await helper.unload()
    if (red !== undefined) await enginesOf(red).closeIdle()
    restarted = true
    assert.deepEqual(effects, ['a', 'b'])
    await helper.load([nodes], flow({ each: { window: '1' } }))
    const out = reaching('out')
    await out.count(1)
    assert.deepEqual(effects, ['a', 'b', 'c', 'd'])
    assert.equal((await listRuns(store))[0]?.epoch, 2)
  })
})
