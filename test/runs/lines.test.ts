import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { PipelineError } from '../../lib/errors.ts'
import { listSteps } from '../../lib/runs/display.ts'
import { failStep, finishStep, readOutput } from '../../lib/runs/journal.ts'
import { startRun } from '../../lib/runs/lifecycle.ts'
import { type StepLine, StepLines } from '../../lib/runs/lines.ts'
import { runMigrations } from '../../lib/runs/migrations.ts'
import type { StepRef } from '../../lib/runs/run.ts'
import { migrate } from '../../lib/stores/postgres/index.ts'
import type { Queryable } from '../../lib/stores/postgres/port.ts'
import { rejectsWith } from '../helpers/rejects.ts'
import { kinds, openSurroundings, type Surroundings } from './surroundings.ts'

const refOf = (run: string, node: string, part: Partial<StepRef> = {}): StepRef => ({
  run,
  epoch: 1,
  node,
  item: '',
  step: 'test@1',
  inputHash: 'h',
  attempt: 1,
  startedAt: '2026-11-25T12:00:00.000Z',
  ...part,
})

for (const kind of kinds) {
  describe(`lines of the journal on ${kind}`, { timeout: 180_000 }, () => {
    let surroundings: Surroundings
    /** Statements that were sent. */
    const sent: string[] = []
    let gate: Promise<void> | undefined
    const counting: Queryable = {
      async query(text, values, options) {
        sent.push(text)
        await gate
        return surroundings.stores.postgres.query(text, values, options)
      },
    }
    before(async () => {
      surroundings = await openSurroundings(kind)
      await migrate(surroundings.stores.postgres, runMigrations)
    })
    after(() => surroundings.close())
    beforeEach(async () => {
      await surroundings.stores.postgres.query('truncate pipeline.run, pipeline.step, pipeline.outbox')
      sent.length = 0
      gate = undefined
    })
    async function run(slot: string): Promise<string> {
      const request = { flow: slot, slot, trigger: 'event', input: null, overlap: 'queue' } as const
      const started = await startRun(surroundings.stores.postgres, request, 'a/1', true)
      assert.ok(started.outcome === 'started')
      return started.run.id
    }
    const settled = (work: Promise<void>[]) =>
      Promise.all(
        work.map((each) =>
          each.then(
            () => 'written',
            (error: unknown) => PipelineError.from(error).code,
          ),
        ),
      )

    it('writes one at once, and those that come meanwhile together', async () => {
      const lines = new StepLines(counting)
      const ids = await Promise.all(['x', 'y', 'z'].map(run))
      const open = Promise.withResolvers<void>()
      gate = open.promise
      const all = Array.from({ length: 30 }, (_, n) =>
        finishStep(lines, refOf(ids[n % 3] ?? '', `n${n}`), { n, text: 'Ação "1"\n' }),
      )
      assert.equal(sent.length, 1)
      open.resolve()
      await Promise.all(all)
      assert.equal(sent.length, 2)
      for (let n = 0; n < 30; n += 1) {
        const stored = await readOutput(surroundings.stores.postgres, refOf(ids[n % 3] ?? '', `n${n}`))
        assert.deepEqual(stored, { output: { n, text: 'Ação "1"\n' } })
      }
      const [line] = await listSteps(surroundings.stores.postgres, ids[0] ?? '')
      assert.deepEqual([line?.state, line?.attempts, line?.startedAt], ['done', 1, '2026-11-25T12:00:00.000Z'])
      await finishStep(lines, refOf(ids[0] ?? '', 'alone'), null)
      assert.equal(sent.length, 3, 'nobody waits for company')
    })

    it('tells each line of a group its own end: written, done already, fenced', async () => {
      const lines = new StepLines(counting)
      const [mine, lost] = [await run('mine'), await run('lost')]
      await surroundings.stores.postgres.query('update pipeline.run set epoch = 2 where id = $1', [lost])
      await finishStep(lines, refOf(mine, 'done'), 'first')
      const open = Promise.withResolvers<void>()
      gate = open.promise
      sent.length = 0
      const error = new PipelineError('HTTP_503', 'down', { retryable: true })
      const all = settled([
        finishStep(lines, refOf(mine, 'a'), null),
        finishStep(lines, refOf(lost, 'b'), null),
        finishStep(lines, refOf(mine, 'done'), 'second'),
        finishStep(lines, refOf(mine, 'done', { inputHash: 'other' }), 'third'),
        failStep(lines, refOf(mine, 'failed'), { error, nextAt: new Date('2026-11-25T13:00:00Z') }),
        finishStep(lines, refOf(mine, 'undefined'), undefined),
        finishStep(lines, refOf(mine, 'twice'), 1),
        finishStep(lines, refOf(mine, 'twice'), 2),
      ])
      open.resolve()
      assert.deepEqual(await all, [
        'written',
        'FENCED',
        'STEP_DONE',
        'written',
        'written',
        'written',
        'written',
        'STEP_DONE',
      ])
      assert.equal(sent.length, 2)
      const steps = new Map((await listSteps(surroundings.stores.postgres, mine)).map((step) => [step.node, step]))
      assert.deepEqual(steps.get('done')?.output, 'third')
      assert.deepEqual(steps.get('twice')?.output, 1)
      assert.deepEqual(steps.get('undefined')?.output, null)
      const failed = steps.get('failed')
      assert.deepEqual([failed?.state, failed?.nextAt], ['retry', '2026-11-25T13:00:00.000Z'])
      assert.deepEqual(failed?.error, { code: 'HTTP_503', message: 'down', retryable: true })
      assert.equal((await listSteps(surroundings.stores.postgres, lost)).length, 0)
    })

    it('lets no bad line take good ones with it', async () => {
      const lines = new StepLines(counting)
      const id = await run('r')
      const bad: StepLine = { ...refOf(id, 'bad'), state: 'done', output: '{no json', error: null, nextAt: null }
      const all = settled([
        finishStep(lines, refOf(id, 'first'), 1),
        finishStep(lines, refOf(id, 'a'), 1),
        lines.write(bad).then(() => undefined),
        finishStep(lines, refOf(id, 'b'), 1),
      ])
      assert.deepEqual(await all, ['written', 'written', 'SQL_22P02', 'written'])
    })

    it('tells all of a store that is away, and goes on when it is back', async () => {
      let away = true
      const failing: Queryable = {
        query: (text, values) =>
          away
            ? Promise.reject(new PipelineError('STORE_UNAVAILABLE', 'away', { retryable: true }))
            : surroundings.stores.postgres.query(text, values),
      }
      const lines = new StepLines(failing)
      const id = await run('r')
      const all = settled(['a', 'b', 'c'].map((node) => finishStep(lines, refOf(id, node), 1)))
      assert.deepEqual(await all, ['STORE_UNAVAILABLE', 'STORE_UNAVAILABLE', 'STORE_UNAVAILABLE'])
      away = false
      await finishStep(lines, refOf(id, 'a'), 1)
    })

    it('bounds what goes into a statement, and what waits', async () => {
      const id = await run('r')
      const lines = new StepLines(counting)
      const large = 'x'.repeat(60_000)
      await Promise.all(Array.from({ length: 34 }, (_, n) => finishStep(lines, refOf(id, `large ${n}`), large)))
      assert.equal(sent.length, 4, 'one, then at most a million characters each')
      sent.length = 0
      await Promise.all(Array.from({ length: 200 }, (_, n) => finishStep(lines, refOf(id, `small ${n}`), n)))
      assert.equal(sent.length, 5, 'one, then at most 64 each')

      const open = Promise.withResolvers<void>()
      gate = open.promise
      const all = settled(Array.from({ length: 5_002 }, (_, n) => finishStep(lines, refOf(id, `many ${n}`), n)))
      const refused = await rejectsWith(finishStep(lines, refOf(id, 'refused'), 1), 'STORE_BUSY')
      assert.equal(refused.retryable, true)
      open.resolve()
      const outcomes = await all
      assert.equal(outcomes.filter((outcome) => outcome === 'written').length, 5_001)
    })
  })
}
