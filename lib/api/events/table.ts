import { PipelineError } from '../../errors.ts'
import { parser, Type } from '../../schema.ts'
import type { Json } from '../../stores/cache/port.ts'
import type { PostgresStore } from '../../stores/postgres/port.ts'
import { preparing } from '../../stores/postgres/prepare.ts'
import { apiEventMigrations } from './migrations.ts'

/** Brings the tables and triggers of events up to date. Throws SQL_55P03 when their tables are busy; then try again. */
export const prepareEvents = preparing(apiEventMigrations)

/** How much is kept: the newest `keep`, and what is younger than `hours`, but never more than `most`. */
export interface Kept {
  keep: number
  hours: number
  most: number
}

/** What is kept when nothing else is said. */
export const usuallyKept: Kept = { keep: 1_000, hours: 24, most: 100_000 }
/** Events are written for so long after the last sign of somebody who reads them. */
export const wantedHours = 7 * 24

/** The error of who wants to go on from a position from which nobody can. */
export function eventsGone(after: number, oldest: number, newest: number): PipelineError {
  return new PipelineError(
    'EVENTS_GONE',
    `Events can be read on from position ${oldest} to ${newest}, and not from ${after}: load what you follow anew, then go on from ${newest}`,
    { details: { oldest, newest } },
  )
}

const pages = parser(
  Type.Object({
    last: Type.Integer(),
    floor: Type.Integer(),
    events: Type.Array(
      Type.Object({
        position: Type.Integer(),
        type: Type.Union([
          Type.Literal('version'),
          Type.Literal('collection'),
          Type.Literal('run'),
          Type.Literal('alert'),
        ]),
        subject: Type.String(),
        at: Type.String(),
        data: Type.Unsafe<Json>(Type.Unknown()),
      }),
    ),
  }),
  'A page of events',
)

/**
 * The oldest events after a position, at most `limit`, with the newest position (`last`) and the newest that is no longer kept (`floor`). Gives
 * events that have become visible their positions first.
 */
export async function eventsAfter(postgres: PostgresStore, after: number, limit: number) {
  const { rows } = await postgres.query<{ page: Json }>('select pipeline.events_after($1::int8, $2::int4) as page', [
    after,
    limit,
  ])
  return pages.parse(rows[0]?.page)
}

/** Has events written for so many hours more. Throws SQL_55P03 when the tables are busy; then try again. */
export async function wantEvents(postgres: PostgresStore, hours: number): Promise<void> {
  await postgres.query('select pipeline.want_events($1::float8)', [hours])
}

/** Drops what is more than is kept. */
export async function sweepEvents(postgres: PostgresStore, { keep, hours, most }: Kept): Promise<void> {
  await postgres.query('select pipeline.sweep_events($1::int8, $2::float8, $3::int8)', [keep, hours, most])
}
