import { TierSchema } from '../../runs/fallback.ts'
import { type Infer, Type } from '../../schema.ts'

/** Prefix of all cache entries that are made of a dataset: whoever answers from one keeps its answers below it. See docs/api-cache.md. */
export function apiPrefix(dataset: string): string {
  return `api:${dataset}:`
}

/** Key of a dataset's {@link ApiSummarySchema}. */
export function apiSummaryKey(dataset: string): string {
  return `${apiPrefix(dataset)}summary`
}

/** What the cache says of a dataset. */
export const ApiSummarySchema = Type.Object({
  dataset: Type.String(),
  title: Type.Object({ 'pt-BR': Type.String(), 'en-US': Type.String() }),
  /** Of several parts the newest. */
  version: Type.Integer(),
  rows: Type.Integer(),
  /** ISO; of several parts the oldest. */
  publishedAt: Type.String(),
  tier: TierSchema,
  /** Age of the data in seconds when this was written, from its publication here. */
  ageSeconds: Type.Number(),
  /** ISO: when this was written. */
  at: Type.String(),
  columns: Type.Array(
    Type.Object({ name: Type.String(), type: Type.String(), unit: Type.Union([Type.String(), Type.Null()]) }),
  ),
  attribution: Type.String(),
})
/** {@link ApiSummarySchema} as a type. */
export type ApiSummary = Infer<typeof ApiSummarySchema>
