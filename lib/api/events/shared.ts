import type { Logger } from '../../steps/step.ts'
import type { PostgresStore } from '../../stores/postgres/port.ts'
import { PostgresEventHub } from './postgres-hub.ts'

const hubs = new WeakMap<PostgresStore, { hub: PostgresEventHub; users: number }>()

/** The process's hub over a store, opened for the first who asks and closed when the last has given it back. */
export function shareHub(postgres: PostgresStore, log: Logger): { hub: PostgresEventHub; giveBack(): Promise<void> } {
  const shared = hubs.get(postgres) ?? { hub: new PostgresEventHub({ postgres, log }).open(), users: 0 }
  hubs.set(postgres, shared)
  shared.users += 1
  let had = true
  return {
    hub: shared.hub,
    async giveBack() {
      if (!had) return
      had = false
      shared.users -= 1
      if (shared.users > 0) return
      hubs.delete(postgres)
      await shared.hub.close()
    },
  }
}
