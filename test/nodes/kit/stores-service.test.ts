import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import { PipelineError } from '../../../lib/errors.ts'
import { createEngine } from '../../../lib/runs/engine.ts'
import type { RunRef } from '../../../lib/runs/run.ts'
import { Lingering } from '../../../nodes/kit/lingering.ts'
import { type OpenEngine, StoresService } from '../../../nodes/kit/stores-service.ts'
import { memoryLog, noHttp, openSurroundings, type Surroundings } from '../../runs/surroundings.ts'

describe('the stores as nodes get them', { timeout: 60_000 }, () => {
  let surroundings: Surroundings
  before(async () => {
    surroundings = await openSurroundings('embedded')
  })
  after(() => surroundings.close())

  const openEngine = async (): Promise<OpenEngine> => {
    const engine = await createEngine({ stores: surroundings.stores, http: noHttp, log: memoryLog(), owner: 'test' })
    return { engine, close: () => engine.close() }
  }

  /** A service whose first openings fail. */
  function service({ failures = 0, lingerMs = 0, engines = new Lingering<OpenEngine>(lingerMs, () => {}) } = {}) {
    const events = new EventEmitter()
    const log = memoryLog()
    const reports: string[] = []
    let openings = 0
    const made = new StoresService({
      acquire: () =>
        engines.acquire('node', 'key', async () => {
          openings += 1
          if (openings <= failures) throw new PipelineError('STORE_UNAVAILABLE', 'nobody there', { retryable: true })
          return openEngine()
        }),
      events,
      log,
      report: (state) => {
        reports.push(state instanceof PipelineError ? state.code : state)
        events.emit('report')
      },
    })
    return { made, events, reports, log, engines, openings: () => openings }
  }

  /** A trigger that notes the runs it is told to send. */
  function trigger() {
    const sent: RunRef[] = []
    const events = new EventEmitter()
    return {
      sent,
      events,
      send(run: RunRef) {
        sent.push(run)
        events.emit('sent')
      },
    }
  }

  test('open once for all who ask, on first use', async () => {
    const { made, openings, reports } = service()
    assert.equal(openings(), 0)
    const [one, two] = await Promise.all([made.engine(), made.engine()])
    assert.equal(one, two)
    assert.equal(openings(), 1)
    assert.deepEqual(reports, ['opening', 'open'])
    await made.close({ linger: false })
    await assert.rejects(made.engine(), { code: 'STOPPED' })
  })

  test('a failed opening is the error of who asked, and the next one tries again', async () => {
    const { made, reports } = service({ failures: 1 })
    await assert.rejects(made.engine(), { code: 'STORE_UNAVAILABLE' })
    await made.engine()
    assert.deepEqual(reports, ['opening', 'STORE_UNAVAILABLE', 'opening', 'open'])
    await made.close({ linger: false })
  })

  test('who stops waiting gets STOPPED, and nothing is left unhandled', async () => {
    const escaped: unknown[] = []
    const note = (reason: unknown) => escaped.push(reason)
    process.on('unhandledRejection', note)
    const { made } = service({ failures: 1 })
    const gone = AbortSignal.abort()
    await assert.rejects(made.engine(gone), { code: 'STOPPED' })
    await new Promise(setImmediate)
    process.off('unhandledRejection', note)
    assert.deepEqual(escaped, [])
    await made.close({ linger: false })
  })

  test('a trigger waits for stores that come up late, and its flow then starts', async () => {
    const { made, reports, log } = service({ failures: 1 })
    const flow = trigger()
    const withdraw = made.register('late', flow)
    const engine = await waitForEngine(made, reports)
    assert.ok(log.lines.some((line) => line.startsWith('error The stores could not be opened for the triggers')))
    const started = await engine.start({ flow: 'late', slot: 's1', trigger: 'manual', input: null, overlap: 'skip' })
    assert.equal(started.outcome, 'started')
    assert.equal(flow.sent.length, 1)
    withdraw()
    await assert.rejects(engine.start({ flow: 'late', slot: 's2', trigger: 'manual', input: null, overlap: 'skip' }), {
      code: 'FLOW_UNKNOWN',
    })
    await made.close({ linger: false })
  })

  test('after a deploy the engine is the same, and the run that is under way is sent anew by the new trigger', async () => {
    const engines = new Lingering<OpenEngine>(60_000, () => {})
    const old = service({ engines })
    const before = trigger()
    old.made.register('deployed', before)
    const engine = await old.made.engine()
    old.events.emit('flows:started')
    await engine.start({ flow: 'deployed', slot: 's', trigger: 'manual', input: null, overlap: 'skip' })
    assert.equal(before.sent.length, 1)
    await old.made.close({ linger: true })

    const fresh = service({ engines })
    const later = trigger()
    fresh.made.register('deployed', later)
    const sent = once(later.events, 'sent')
    fresh.events.emit('flows:started')
    await sent
    assert.equal(await fresh.made.engine(), engine)
    assert.equal(before.sent.length, 1, 'the closed trigger sends nothing')
    assert.deepEqual(
      later.sent.map(({ slot, generation }) => [slot, generation]),
      [['s', 2]],
    )
    await engine.end(later.sent[0] ?? assert.fail(), { outcome: 'done' })
    await fresh.made.close({ linger: false })
  })

  test('a deploy while the replay of the one before is still under way is not missed', async () => {
    const engines = new Lingering<OpenEngine>(60_000, () => {})
    const old = service({ engines })
    old.made.register('twice', trigger())
    const engine = await old.made.engine()
    await engine.start({ flow: 'twice', slot: 's', trigger: 'manual', input: null, overlap: 'skip' })
    await old.made.close({ linger: true })

    const { made, events } = service({ engines })
    const flow = trigger()
    const first = once(flow.events, 'sent')
    made.register('twice', flow)
    events.emit('flows:started')
    await first
    // The first replay has sent, and now asks the database for more: its message is for nodes that this deploy closes.
    events.emit('flows:started')
    assert.deepEqual(
      flow.sent.map(({ generation }) => generation),
      [2, 3],
    )
    await engine.end(flow.sent[1] ?? assert.fail(), { outcome: 'done' })
    await made.close({ linger: false })
  })

  /** Until the trigger's own tries have opened the stores. */
  async function waitForEngine(made: StoresService, reports: string[]) {
    while (!reports.includes('open')) await new Promise((resolve) => setTimeout(resolve, 20))
    return made.engine()
  }
})
