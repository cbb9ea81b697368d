import { PipelineError } from '../errors.ts'
import type { Queryable } from '../stores/postgres/port.ts'

/**
 * Holds a run's fence for the rest of the caller's transaction: whoever takes the run over waits for our commit, and if the run
 * is already in other hands nothing is committed. Throws FENCED.
 */
export async function holdFence(tx: Queryable, run: { id: string; epoch: number }): Promise<void> {
  const { rows } = await tx.query(
    `select 1 from pipeline.run where id = $1 and epoch = $2 and state = 'running' for share`,
    [run.id, run.epoch],
  )
  if (rows.length === 0) {
    throw fenced(run.id, `epoch ${run.epoch} is over, or the run has ended`)
  }
}

/**
 * The error of work for a run that this process does not hold (any more): the message ends quietly, for the run goes on
 * elsewhere or has ended.
 */
export function fenced(run: string, why: string): PipelineError {
  return new PipelineError('FENCED', `Run ${run} is not in these hands: ${why}`)
}
