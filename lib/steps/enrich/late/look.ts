import type { LanguageModel } from '../../../models/port.ts'
import type { Queryable } from '../../../stores/postgres/port.ts'
import { isDue, startDue, takeLook } from './waiting.ts'

/** Late runs that are under way together, of all processes; they end one after the other. */
const atOnce = 5

/** What {@link startLate} asks and changes. */
export interface LateStore {
  read<T>(work: (q: Queryable) => Promise<T>): Promise<T>
  change<T>(work: (tx: Queryable) => Promise<T>): Promise<T>
}

/** Whose model is looked for, and where it is noted. */
export interface LateLook {
  model: string
  llm: LanguageModel
  store: LateStore
  /** No sooner than so long after the last look of any process, unless something late was done since. Without it whoever asks keeps the time. */
  everyMs?: number
}

/**
 * Looks whether something of a node waits and its model is back; then puts a run for each into the outbox. Resolves with how many, 0 where
 * nothing waits or it is not time yet. Throws what the model says while it is away.
 */
export async function startLate(
  node: string,
  { model, llm, store, everyMs }: LateLook,
  signal: AbortSignal,
): Promise<number> {
  if (!(await store.read((q) => isDue(q, node, new Date())))) return 0
  if (everyMs !== undefined && !(await store.change((tx) => takeLook(tx, node, everyMs)))) return 0
  await llm.describe(model, { signal })
  return store.change((tx) => startDue(tx, node, { most: atOnce, now: new Date() }))
}
