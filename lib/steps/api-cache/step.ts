import { worstTier } from '../../runs/fallback.ts'
import { type Infer, Type } from '../../schema.ts'
import { tolerant } from '../../stores/cache/tolerant.ts'
import { preparing } from '../../stores/postgres/prepare.ts'
import { questions } from '../dataset/answers/all.ts'
import { warm } from '../dataset/answers/answer.ts'
import { ageOf } from '../dataset/last-good.ts'
import { datasetMigrations } from '../dataset/load/migrations.ts'
import { currentParts, type Version } from '../dataset/load/registry.ts'
import { publishedIn } from '../notify/summary/collect.ts'
import { defineStep, type StepContext } from '../step.ts'
import { type ApiSummary, apiPrefix, apiSummaryKey } from './keys.ts'

const Dataset = Type.String({ pattern: '^[a-z][a-z0-9_]*\\.[a-z][a-z0-9_]{0,40}$' })

/** Config of the step `api-cache`. */
export const ApiCacheConfigSchema = Type.Object(
  {
    datasets: Type.Array(Dataset, {
      default: [],
      maxItems: 200,
      description: 'Datasets whose entries are renewed; none takes all that the run has published',
    }),
    keepHours: Type.Number({
      default: 168,
      exclusiveMinimum: 0,
      maximum: 8_760,
      description: 'How long the summary of a dataset stays in the cache',
    }),
    warm: Type.Boolean({
      default: true,
      description:
        'Answers that are often asked for (tariffs of B1, flag, totals of distributed generation) are made beforehand',
    }),
  },
  { additionalProperties: false },
)

/** Input of the step. */
export const ApiCacheInputSchema = Type.Object({
  datasets: Type.Optional(Type.Array(Dataset, { maxItems: 200 })),
})

/** What the step did. */
export const ApiCacheOutputSchema = Type.Object({
  datasets: Type.Array(Type.Object({ dataset: Type.String(), version: Type.Integer(), dropped: Type.Integer() })),
  /** Entries that were dropped in all. */
  dropped: Type.Integer(),
  /** Answers that were made beforehand. */
  warmed: Type.Integer(),
  /** Datasets of which no version is held: their entries are dropped, and nothing takes their place. */
  missing: Type.Array(Type.String()),
  /** Datasets whose entries could not be renewed, because the cache did not answer: they may be old until the next renewal. */
  unreached: Type.Array(Type.String()),
})

const prepared = preparing(datasetMigrations)
/** A view of more columns is cut short in the summary. */
const maxColumns = 400

/**
 * Renews what the cache holds of datasets: drops every entry below `api:<dataset>:` and writes `api:<dataset>:summary`. The cache is no
 * truth: done twice it is the same, and one that does not answer fails no run. Then it asks what is asked most often, so that whoever comes first need not wait for a scan.
 */
export const apiCache = defineStep({
  name: 'api-cache',
  version: 1,
  config: ApiCacheConfigSchema,
  input: ApiCacheInputSchema,
  output: ApiCacheOutputSchema,
  async run(input, config, context) {
    const { postgres, cache } = context.stores
    await prepared(postgres)
    const named = input.datasets ?? config.datasets
    const wanted = named.length > 0 ? named : await publishedIn(postgres, context.run.id)
    const output: Infer<typeof ApiCacheOutputSchema> = {
      datasets: [],
      dropped: 0,
      warmed: 0,
      missing: [],
      unreached: [],
    }
    for (const dataset of new Set(wanted)) {
      context.signal.throwIfAborted()
      const parts = await currentParts(postgres, dataset)
      const summary = summaryOf(dataset, parts, context)
      const renewed = await tolerant(cache, context.log, async () => {
        // Dropped first: whoever answers from the cache meanwhile asks the database.
        const dropped = await cache.deletePrefix(apiPrefix(dataset))
        if (summary !== undefined)
          await cache.set(apiSummaryKey(dataset), summary, { ttlMs: config.keepHours * 3_600_000 })
        return dropped
      })
      output.dropped += renewed?.value ?? 0
      if (summary === undefined) output.missing.push(dataset)
      else if (renewed === undefined) output.unreached.push(dataset)
      else output.datasets.push({ dataset, version: summary.version, dropped: renewed.value })
    }
    const renewed = new Set(output.datasets.map(({ dataset }) => dataset))
    const due = config.warm ? questions.filter(({ datasets }) => datasets.some((name) => renewed.has(name))) : []
    for (const question of due) output.warmed += await warm(question, context)
    return output
  },
})

function summaryOf(
  dataset: string,
  parts: readonly Version[],
  context: Pick<StepContext, 'clock'>,
): ApiSummary | undefined {
  const [first] = parts
  if (first === undefined) return undefined
  const { title, attribution, columns } = first.contract
  const held = new Set(parts.flatMap((part) => part.columns.map(({ name }) => name)))
  return {
    ...{ dataset, title, attribution },
    version: Math.max(...parts.map(({ version }) => version)),
    rows: parts.reduce((sum, { rows }) => sum + rows, 0),
    publishedAt: parts.map(({ publishedAt }) => publishedAt).sort()[0] ?? first.publishedAt,
    tier: worstTier(parts.map(({ source }) => source.tier)) ?? 'primary',
    ageSeconds: Math.round(Math.max(...parts.map((part) => ageOf(part, context)))),
    at: context.clock.now().toISOString(),
    columns: columns
      .filter(({ name }) => held.has(name))
      .slice(0, maxColumns)
      .map(({ name, type, unit }) => ({ name, type, unit: unit ?? null })),
  }
}
