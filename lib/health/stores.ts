import { PipelineError } from '../errors.ts'
import { endAfter } from '../stopped.ts'
import { isReadOnly, readOnly } from '../stores/room.ts'
import type { Stores } from '../stores/stores.ts'
import { Pulse } from './pulse.ts'

/** A store that nobody has heard of for this long does not answer, in milliseconds. */
const patienceMs = 20_000
const absent = 'health_check'

/** A store of an open `ysh-stores`, and the code of what is wrong with it. */
export interface StoreHealth {
  store: string
  code?: string
}

/** The pulses of open stores; those that lie in PostgreSQL have none of their own. */
export function pulsesOf({ postgres, cache, vectors, objects, scratch }: Stores): Map<string, Pulse> {
  const pulses = new Map<string, Pulse>()
  const add = (store: string, ask: () => Promise<unknown>) => pulses.set(store, new Pulse(ask, patienceMs))
  add(postgres.kind === 'embedded' ? 'embedded PostgreSQL' : 'PostgreSQL', () =>
    postgres.query('select 1', [], { timeoutMs: patienceMs }),
  )
  if (cache.kind === 'redis') add('Redis', () => cache.get(absent))
  if (vectors.kind === 'qdrant') {
    add('Qdrant', () =>
      vectors.count(absent, { at: 0, abandoned: [], signal: endAfter(patienceMs) }).catch(unlessAbsent),
    )
  }
  // Reading goes on where the volume was remounted read-only, which is what errors of a disk do to it.
  const writable = async () => {
    if (await isReadOnly(scratch)) throw readOnly('work can be done')
  }
  if (objects.kind === 's3') {
    add('S3', () => objects.head(absent))
    add('scratch folder', writable)
  } else
    add('files', async () => {
      await objects.head(absent)
      await writable()
    })
  return pulses
}

function unlessAbsent(thrown: unknown): void {
  if (!(thrown instanceof PipelineError && thrown.code === 'VECTOR_NOT_FOUND')) throw thrown
}

/** Looks at all of them at the same time, for at most `waitMs`. */
export function lookAt(pulses: ReadonlyMap<string, Pulse>, waitMs: number): Promise<StoreHealth[]> {
  return Promise.all(
    [...pulses].map(async ([store, pulse]) => {
      const error = await pulse.look(waitMs)
      return error === undefined ? { store } : { store, code: error.code }
    }),
  )
}
