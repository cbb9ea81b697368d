import { PipelineError } from '../errors.ts'
import { type Infer, parser, Type } from '../schema.ts'
import type { Json } from '../stores/cache/port.ts'
import type { Queryable } from '../stores/postgres/port.ts'
import { keyOf, type Letter, type LetterError, type LetterKind, type LetterState } from './letter.ts'

/** Most letters of one answer. */
export const maxListed = 1_000
/** Most letters that are settled with one call. */
export const maxSettled = 10_000

const uuid = '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$'

/** Which letters are meant; what is left out does not matter, except that only open ones are. */
export const LetterFilterSchema = Type.Object(
  {
    ids: Type.Optional(Type.Array(Type.String({ pattern: uuid }), { maxItems: maxSettled })),
    kind: Type.Optional(Type.Enum(['item', 'run', 'message'])),
    /** Id of the trigger node, or of the node `ysh-dead-letter`. */
    flow: Type.Optional(Type.String({ maxLength: 300 })),
    run: Type.Optional(Type.String({ pattern: uuid })),
    /** An item's key, a message's topic; `*` stands for anything. */
    item: Type.Optional(Type.String({ maxLength: 1_000 })),
    /** The error's code; `*` stands for anything. */
    code: Type.Optional(Type.String({ maxLength: 100 })),
    /** Kept since then: an ISO date or instant, or a duration back from now such as 36h or 7d. */
    since: Type.Optional(
      Type.String({ pattern: '^(\\d{1,5}[mhd]|\\d{4}-\\d\\d-\\d\\d(T[0-9:.]+(Z|[+-]\\d\\d:\\d\\d)?)?)$' }),
    ),
    state: Type.Optional(Type.Enum(['open', 'redriven', 'discarded', 'any'])),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: maxSettled })),
  },
  { additionalProperties: false },
)
/** {@link LetterFilterSchema} as a type. */
export type LetterFilter = Infer<typeof LetterFilterSchema>

/** Checks a filter from outside. Throws FILTER_INVALID. */
export const letterFilters = parser(LetterFilterSchema, 'The filter of dead letters', 'FILTER_INVALID')

