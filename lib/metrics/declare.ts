/** Counters only grow; gauges are what is so now; histograms count into buckets. */
export type MetricKind = 'counter' | 'gauge' | 'histogram'

/** Unit of a value, as it is written and sent. */
export type Unit = 'seconds' | 'bytes' | 'count' | 'dollars'

/**
 * What a label may say. A list: these and, for anything else, `other`. `most`: the first so many that come, then `other`. So the number of
 * series is bounded whatever happens.
 */
export type LabelValues = readonly string[] | { readonly most: number }

/**
 * How CloudWatch gets a metric: every combination of labels would be a custom metric with a price, so they are brought together into one
 * value. `statistics`: the values that were observed and how often, so that percentiles can be asked for. `failures`: of ended runs, 1 for a
 * failed and 0 for another, so that the average is the failure rate.
 */
export type Together = 'sum' | 'max' | 'min' | 'statistics' | 'failures'

/** One metric. */
export interface MetricDeclaration {
  kind: MetricKind
  unit: Unit
  /** Its name in Prometheus, with unit and `_total` as is usage there. */
  prometheus: `ysh_${string}`
  labels: Readonly<Record<string, LabelValues>>
  /** One sentence in English. */
  help: string
  /** Upper bounds of a histogram's buckets, rising. */
  buckets?: readonly number[]
  /** Among those that CloudWatch is sent by default: at most 10. */
  cloudwatch?: Together
  /** Read from the stores at each scrape, the same in every process on them: take the highest and not the sum of several processes. */
  fleet?: true
}

/** The value of what is in no list, or came too late. */
export const otherValue = 'other'

/** Declares the metrics; only there to keep literal types. */
export function defineMetrics<const M extends Readonly<Record<string, MetricDeclaration>>>(metrics: M): M {
  return metrics
}
