import { PipelineError } from '../../errors.ts'
import { isRecord } from '../../flow-check/node.ts'
import type { Logger } from '../../steps/step.ts'
import { clientRecipe } from '../../stores/postgres/client.ts'
import type { PostgresStore, Queryable } from '../../stores/postgres/port.ts'
import { type BossDatabase, PgBoss } from '../../vendor/pg-boss.ts'
import { deadOf } from './job.ts'

/** The schema of pg-boss's tables. */
export const bossSchema = 'pipeline_queue'

/** How many workers a job may take down with it before it counts as failed. */
const crashes = 5
/** pg-boss keeps no job at work for longer. */
export const longestJobSeconds = 86_400

/** How the queue is looked after; tests are in a hurry. */
export interface BossPace {
  /** A worker that gives no sign of life for so long has lost its jobs; at least 10. */
  heartbeatSeconds: number
  /** How often lost jobs are looked for. */
  monitorSeconds: number
  /** How often a worker looks for jobs that nobody has called out: those that become due. At least 0.5. */
  pollSeconds: number
}

const usualPace: BossPace = { heartbeatSeconds: 30, monitorSeconds: 15, pollSeconds: 1 }

/**
 * pg-boss over the pipeline's PostgreSQL, started. A client that only sends (`worker` false) looks after nothing. Throws QUEUE_EMBEDDED for
 * the embedded database, and STORE_*.
 */
export async function openBoss(
  store: PostgresStore,
  { log, worker, pace = usualPace }: { log: Logger; worker: boolean; pace?: BossPace | undefined },
): Promise<PgBoss> {
  const { target } = store
  if (target.kind !== 'server') {
    throw new PipelineError(
      'QUEUE_EMBEDDED',
      'The queue wants a PostgreSQL server: several processes work on it, and the embedded database has one',
    )
  }
  const { errors } = clientRecipe(target)
  const options = {
    ...{ connectionString: target.url, connectionTimeoutMillis: target.connectTimeoutMs, max: worker ? 5 : 1 },
    // pg's own: pg-boss hands it on
    ...{ query_timeout: Math.max(target.statementTimeoutMs, 60_000), keepAlive: true },
    ...{ schema: bossSchema, schedule: false, supervise: worker, registerInstance: false },
    ...{ openTelemetry: { enabled: false }, useListenNotify: worker },
    ...{ superviseIntervalSeconds: pace.monitorSeconds, monitorIntervalSeconds: pace.monitorSeconds },
  }
  const boss = new PgBoss(options)
  boss.on('error', (error) => log.warn('The queue has trouble; it is tried again', { error: errors(error) }))
  boss.on('warning', ({ message }) => log.debug(`pg-boss: ${message}`))
  try {
    await boss.start()
  } catch (thrown) {
    throw errors(thrown)
  }
  return boss
}

/** Makes the queue of a plan, and the one for jobs that took workers down. */
export async function makeQueue(
  boss: PgBoss,
  queue: string,
  { heartbeatSeconds }: BossPace = usualPace,
): Promise<void> {
  const common = {
    ...{ retryLimit: crashes, retryDelay: 1, retryBackoff: true, retryDelayMax: 30 },
    ...{ expireInSeconds: 900, heartbeatSeconds, notify: true },
    // A run may wait for long, and its journal is what is kept of it.
    ...{ retentionSeconds: 90 * 86_400, deleteAfterSeconds: 7 * 86_400 },
  }
  await boss.createQueue(deadOf(queue), { ...common, retryLimit: 1_000 })
  await boss.createQueue(queue, { ...common, deadLetter: deadOf(queue) })
}

/** A transaction as pg-boss takes it. */
export function inTransaction(tx: Queryable): { db: BossDatabase } {
  return { db: { executeSql: (text, values) => tx.query(text, values) } }
}

/**
 * Marks a job as done in the transaction that adds those which follow. Throws STOPPED when it is not this worker's any more: then nothing of the
 * transaction stands.
 */
export async function settle(
  boss: PgBoss,
  queue: string,
  { id, retryCount }: { id: string; retryCount: number },
  tx: Queryable,
): Promise<void> {
  const answer: unknown = await boss.complete(queue, { id, retryCount }, null, inTransaction(tx))
  if (isRecord(answer) && answer.affected === 1) return
  throw new PipelineError('STOPPED', 'Another worker has taken this job over', { retryable: true })
}
