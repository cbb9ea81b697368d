import { PipelineError } from '../../../errors.ts'
import type { PostgresStore } from '../../../stores/postgres/port.ts'
import type { VectorStore } from '../../../stores/vectors/port.ts'
import { holdLease, type Lease } from './lease.ts'
import { readLive } from './state.ts'

/** A search takes seconds; what was replaced so long ago is read by nobody. Milliseconds. */
export const graceMs = 600_000
/** A writer that was given up may write on for a while; its version is remembered for so long. */
const zombieMs = 3_600_000

const due = {
  generations: `select 1 from pipeline.vector_generation where collection = $1 and state = 'old' and replaced_at < clock_timestamp() - $2::double precision * interval '1 millisecond'`,
  abandoned: `select 1 from pipeline.vector_version where collection = $1 and state = 'abandoned' and not cleaned`,
}

/** Whether there is something to clear away, for a step that has nothing else to write. */
export async function upkeepDue(postgres: PostgresStore, collection: string, grace = graceMs): Promise<boolean> {
  const { rows } = await postgres.query(`${due.generations} union all ${due.abandoned} limit 1`, [collection, grace])
  return rows.length > 0
}

/** Clears away what no reader can need: points and lines that were replaced, versions that were given up, generations that are old. */
export async function upkeep(
  postgres: PostgresStore,
  vectors: VectorStore,
  lease: Lease,
  grace = graceMs,
): Promise<void> {
  const { collection, signal } = lease
  const { rows: old } = await postgres.query<{ generation: number; physical: string }>(
    `select generation, physical from pipeline.vector_generation where collection = $1 and state = 'old'
       and replaced_at < clock_timestamp() - $2::double precision * interval '1 millisecond'`,
    [collection, grace],
  )
  for (const { generation, physical } of old) {
    await vectors.drop(physical, signal)
    await postgres.transaction(async (tx) => {
      await holdLease(tx, lease)
      await tx.query('delete from pipeline.vector_version where collection = $1 and physical = $2', [
        collection,
        physical,
      ])
      await tx.query('delete from pipeline.vector_generation where collection = $1 and generation = $2', [
        collection,
        generation,
      ])
    })
  }
  await clearAbandoned(postgres, vectors, lease)
  await purge(postgres, vectors, lease, grace)
}

async function clearAbandoned(postgres: PostgresStore, vectors: VectorStore, lease: Lease): Promise<void> {
  const { collection, signal } = lease
  const { rows } = await postgres.query<{ version: number; physical: string; forget: boolean }>(
    `select version, physical, ended_at < clock_timestamp() - $2::double precision * interval '1 millisecond' as forget
     from pipeline.vector_version where collection = $1 and state = 'abandoned'`,
    [collection, zombieMs],
  )
  for (const { version, physical, forget } of rows) {
    try {
      await vectors.abandon(physical, version, signal)
    } catch (error) {
      if (PipelineError.from(error).code !== 'VECTOR_NOT_FOUND') throw error
    }
    await postgres.transaction(async (tx) => {
      await holdLease(tx, lease)
      await tx.query(
        forget
          ? 'delete from pipeline.vector_version where collection = $1 and version = $2'
          : 'update pipeline.vector_version set cleaned = true where collection = $1 and version = $2',
        [collection, version],
      )
    })
  }
}

async function purge(postgres: PostgresStore, vectors: VectorStore, lease: Lease, grace: number): Promise<void> {
  const { collection, signal } = lease
  // readers of the last minutes read this version or a later one
  const { rows } = await postgres.query<{ before: number | null }>(
    `select max(version) as before from pipeline.vector_version where collection = $1 and state = 'published'
       and ended_at < clock_timestamp() - $2::double precision * interval '1 millisecond'`,
    [collection, grace],
  )
  const before = rows[0]?.before ?? undefined
  if (before === undefined) return
  const live = await readLive(postgres, collection)
  if (live === undefined) return
  const { rows: gone } = await postgres.query(
    'select 1 from pipeline.vector_document where collection = $1 and until <= $2 limit 1',
    [collection, before],
  )
  if (gone.length > 0) {
    await vectors.purge(live.physical, { at: before, abandoned: live.abandoned, signal })
  }
  await postgres.transaction(async (tx) => {
    await holdLease(tx, lease)
    await tx.query('delete from pipeline.vector_document where collection = $1 and until <= $2', [collection, before])
    await tx.query(
      `delete from pipeline.vector_version where collection = $1 and state = 'published' and version < $2`,
      [collection, before],
    )
  })
}
