import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { PipelineError } from '../../../lib/errors.ts'
import { listRuns, listSteps } from '../../../lib/runs/display.ts'
import { runMigrations } from '../../../lib/runs/migrations.ts'
import { migrate, openPostgres, type PostgresStore } from '../../../lib/stores/postgres/index.ts'
import { enginesOf } from '../../../nodes/ysh-stores/engines.ts'
import { helper } from '../../helpers/node-test-helper.ts'
import { type PostgresServer, startPostgres } from '../../helpers/postgres-server.ts'
import {
  down,
  type FlowParts,
  failing,
  flow,
  globals,
  loaded,
  nodes,
  part,
  reaching,
  statuses,
  twice,
  until,
} from './flow.ts'

const limit = { timeout: 30_000 }

describe('ysh-retry-backoff in a run', () => {
  let server: PostgresServer
  let store: PostgresStore
  const folder = mkdtempSync(join(tmpdir(), 'ysh-retry-'))
  before(async () => {
    server = await startPostgres()
    store = await openPostgres({ kind: 'server', url: server.url })
    await migrate(store, runMigrations)
    helper.settings({ yshStoresLingerMs: 60_000, functionGlobalContext: globals })
  })
  after(async () => {
    await store.close()
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  beforeEach(async () => {
    await store.query('truncate pipeline.run, pipeline.step, pipeline.process, pipeline.outbox')
    part.tries.length = 0
    part.work = () => {}
  })
  afterEach(stop)

  async function stop(): Promise<void> {
    await helper.unload()
    if (loaded.red !== undefined) await enginesOf(loaded.red).closeIdle()
  }
  const made = (parts: FlowParts = {}) => flow({ folder, postgresUrl: server.url }, parts)
  async function load(parts: FlowParts = {}) {
    await helper.load([nodes], made(parts))
    return {
      out: reaching('out'),
      gave: reaching('gave'),
      caught: reaching('caught'),
      passed: reaching('passed'),
      statuses: statuses('retry'),
    }
  }
  const start = (name = 'a') => helper.getNode('run').receive({ payload: { name }, slot: name })
  const outcome = (message: { payload?: unknown } | undefined) => Object(message?.payload).outcome
  const theRun = async () => (await listRuns(store))[0]
  const line = async (node = 'retry') => {
    const run = await theRun()
    return run && (await listSteps(store, run.id)).find((each) => each.node === node)
  }
  const attempts = () => part.tries.map((each) => each.attempt)
  const waits = () => until(async () => (await line())?.state === 'retry', 'a wait in the journal')

  for (const kind of ['ours', 'foreign'] as const) {
    for (const first of ['through', 'beside'] as const) {
      it(`tries again until it works: ${kind}, the first try ${first}`, limit, async () => {
        part.work = failing(2)
        const { out, statuses: shown } = await load({ part: kind, first })
        start()
        await out.count(1)
        assert.equal(outcome(out.messages[0]), 'done')
        assert.equal(part.tries.length, 3)
        const { state, attempts: noted, nextAt } = (await line()) ?? {}
        assert.deepEqual([state, noted, nextAt], ['done', 2, null], 'what was left in the journal is done with the run')
        assert.ok(shown.length > 0)
      })
    }
  }

  it(
    'tries nodes of other packages more often than Node-RED’s loop guard allows, each time with the message as it came',
    limit,
    async () => {
      part.work = failing(13, () => new Error('flaky'))
      const { out, passed } = await load({ part: 'foreign', retry: { attempts: '20', baseSeconds: '0' } })
      start('a')
      await out.count(1)
      assert.equal(outcome(out.messages[0]), 'done')
      assert.deepEqual(attempts(), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14])
      assert.ok(part.tries.every(({ name }) => name === 'a'))
      const [message] = passed.messages
      assert.deepEqual(message?.payload, { name: 'a spoilt' })
      assert.equal('error' in (message ?? {}), false)
      assert.deepEqual(Object(message?.retry).lastError, { code: 'FLOW_ERROR', message: 'flaky' })
    },
  )

  it('gives up after the tries in all, with the error as it was caught', limit, async () => {
    part.work = failing(99)
    const { out, gave, statuses: shown } = await load({ retry: { attempts: '3' } })
    start()
    await out.count(1)
    const [message] = await gave.count(1)
    assert.equal(part.tries.length, 3)
    const error = Object(message?.error)
    assert.deepEqual([error.code, error.source.id, error.cause.retryable], ['HTTP_503', 'part', true])
    assert.deepEqual(message?.payload, { name: 'a' })
    const retry = Object(message?.retry)
    assert.deepEqual([retry.attempt, retry.tries, retry.gaveUp.why], [3, 3, 'attempts'])
    assert.ok(Date.parse(retry.gaveUp.at) >= Date.parse(retry.startedAt))
    assert.equal(outcome(out.messages[0]), 'failed')
    assert.equal((await theRun())?.error?.code, 'HTTP_503')
    const { state, attempts: noted } = (await line()) ?? {}
    assert.deepEqual([state, noted], ['failed', 3])
    await until(() => shown.some(({ text }) => text === 'status.gaveUp'), 'the status says so')
  })

  it('gives up at once on an error that is not to be tried again, and at the deadline', limit, async () => {
    part.work = () => {
      throw new PipelineError('HTTP_404', 'gone')
    }
    const { gave } = await load()
    start()
    const [refused] = await gave.count(1)
    assert.equal(part.tries.length, 1)
    assert.equal(Object(refused?.retry).gaveUp.why, 'refused')
    await stop()

    part.tries.length = 0
    part.work = failing(99)
    const late = await load({ retry: { attempts: '1000', baseSeconds: '0.2', deadlineSeconds: '0.5' } })
    start('b')
    const [message] = await late.gave.count(1)
    assert.equal(Object(message?.retry).gaveUp.why, 'deadline')
    assert.ok(part.tries.length >= 2 && part.tries.length <= 3, `${part.tries.length} tries`)
    const [first, last] = [part.tries[0], part.tries.at(-1)]
    assert.ok((last?.at ?? 0) - (first?.at ?? 0) < 500)
  })

  it('waits what a server asked for, and gives up when it asks for more than the longest wait', limit, async () => {
    part.work = failing(1, () => down(400))
    const { out } = await load({ retry: { baseSeconds: '0' } })
    start()
    await out.count(1)
    const [one, two] = part.tries
    assert.ok((two?.at ?? 0) - (one?.at ?? 0) >= 395, 'Retry-After of our error')
    await stop()

    part.tries.length = 0
    part.work = failing(1, () => down(61_000))
    const { gave } = await load()
    start('b')
    const [message] = await gave.count(1)
    assert.equal(Object(message?.retry).gaveUp.why, 'retry-after')
    assert.equal(part.tries.length, 1)
  })

  it('sorts errors by codes and by expressions', limit, async () => {
    const gone = () => new PipelineError('HTTP_404', 'gone')
    const expression = (text: string) => ({ retryOn: 'expression', expression: text })
    for (const [settings, error, tries] of [
      [{ retryOn: 'codes', codes: ['HTTP_4*'] }, gone, 2],
      [{ retryOn: 'codes', codes: ['HTTP_4*'] }, down, 1],
      [{ retryOn: 'codes', codes: ['HTTP_503'], codesMean: 'except' }, down, 1],
      [{ retryOn: 'codes', codes: ['HTTP_503'], codesMean: 'except' }, gone, 2],
      [expression('error.code = "HTTP_404"'), gone, 2],
      [expression('error.code = "HTTP_404"'), down, 1],
      [expression('msg.error.source.id = "part" and msg.retry.attempt = 1'), down, 2],
    ] as const) {
      part.tries.length = 0
      part.work = failing(99, error)
      const { gave } = await load({ retry: { attempts: '2', baseSeconds: '0', ...settings } })
      start(JSON.stringify([settings, error().code]))
      await gave.count(1)
      assert.equal(part.tries.length, tries, JSON.stringify(settings))
      await stop()
    }
  })

  it('gives up when the expression fails, and says why; one that does not parse marks the node', limit, async () => {
    part.work = failing(99)
    const { gave } = await load({ retry: { retryOn: 'expression', expression: '$error("no idea")' } })
    start()
    const [message] = await gave.count(1)
    assert.equal(part.tries.length, 1)
    const { why, problem } = Object(message?.retry).gaveUp
    assert.equal(why, 'expression')
    assert.match(problem, /no idea/)
    assert.equal(Object(message?.error).code, 'HTTP_503', 'the error is still the one that was caught')
    await stop()

    for (const wrong of [
      { retryOn: 'expression', expression: 'error.code = ' },
      { retryOn: 'expression', expression: '' },
      { retryOn: 'codes', codes: [] },
      { baseSeconds: '61', capSeconds: '60' },
      { attempts: '0' },
    ]) {
      const { caught } = await load({ retry: wrong, catch: { scope: ['retry'], wires: [['caught']] } })
      helper.getNode('retry').receive({ payload: 1 })
      await caught.count(1)
      assert.equal(Object(caught.messages[0]?.error).code, 'CONFIG', JSON.stringify(wrong))
      await stop()
    }
  })

  for (const kind of ['ours', 'foreign'] as const) {
    for (const type of ['full', 'flows', 'nodes'] as const) {
      it(`keeps attempts and due time through a deploy (${type}, ${kind})`, limit, async () => {
        part.work = failing(3)
        const { out } = await load({ part: kind, retry: { baseSeconds: '1.5' } })
        start()
        await waits()
        const before = await line()
        assert.equal(before?.attempts, 1)
        await helper.setFlows(made({ part: kind, retry: { baseSeconds: '1.5', name: `changed by ${type}` } }), type)
        if (type !== 'nodes') out.listen()
        await until(() => part.tries.length >= 2, 'the second try')
        assertDue(part.tries[1]?.at, before?.nextAt)
        await out.count(1)
        assert.equal(part.tries.length, 4, 'nothing else was sent')
        if (kind === 'foreign') assert.deepEqual(attempts(), [1, 2, 3, 4])
        assert.equal(outcome(out.messages[0]), 'done')
        assert.equal((await line())?.attempts, 3)
      })
    }

    it(`keeps attempts and due time through a restart (${kind})`, limit, async () => {
      part.work = failing(3)
      await load({ part: kind, retry: { baseSeconds: '2' } })
      start()
      await waits()
      const before = await line()
      await stop()
      const { out } = await load({ part: kind, retry: { baseSeconds: '2', deadlineSeconds: '3600' } })
      await until(() => part.tries.length >= 2, 'the second try')
      assertDue(part.tries[1]?.at, before?.nextAt)
      await out.count(1)
      assert.equal(part.tries.length, 4)
      if (kind === 'foreign') assert.deepEqual(attempts(), [1, 2, 3, 4])
      assert.equal((await line())?.startedAt, before?.startedAt, 'the deadline counts from the very first try')
    })
  }

  it('does not count a try that a restart made beside the node, and keeps to the due time', limit, async () => {
    part.work = failing(3)
    await load({ part: 'foreign', first: 'beside', retry: { baseSeconds: '2' } })
    start()
    await waits()
    const before = await line()
    await stop()
    const { out } = await load({ part: 'foreign', first: 'beside', retry: { baseSeconds: '2' } })
    await until(() => part.tries.length >= 3, 'the try after the wait')
    assert.ok((part.tries[1]?.at ?? 0) < Date.parse(before?.nextAt ?? ''), 'sent anew past the retry node')
    assertDue(part.tries[2]?.at, before?.nextAt)
    await out.count(1)
    assert.equal((await line())?.attempts, 2)
  })

  it('shortens a wait to the new policy’s longest', limit, async () => {
    part.work = failing(1)
    await load({ retry: { baseSeconds: '50' } })
    start()
    await waits()
    await stop()
    const { out } = await load({ retry: { baseSeconds: '0.2', capSeconds: '0.5' } })
    await out.count(1)
    assert.equal(part.tries.length, 2)
  })

  it('gives a message up again after a restart, without another try', limit, async () => {
    part.work = failing(99)
    // What was given up does not reach the end: the run is unfinished when Node-RED stops.
    const { gave } = await load({ retry: { attempts: '2', wires: [['part'], ['gave']] } })
    start()
    await gave.count(1)
    await stop()
    const again = await load({ retry: { attempts: '2', wires: [['part'], ['gave', 'end']] } })
    await again.out.count(1)
    assert.equal(part.tries.length, 2)
    const [message] = again.gave.messages
    const error = Object(message?.error)
    assert.deepEqual([error.code, error.message, error.source.id], ['HTTP_503', 'down', 'part'])
    const retry = Object(message?.retry)
    assert.deepEqual([retry.attempt, retry.gaveUp.why], [2, 'attempts'])
    assert.equal(outcome(again.out.messages[0]), 'failed')
  })

  it('keeps a state for each message: items of a list, side by side', limit, async () => {
    const failures = new Map([
      ['a', 1],
      ['b', 3],
      ['c', 9],
      ['d', 0],
    ])
    const seen = new Map<string, number>()
    part.work = (name) => {
      seen.set(name, (seen.get(name) ?? 0) + 1)
      if ((seen.get(name) ?? 0) <= (failures.get(name) ?? 0)) throw down()
    }
    const at = { z: 'tab', x: 1, y: 1, stores: 'stores' }
    const { out } = await load({
      run: { wires: [['each']] },
      retry: { wires: [['part'], ['join', 'gave']] },
      without: ['part', 'end'],
      more: [
        { id: 'each', type: 'ysh-each', ...at, property: 'name', window: '4', wires: [['retry'], []] },
        { id: 'part', type: 'ysh-work', ...at, wires: [['join']] },
        { id: 'join', type: 'ysh-join', ...at, wires: [['end']] },
        { id: 'end', type: 'ysh-run-end', ...at, tolerance: 'any', wires: [['out'], ['out']] },
      ],
    })
    helper.getNode('run').receive({ payload: [...failures.keys()] })
    const [message] = await out.count(1)
    const { done, failed } = Object(message?.payload)
    assert.deepEqual([done, failed], [3, 1])
    assert.deepEqual(Object.fromEntries(seen), { a: 2, b: 4, c: 4, d: 1 })
  })

  it('counts a failure once that is reported twice', limit, async () => {
    part.work = failing(1)
    for (const first of ['through', 'beside'] as const) {
      part.tries.length = 0
      part.work = failing(1)
      const { out } = await load({ first, retry: { baseSeconds: '0.3' }, without: ['part'], more: [twice] })
      start(`a ${first}`)
      await out.count(1)
      assert.equal(part.tries.length, 2, first)
      await stop()
    }
  })

  it('lets nothing fire that a deploy took away: the node, or the whole flow', limit, async () => {
    part.work = failing(1)
    await load({ part: 'foreign', retry: { baseSeconds: '3' } })
    start()
    await waits()
    const due = Date.parse((await line())?.nextAt ?? '')
    await helper.setFlows(made({ without: ['retry', 'catch'], run: { wires: [[]] } }), 'full')
    await until(() => Date.now() > due + 300, 'the time after the due time')
    assert.equal(part.tries.length, 1)
  })

  it('begins anew where another retry node has given up: the way to a backup', limit, async () => {
    part.work = failing(2)
    const at = { z: 'tab', x: 1, y: 1, stores: 'stores' }
    const { out, gave } = await load({
      retry: { attempts: '2', wires: [['part'], ['second', 'gave']] },
      more: [
        { id: 'second', type: 'ysh-retry-backoff', ...at, baseSeconds: '50', wires: [['backup'], []] },
        { id: 'backup', type: 'ysh-work', ...at, wires: [['end']] },
      ],
    })
    start()
    await out.count(1)
    assert.equal(gave.messages.length, 1)
    assert.equal(outcome(out.messages[0]), 'done')
    assert.equal(part.tries.length, 3, 'the backup at once, without the wait')
  })

  it('fails a message that was given up and comes back with an error', limit, async () => {
    part.work = failing(99)
    const at = { z: 'tab', x: 1, y: 1, stores: 'stores' }
    const { caught } = await load({
      retry: { attempts: '1', wires: [['part'], ['backup']] },
      catch: { scope: ['part', 'backup', 'retry'], wires: [['retry', 'caught']] },
      more: [{ id: 'backup', type: 'ysh-work', ...at, wires: [['end']] }],
    })
    start()
    await caught.count(3)
    assert.deepEqual(
      caught.messages.slice(0, 3).map((message) => Object(message.error).code),
      ['HTTP_503', 'HTTP_503', 'RETRY_GAVE_UP'],
    )
    assert.equal(part.tries.length, 2)
  })

  it('shows attempt, time and how many wait', limit, async () => {
    part.work = failing(1)
    const { statuses: shown } = await load({ retry: { baseSeconds: '50' } })
    start()
    await waits()
    await until(() => shown.some(({ text }) => text === 'status.waiting'), 'the status of a wait')
  })

  /** Not before its due time, and soon after: machines are shared, that it is exact is tested on a simulated clock. */
  function assertDue(at: number | undefined, due: string | null | undefined): void {
    const late = (at ?? 0) - Date.parse(due ?? '')
    assert.ok(late >= -5 && late < 5_000, `${late} ms after the due time`)
  }
})
