import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { PipelineError } from '../../lib/errors.ts'
import { listRuns, listSteps } from '../../lib/runs/display.ts'
import { holdFence } from '../../lib/runs/fence.ts'
import {
  beginStep,
  failStep,
  finishStep,
  loadJournal,
  maxOutputBytes,
  readOutput,
  stepKey,
} from '../../lib/runs/journal.ts'
import { keepAlive, pruneRuns, releaseRuns } from '../../lib/runs/leases.ts'
import {
  type Claimant,
  claimable,
  claimRun,
  endRun,
  nextQueued,
  type RunRequest,
  startRun,
} from '../../lib/runs/lifecycle.ts'
import { runMigrations } from '../../lib/runs/migrations.ts'
import { enqueueOutbox } from '../../lib/runs/outbox.ts'
import type { StepRef } from '../../lib/runs/run.ts'
import { migrate } from '../../lib/stores/postgres/migrate.ts'
import type { PostgresStore } from '../../lib/stores/postgres/port.ts'
import { kinds, openSurroundings, type Surroundings } from './surroundings.ts'

for (const kind of kinds) {
  describe(`journal on ${kind}`, () => {
    let surroundings: Surroundings
    let store: PostgresStore
    before(async () => {
      surroundings = await openSurroundings(kind)
      store = surroundings.stores.postgres
      await migrate(store, runMigrations)
      await store.query('create table effect (key text)')
    })
    after(() => surroundings.close())
    beforeEach(() => store.query('truncate pipeline.run, pipeline.step, pipeline.process, pipeline.outbox, effect'))

    const request = (slot: string, part: Partial<RunRequest> = {}): RunRequest => ({
      flow: 'f',
      slot,
      trigger: 'schedule',
      input: { slot },
      overlap: 'queue',
      ...part,
    })
    async function started(slot: string, part: Partial<RunRequest> = {}, owner = 'a/1') {
      const result = await startRun(store, request(slot, part), owner, true)
      assert.ok(result.outcome === 'started')
      return result.run
    }
    const ref = (run: { id: string; epoch: number }, part: Partial<StepRef> = {}): StepRef => ({
      run: run.id,
      epoch: run.epoch,
      node: 'n',
      item: '',
      step: 'test@1',
      inputHash: 'h1',
      attempt: 1,
      startedAt: new Date().toISOString(),
      ...part,
    })
    const who = (owner: string, from: Claimant['from'] = 'none', silentMs = 45_000): Claimant => ({
      owner,
      from,
      silentMs,
    })
    const stateOf = async (id: string) => (await listRuns(store, { id }))[0]?.state
    async function claimed(id: string, claimant: Claimant) {
      const run = await claimRun(store, id, claimant)
      assert.ok(typeof run !== 'string', `claim: ${run}`)
      return run
    }

    it('commits effect and journal together, or neither', async () => {
      const run = await started('s')
      await assert.rejects(
        store.transaction(async (tx) => {
          await tx.query(`insert into effect values ('lost')`)
          await finishStep(tx, ref(run), { rows: 1 })
          throw new Error('after the end')
        }),
        /after the end/,
      )
      assert.equal(await readOutput(store, ref(run)), undefined)
      await store.transaction(async (tx) => {
        await tx.query(`insert into effect values ('kept')`)
        await finishStep(tx, ref(run), { rows: 1 })
      })
      assert.deepEqual(await readOutput(store, ref(run)), { output: { rows: 1 } })
      assert.deepEqual((await store.query('select key from effect')).rows, [{ key: 'kept' }])
    })

    it('puts an entry into the outbox once, with the step that caused it', async () => {
      const run = await started('s')
      const entry = { key: 'k', run: run.id, topic: 'notify', payload: { text: 'x' } }
      const step = (end: StepRef) =>
        store.transaction(async (tx) => {
          const isNew = await enqueueOutbox(tx, entry)
          await finishStep(tx, end, {})
          return isNew
        })
      await assert.rejects(step(ref({ id: run.id, epoch: 7 })), { code: 'FENCED' })
      assert.equal((await store.query('select from pipeline.outbox')).rowCount, 0)
      assert.equal(await step(ref(run)), true)
      assert.equal(await step(ref(run, { node: 'm' })), false)
      assert.deepEqual((await store.query('select key, payload from pipeline.outbox')).rows, [
        { key: 'k', payload: { text: 'x' } },
      ])
    })

    it('fences a late step of an earlier owner: nothing of it is committed', async () => {
      const run = await started('s')
      const next = await claimed(run.id, who('a/2', 'mine'))
      assert.equal(next.epoch, run.epoch + 1)
      const late = store.transaction(async (tx) => {
        await tx.query(`insert into effect values ('late')`)
        await finishStep(tx, ref(run), {})
      })
      await assert.rejects(late, { code: 'FENCED', retryable: false })
      await assert.rejects(failStep(store, ref(run), { error: new PipelineError('X', 'x') }), { code: 'FENCED' })
      await assert.rejects(
        store.transaction((tx) => holdFence(tx, run)),
        { code: 'FENCED' },
      )
      await assert.rejects(endRun(store, run, { outcome: 'done' }), { code: 'FENCED' })
      assert.equal((await store.query('select from effect')).rowCount, 0)
      assert.deepEqual(await listSteps(store, run.id), [])
      await finishStep(store, ref(next), {})
    })

    it('makes whoever takes a run over wait for a step that is committing, and see its line', {
      skip: kind === 'embedded' && 'one transaction at a time',
    }, async () => {
      const run = await started('s')
      const order: string[] = []
      let takeOver: Promise<unknown> = Promise.resolve()
      await store.transaction(async (tx) => {
        await finishStep(tx, ref(run), { rows: 1 })
        takeOver = claimed(run.id, who('b/1', 'all')).then(() => order.push('claimed'))
        // The claim is under way once PostgreSQL says that it waits for this transaction.
        for (;;) {
          const { rows } = await tx.query<{ n: number }>(`select count(*)::int as n from pg_locks where not granted`)
          if ((rows[0]?.n ?? 0) > 0) break
        }
        order.push('committing')
      })
      await takeOver
      assert.deepEqual(order, ['committing', 'claimed'])
      assert.equal((await loadJournal(store, run.id)).get(stepKey('n', ''))?.state, 'done')
    })

    it('never replaces a step that is done with the same input', async () => {
      const run = await started('s')
      await finishStep(store, ref(run), { n: 1 })
      const again = store.transaction(async (tx) => {
        await tx.query(`insert into effect values ('double')`)
        await finishStep(tx, ref(run), { n: 2 })
      })
      await assert.rejects(again, { code: 'STEP_DONE' })
      await assert.rejects(failStep(store, ref(run), { error: new PipelineError('X', 'x') }), { code: 'STEP_DONE' })
      await assert.rejects(beginStep(store, ref(run)), { code: 'STEP_DONE' })
      assert.equal((await store.query('select from effect')).rowCount, 0)
      // Another input is another matter: the flow was edited.
      await finishStep(store, ref(run, { inputHash: 'h2' }), { n: 3 })
      assert.equal(await readOutput(store, ref(run)), undefined)
      assert.deepEqual(await readOutput(store, ref(run, { inputHash: 'h2' })), { output: { n: 3 } })
    })

    it('keeps tries, errors and due times', async () => {
      const run = await started('s')
      await beginStep(store, ref(run))
      assert.equal((await listSteps(store, run.id))[0]?.state, 'running')
      const nextAt = new Date('2030-01-01T00:00:00Z')
      await failStep(store, ref(run), { error: new PipelineError('HTTP_503', 'down', { retryable: true }), nextAt })
      assert.deepEqual((await loadJournal(store, run.id)).get(stepKey('n', '')), {
        inputHash: 'h1',
        state: 'retry',
        attempts: 1,
        nextAt: nextAt.getTime(),
      })
      await failStep(store, ref(run, { attempt: 2 }), { error: new PipelineError('HTTP_404', 'gone') })
      const [step] = await listSteps(store, run.id)
      assert.equal(step?.state, 'failed')
      assert.equal(step?.attempts, 2)
      assert.deepEqual(step?.error, { code: 'HTTP_404', message: 'gone', retryable: false })
      await finishStep(store, ref(run, { attempt: 3 }), null)
      assert.equal((await listSteps(store, run.id))[0]?.error, null)
    })

    it('refuses output that is no reference', async () => {
      const run = await started('s')
      const fits = 'x'.repeat(maxOutputBytes - 2)
      await finishStep(store, ref(run), fits)
      await assert.rejects(finishStep(store, ref(run, { node: 'm' }), `${fits}x`), { code: 'OUTPUT_TOO_LARGE' })
      await assert.rejects(finishStep(store, ref(run, { node: 'm' }), 'a\u0000b'), { code: 'OUTPUT_NUL' })
      await finishStep(store, ref(run, { node: 'm' }), 'a\\u0000b')
      assert.deepEqual(await readOutput(store, ref(run, { node: 'm' })), { output: 'a\\u0000b' })
    })

    it('makes one run of a slot, whoever is first', async () => {
      const results = await Promise.all(
        ['a/1', 'b/1', 'c/1', 'd/1'].map((owner) => startRun(store, request('s'), owner, true)),
      )
      assert.equal(results.filter((result) => result.outcome === 'started').length, 1)
      assert.equal(results.filter((result) => result.outcome === 'duplicate').length, 3)
      assert.equal((await listRuns(store)).length, 1)
    })

    it('settles overlaps: skip, queue, replace', async () => {
      const first = await started('1')
      assert.deepEqual((await startRun(store, request('2', { overlap: 'skip' }), 'a/1', true)).outcome, 'skipped')
      assert.deepEqual((await startRun(store, request('2', { overlap: 'queue' }), 'a/1', true)).outcome, 'duplicate')
      const third = await startRun(store, request('3'), 'a/1', true)
      const fourth = await startRun(store, request('4'), 'a/1', true)
      assert.ok(third.outcome === 'queued' && fourth.outcome === 'queued')
      assert.deepEqual(await nextQueued(store, ['f']), [], 'not while another is running')
      await endRun(store, first, { outcome: 'done' })
      assert.deepEqual(await nextQueued(store, ['f', 'g']), [third.id])
      await claimed(third.id, who('a/1'))
      const last = await startRun(store, request('5', { overlap: 'replace' }), 'a/1', true)
      assert.ok(last.outcome === 'started')
      assert.deepEqual(last.replaced.sort(), [third.id, fourth.id].sort())
      assert.equal(await stateOf(third.id), 'cancelled')
      // Another flow is never in the way.
      await started('1', { flow: 'g', overlap: 'skip' })
    })

    it('gives runs to their own, to whom they were given back, and to others once the owner is silent', async () => {
      await keepAlive(store, 'a/1')
      const run = await started('s')
      const may = async (claimant: Claimant) => (await claimable(store, ['f'], [], claimant)).length === 1
      assert.equal(await may(who('a/1', 'all')), false, 'it has it')
      assert.equal(await may(who('b/1')), false)
      assert.equal(await may(who('b/1', 'mine')), false)
      assert.equal(await claimRun(store, run.id, who('b/1', 'mine')), 'gone')
      assert.equal(await may(who('a/2', 'mine')), true)
      assert.equal(await may(who('b/1', 'all')), true)
      assert.equal(await may(who('b/1', 'none', -1_000)), true, 'silent')
      assert.deepEqual(await claimable(store, ['g'], [], who('b/1', 'all')), [])
      assert.deepEqual(await claimable(store, ['f'], [run.id], who('b/1', 'all')), [])
      await releaseRuns(store, 'a/1', [run.id])
      assert.equal(await may(who('b/1')), true)
      assert.equal((await claimed(run.id, who('b/1'))).epoch, 2)
    })

    it('fails a run that keeps killing its owners, unless it gets on', async () => {
      const run = await started('s')
      for (let crash = 1; crash <= 10; crash += 1) await claimed(run.id, who(`a/x${crash}`, 'mine'))
      // A step ended: counting begins anew.
      await finishStep(store, ref({ id: run.id, epoch: 11 }), {})
      for (let crash = 1; crash <= 10; crash += 1) await claimed(run.id, who(`a/y${crash}`, 'mine'))
      // Given back in good order is no crash.
      await releaseRuns(store, 'a/y10', [run.id])
      await claimed(run.id, who('a/z', 'mine'))
      assert.equal(await claimRun(store, run.id, who('a/last', 'mine')), 'poisoned')
      const [failed] = await listRuns(store, { id: run.id })
      assert.equal(failed?.state, 'failed')
      assert.equal(failed?.error?.code, 'POISONED')
    })

    it('forgets old runs with their steps, and fails those of flows that are gone', async () => {
      const old = await started('old')
      await finishStep(store, ref(old), {})
      await endRun(store, old, { outcome: 'done' })
      const abandoned = await started('abandoned', { flow: 'deleted' })
      await store.query(
        `update pipeline.run set updated_at = now() - interval '100 days', finished_at = finished_at - interval '100 days'`,
      )
      const recent = await started('recent')
      assert.equal(await pruneRuns(store, 90), 1)
      assert.deepEqual(new Set((await listRuns(store)).map((run) => run.id)), new Set([abandoned.id, recent.id]))
      assert.equal(await stateOf(abandoned.id), 'failed')
      assert.equal(await stateOf(recent.id), 'running')
      assert.equal((await store.query('select from pipeline.step')).rowCount, 0)
    })
  })
}
