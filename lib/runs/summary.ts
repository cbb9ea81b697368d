import { type Infer, parser, Type } from '../schema.ts'
import type { Json } from '../stores/cache/port.ts'
import type { JoinedItem } from './joined.ts'
import { JournalErrorSchema } from './run.ts'

const figures = {
  dataset: Type.Optional(Type.String()),
  /** `published`, `unchanged`. */
  outcome: Type.Optional(Type.String()),
  rows: Type.Optional(Type.Number()),
  new: Type.Optional(Type.Number()),
  changed: Type.Optional(Type.Number()),
  vanished: Type.Optional(Type.Number()),
  quarantined: Type.Optional(Type.Number()),
  seconds: Type.Optional(Type.Number()),
}

/** What a summary reads of a manifest, whichever step made it. */
const ManifestSchema = Type.Object({
  ...figures,
  parts: Type.Optional(
    Type.Array(
      Type.Object({
        version: Type.Optional(Type.Number()),
        source: Type.Optional(
          Type.Object({
            tier: Type.Optional(Type.String()),
            ageSeconds: Type.Optional(Type.Number()),
            why: Type.Optional(Type.Array(Type.Object({ code: Type.String() }))),
          }),
        ),
      }),
    ),
  ),
})
const manifests = parser(ManifestSchema, 'manifest')

/** One item of a run, as a table shows it. Figures that its manifest does not have are left out. */
export const SummaryRowSchema = Type.Object({
  /** The item's key; '' for a run without an each. */
  key: Type.String(),
  state: Type.Enum(['done', 'failed']),
  ...figures,
  /** Where the data came from; of several parts the worst. */
  tier: Type.Optional(Type.String()),
  /** Age in seconds of what a lower tier than the primary serves. */
  ageSeconds: Type.Optional(Type.Number()),
  /** Code of the error because of which the primary did not serve. */
  why: Type.Optional(Type.String()),
  /** Published version; of several parts the newest. */
  version: Type.Optional(Type.Number()),
  error: Type.Optional(JournalErrorSchema),
})
/** {@link SummaryRowSchema} as a type. */
export type SummaryRow = Infer<typeof SummaryRowSchema>

/** What a run brought. */
export const SummarySchema = Type.Object({
  outcome: Type.Enum(['done', 'failed']),
  done: Type.Integer(),
  failed: Type.Integer(),
  items: Type.Array(SummaryRowSchema),
})
/** {@link SummarySchema} as a type. */
export type Summary = Infer<typeof SummarySchema>

/** How many items may fail in a run that still counts as done: a number, a share, or any. */
export const tolerancePattern = '^(\\d{1,6}|\\d{1,3}%|any)$'

/** Whether `failed` of `total` is within a tolerance written as {@link tolerancePattern} has it. */
export function tolerates(tolerance: string, failed: number, total: number): boolean {
  if (tolerance === 'any') return true
  const limit = Number.parseInt(tolerance, 10)
  return tolerance.endsWith('%') ? failed * 100 <= limit * total : failed <= limit
}

/** The summary of a join's items. */
export function summarise(items: readonly JoinedItem[], tolerance: string): Summary {
  const failed = items.filter((item) => item.state === 'failed').length
  return {
    outcome: tolerates(tolerance, failed, items.length) ? 'done' : 'failed',
    done: items.length - failed,
    failed,
    items: items.map(rowOf),
  }
}

/** A row of the summary. */
export function rowOf(item: JoinedItem): SummaryRow {
  const { key, state } = item
  if (item.state === 'failed') return { key, state, error: item.error }
  const { parts = [], ...rest } = figuresOf(item.output)
  const versions = parts.flatMap((part) => part.version ?? [])
  const sources = parts.flatMap((part) => part.source ?? [])
  const worst = ['cache', 'backup', 'primary'].find((tier) => sources.some((source) => source.tier === tier))
  const tier = worst ?? sources[0]?.tier
  const lower = tier === 'primary' ? [] : sources.filter((source) => source.tier === tier)
  const ages = lower.flatMap((source) => source.ageSeconds ?? [])
  const [why] = lower.flatMap((source) => source.why ?? [])
  return {
    key,
    state,
    ...rest,
    ...(tier === undefined ? {} : { tier }),
    ...(ages.length === 0 ? {} : { ageSeconds: Math.max(...ages) }),
    ...(why === undefined ? {} : { why: why.code }),
    ...(versions.length === 0 ? {} : { version: Math.max(...versions) }),
  }
}

/** What a manifest has of the figures; nothing of one that means something else by their names. */
function figuresOf(output: Json): Infer<typeof ManifestSchema> {
  if (typeof output !== 'object' || output === null || Array.isArray(output)) return {}
  const known = Object.fromEntries(Object.entries(output).filter(([name]) => name in ManifestSchema.properties))
  return manifests.problems(known).length > 0 ? {} : manifests.parse(known)
}

/** Most items of a summary in the journal, and most characters of an error there. */
const kept = { items: 50, message: 300 }

/** The summary as the journal keeps it: the failed items first if it has to leave some out, and how many those are. */
export function shortened({ items, ...summary }: Summary): Json {
  const failedFirst = [...items].sort((a, b) => Number(b.state === 'failed') - Number(a.state === 'failed'))
  const some = items.length > kept.items ? failedFirst.slice(0, kept.items) : items
  const rows = some.map(({ error, ...row }) => ({
    ...row,
    ...(error === undefined ? {} : { error: { ...error, message: error.message.slice(0, kept.message) } }),
  }))
  return { ...summary, items: rows, left: items.length - some.length }
}
