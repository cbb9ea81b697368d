import { declarationOf, type MetricName } from '../catalogue.ts'
import type { Together } from '../declare.ts'

/** Where all of it is in CloudWatch. */
export const namespace = 'YSH/Pipeline'
/** The one dimension: tells several installations in one account apart. */
export const dimension = 'Pipeline'
/** Custom metrics without a price: facts of AWS's free tier. */
export const freeMetrics = 10
/** US dollars a month for each further one, from memory like the others of `prices.ts`. */
export const metricPrice = 0.3

/** One metric of one minute, as it is sent. */
export interface Datum {
  name: string
  unit: 'Seconds' | 'Bytes' | 'Count' | 'None'
  /** What was observed, and how often each. */
  values: readonly number[]
  counts: readonly number[]
}

/** What was found for one minute. */
export interface Batch {
  /** Milliseconds since 1970. */
  at: number
  /** Value of the dimension. */
  pipeline: string
  data: readonly Datum[]
}

/** How a metric is brought together where the catalogue does not say. */
export function togetherOf(name: MetricName): Together {
  const { cloudwatch, kind } = declarationOf(name)
  return cloudwatch ?? (kind === 'histogram' ? 'statistics' : kind === 'counter' ? 'sum' : 'max')
}

/** The name in CloudWatch: the dotted one, but for what is not the same thing there. */
export function cloudwatchName(name: MetricName): string {
  return togetherOf(name) === 'failures' ? 'pipeline.runs.failed' : name
}

/** The unit in CloudWatch. */
export function cloudwatchUnit(name: MetricName): Datum['unit'] {
  const { unit } = declarationOf(name)
  return unit === 'seconds' ? 'Seconds' : unit === 'bytes' ? 'Bytes' : unit === 'count' ? 'Count' : 'None'
}
