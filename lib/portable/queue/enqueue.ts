import type { Logger } from '../../steps/step.ts'
import type { Plan } from '../plan/schema.ts'
import type { Env } from '../runtime/settings.ts'
import { makeQueue, openBoss } from './boss.ts'
import { queueOf } from './job.ts'
import { openQueueStores } from './place.ts'
import { type Start, startOnQueue } from './queue.ts'

/**
 * Adds a run to the queue of its plan, for whichever worker has it. The same slot is the same run; one that has failed is begun again. Resolves with
 * the queue's name. Throws as {@link openQueueStores}.
 */
export async function enqueue(plan: Plan, start: Start, { env, log }: { env: Env; log: Logger }): Promise<string> {
  const { stores } = await openQueueStores([plan], env)
  try {
    const boss = await openBoss(stores.postgres, { log, worker: false })
    try {
      const queue = queueOf(plan)
      await makeQueue(boss, queue)
      await startOnQueue(boss, stores.postgres, plan, { ...start, again: true })
      return queue
    } finally {
      await boss.stop({ graceful: false })
    }
  } finally {
    await stores.close()
  }
}