/** Letters to be settled: some filter, or all open ones on purpose. */
export const LetterSelectionSchema = Type.Object(
  {
    ids: LetterFilterSchema.properties.ids,
    kind: LetterFilterSchema.properties.kind,
    flow: LetterFilterSchema.properties.flow,
    run: LetterFilterSchema.properties.run,
    item: LetterFilterSchema.properties.item,
    code: LetterFilterSchema.properties.code,
    since: LetterFilterSchema.properties.since,
    limit: LetterFilterSchema.properties.limit,
    all: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
)
const selections = parser(LetterSelectionSchema, 'The selection of dead letters', 'FILTER_INVALID')

/** Checks a selection from outside. Throws FILTER_INVALID, also for one that names nothing: a slip must not settle everything. */
export function letterSelection(value: unknown): LetterFilter {
  const { all, ...filter } = selections.parse(value)
  const { limit: _, ...named } = filter
  if (all !== true && Object.keys(named).length === 0) {
    throw new PipelineError('FILTER_INVALID', 'Say which dead letters are meant (ids or a filter), or all: true')
  }
  return filter
}

interface LetterRow extends Record<string, unknown> {
  id: string
  kind: LetterKind
  flow: string
  run_id: string | null
  slot: string | null
  node: string
  item: string
  input: Json
  object: string | null
  note: string | null
  error: LetterError
  attempts: number
  state: LetterState
  created_at: Date
  settled_at: Date | null
  settled_by: string | null
  reason: string | null
  redrive_run: string | null
  recovered_run: string | null
  recovered_at: Date | null
}

const columns = `id, kind, flow, run_id, slot, node, item, object, note, error, attempts, state, created_at, settled_at, settled_by,
  reason, redrive_run, recovered_run, recovered_at`

/** The newest letters first; at most `limit` (100, never more than 1,000), and how many there are in all. */
export async function listLetters(
  q: Queryable,
  filter: LetterFilter = {},
  { withInput = false }: { withInput?: boolean } = {},
): Promise<{ letters: Letter[]; total: number }> {
  const { sql, values } = whereOf(filter)
  const limit = Math.min(filter.limit ?? 100, maxListed)
  const { rows } = await q.query<LetterRow>(
    `select ${columns}${withInput ? ', input' : ''} from pipeline.dead_letter where ${sql}
     order by created_at desc, id limit $${values.length + 1}`,
    [...values, limit],
  )
  const total = rows.length < limit ? rows.length : await countLetters(q, filter)
  return { letters: rows.map((row) => letterOf(row, withInput)), total }
}

/** One letter, whatever its state, with its input. */
export async function readLetter(q: Queryable, id: string): Promise<Letter | undefined> {
  const { letters } = await listLetters(q, letterFilters.parse({ ids: [id], state: 'any' }), { withInput: true })
  return letters[0]
}

/** How many there are. */
export async function countLetters(q: Queryable, filter: LetterFilter = {}): Promise<number> {
  const { sql, values } = whereOf(filter)
  const { rows } = await q.query<{ count: number }>(
    `select count(*)::int as count from pipeline.dead_letter where ${sql}`,
    values,
  )
  return rows[0]?.count ?? 0
}

/** The filter as SQL with parameters from $1. */
export function whereOf(filter: LetterFilter, now = new Date()): { sql: string; values: unknown[] } {
  const { ids, kind, flow, run, item, code, since, state = 'open' } = filter
  const parts: string[] = []
  const values: unknown[] = []
  const add = (part: (parameter: string) => string, value: unknown) => {
    values.push(value)
    parts.push(part(`$${values.length}`))
  }
  if (state !== 'any') add((p) => `state = ${p}::text`, state)
  if (ids !== undefined) add((p) => `id = any(${p}::uuid[])`, ids)
  if (kind !== undefined) add((p) => `kind = ${p}::text`, kind)
  if (flow !== undefined) add((p) => `flow = ${p}::text`, flow)
  if (run !== undefined) add((p) => `run_id = ${p}::uuid`, run)
  if (code !== undefined) add((p) => `error ->> 'code' like ${p}::text`, pattern(code))
  if (since !== undefined) add((p) => `created_at >= ${p}::timestamptz`, sinceOf(since, now).toISOString())
  if (item !== undefined) {
    // Keys stand encoded in a path: the item's own key, or a whole path as the list shows it.
    const encoded = item.split('*').map(encodeURIComponent).join('*')
    const path = item
      .split(' / ')
      .map((key) => key.split('*').map(encodeURIComponent).join('*'))
      .join('/')
    add((p) => `(item = ${p}::text`, item)
    add((p) => `item like ${p}::text`, pattern(encoded))
    add((p) => `item like '%/' || ${p}::text`, pattern(encoded))
    add((p) => `item like ${p}::text)`, pattern(path))
    const either = parts.splice(-4).join(' or ')
    parts.push(either)
  }
  return { sql: parts.length === 0 ? 'true' : parts.join(' and '), values }
}

function pattern(text: string): string {
  return text.replaceAll(/[\\%_]/g, '\\$&').replaceAll('*', '%')
}

const units = new Map([
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
])

/** The instant that `since` of a filter means. Throws FILTER_INVALID for a date that the calendar does not have. */
function sinceOf(since: string, now: Date): Date {
  const [, count, unit = ''] = /^(\d+)([mhd])$/.exec(since) ?? []
  if (count !== undefined) return new Date(now.getTime() - Number(count) * (units.get(unit) ?? 0))
  const at = new Date(since)
  if (Number.isNaN(at.getTime())) throw new PipelineError('FILTER_INVALID', `${since} is no date`)
  return at
}

function letterOf(row: LetterRow, withInput: boolean): Letter {
  const { run_id, created_at, settled_at, settled_by, redrive_run, recovered_run, recovered_at, input, ...rest } = row
  const key = rest.kind === 'item' ? keyOf(rest.item) : rest.kind === 'run' ? (rest.slot ?? '') : rest.item
  return {
    ...rest,
    run: run_id,
    key,
    ...(withInput ? { input } : {}),
    createdAt: created_at.toISOString(),
    settledAt: settled_at?.toISOString() ?? null,
    settledBy: settled_by,
    redriveRun: redrive_run,
    recoveredRun: recovered_run,
    recoveredAt: recovered_at?.toISOString() ?? null,
  }
}
