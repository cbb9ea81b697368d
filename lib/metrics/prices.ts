import { PipelineError } from '../errors.ts'
import { resources } from './catalogue.ts'

/** Something that is paid for by use. */
export type Resource = (typeof resources)[number]

/** US dollars for one unit of each. */
export type Prices = Readonly<Record<Resource, number>>

/** When the prices were so, and where; written down from memory, compared with no price list since. */
export const pricesAsOf = { day: '2026-11-26', region: 'us-east-1', source: 'memory, compared with no price list' }

/**
 * What AWS takes on demand as we remember it, without free tiers (SNS, SQS and CloudWatch: a million a month; bytes out of AWS: 100 GB a
 * month). A bucket read from a machine in its own region pays nothing for the bytes: give `s3_out_gb=0` there. A model on a machine of one's
 * own takes nothing for tokens. Other prices go into the node.
 */
export const usualPrices: Prices = {
  s3_write: 0.005 / 1_000,
  s3_read: 0.0004 / 1_000,
  s3_out_gb: 0.09,
  sns_publish: 0.5 / 1_000_000,
  sqs_request: 0.4 / 1_000_000,
  cloudwatch_call: 0.01 / 1_000,
  model_question_token: 0,
  model_answer_token: 0,
}

/** Reads prices as people write them, `s3_write=0.000007`: dollars for one unit. Throws CONFIG. */
export function parsePrices(entries: readonly string[]): Partial<Prices> {
  return Object.fromEntries(
    entries.map((entry) => {
      const [name = '', price = ''] = entry.split('=').map((part) => part.trim())
      const dollars = Number(price)
      const resource = resources.find((each) => each === name)
      if (resource === undefined || price === '' || !(dollars >= 0) || !Number.isFinite(dollars)) {
        throw new PipelineError(
          'CONFIG',
          `"${entry}" is no price: write name=dollars, with one of ${resources.join(', ')}`,
        )
      }
      return [resource, dollars]
    }),
  )
}
