import { PipelineError } from '../../../errors.ts'
import { defineStep, type Step, type StepContext } from '../../step.ts'
import { type Batch, streamRows } from '../read/stream.ts'
import { readCondition } from './conditions.ts'
import {
  type QueryConfig,
  QueryConfigSchema,
  type QueryInput,
  QueryInputSchema,
  type QueryOutput,
  QueryOutputSchema,
} from './schema.ts'

export type { Batch } from '../read/stream.ts'

/** Takes a batch; the next one is read when this resolves. */
export type TakeBatch = (batch: Batch, signal: AbortSignal) => Promise<void>

type QueryStep = Step<typeof QueryConfigSchema, typeof QueryInputSchema, typeof QueryOutputSchema>

/**
 * The step `dataset-query` with whoever takes its batches: all rows of a selection, read as {@link streamRows} does and with its errors, and
 * what `take` throws.
 */
export function datasetQuery(take: TakeBatch): QueryStep {
  return defineStep({
    name: 'dataset-query',
    version: 1,
    config: QueryConfigSchema,
    input: QueryInputSchema,
    output: QueryOutputSchema,
    run: (input, config, context) => runQuery(input, config, context, take),
  })
}

async function runQuery(
  input: QueryInput,
  config: QueryConfig,
  context: StepContext<QueryOutput>,
  take: TakeBatch,
): Promise<QueryOutput> {
  const began = performance.now()
  const { stores, clock, signal } = context
  const dataset = input.dataset || config.dataset
  if (dataset === '') throw new PipelineError('UNKNOWN_DATASET', 'Neither the node nor payload.dataset names a dataset')
  const asOf = input.asOf || config.asOf
  const selection = {
    columns: input.columns ?? config.columns,
    where: [...config.where.map(readCondition), ...(input.where ?? [])],
    order: input.order ?? config.order,
    ...(asOf === '' ? {} : { asOf }),
  }
  const { batch, numbers } = config
  const limit = input.limit ?? config.limit
  const stream = await streamRows({ postgres: stores.postgres, clock }, dataset, selection, {
    ...{ batch, limit, numbers, signal },
  })
  let [rows, batches, cut] = [0, 0, false]
  for await (const each of stream) {
    await take(each, signal)
    rows += each.rows.length
    batches += 1
    cut = each.cut
    context.progress({ phase: 'rows', done: rows, unit: 'rows' })
  }
  const { version, publishedAt, ageSeconds, tier, attribution } = stream.provenance
  return {
    ...{ dataset, rows, batches, cut, version, publishedAt, ageSeconds, tier, attribution },
    asOf: stream.provenance.asOf,
    seconds: (performance.now() - began) / 1_000,
  }
}
