import { PipelineError } from '../../lib/errors.ts'
import { putItem } from '../../lib/runs/items.ts'
import { journalError } from '../../lib/runs/journal.ts'
import { letterId } from '../../lib/runs/letter.ts'
import { endRun, startRun } from '../../lib/runs/lifecycle.ts'
import { runMigrations } from '../../lib/runs/migrations.ts'
import { migrate, type PostgresStore } from '../../lib/stores/postgres/index.ts'

/** A failed run of `flow` with a failed item for each key, as an engine leaves it. Resolves with the run's id. */
export async function seedFailedRun(store: PostgresStore, flow: string, keys: readonly string[]): Promise<string> {
  await migrate(store, runMigrations)
  const started = await startRun(
    store,
    { flow, slot: 's', trigger: 'manual', input: { keys: [...keys] }, overlap: 'queue' },
    'a/1',
    true,
  )
  if (started.outcome !== 'started') throw new Error(started.outcome)
  const { id, epoch } = started.run
  for (const key of keys) {
    const error = journalError(new PipelineError('HTTP_404', `${key} is gone`))
    const run = { id, epoch, flow, slot: 's', item: encodeURIComponent(key), each: ['each'] }
    const letter = {
      id: letterId(id, 'each', run.item),
      input: JSON.stringify({ payload: key }),
      note: null,
      error,
      attempts: 3,
    }
    await putItem(store, { run, node: 'each', join: 'join', startedAt: new Date(), letter }, { state: 'failed', error })
  }
  await endRun(store, { id, epoch }, { outcome: 'failed', error: new PipelineError('RUN_FAILED', 'items failed') })
  return id
}
