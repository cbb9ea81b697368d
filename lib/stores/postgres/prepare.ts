import { type Migration, migrate } from './migrate.ts'
import type { PostgresStore } from './port.ts'

/**
 * Makes a function that brings the tables of a step up to date, once for each store; a failure is tried again by the next call. Throws what
 * {@link migrate} throws.
 */
export function preparing(migrations: readonly Migration[]): (postgres: PostgresStore) => Promise<void> {
  const known = new WeakMap<PostgresStore, Promise<unknown>>()
  return async (postgres) => {
    const running = known.get(postgres) ?? migrate(postgres, migrations)
    known.set(postgres, running)
    try {
      await running
    } catch (error) {
      known.delete(postgres)
      throw error
    }
  }
}
