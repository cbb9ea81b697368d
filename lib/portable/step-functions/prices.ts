/** Where a price was read, and what kind of place it is. */
interface Source {
  what: string
  page: string
  /** When that page said so: a month, or undefined where it has no date. */
  of?: string
  /** `aws`: AWS's own page. `other`: somebody else's, because AWS's page fills its table by a script. */
  by: 'aws' | 'other'
}

const sources: readonly Source[] = [
  { what: 'transition', page: 'https://aws.amazon.com/step-functions/pricing/', by: 'aws' },
  { what: 'Lambda', page: 'https://cloudchipr.com/blog/aws-lambda-pricing', of: '2024', by: 'other' },
  { what: 'schedule', page: 'https://cloudburn.io/blog/amazon-eventbridge-pricing', of: '2026-03', by: 'other' },
]

/**
 * AWS's prices in US East (N. Virginia), US dollars. What is free is so for ever and in a month, for the whole account. Of the date are our
 * look-ups, in stored copies of the pages in `sources`; a page may be older. Nothing was compared with a bill.
 */
export const priceList = {
  date: '2026-11-26',
  region: 'us-east-1',
  sources,
  /** A state transition of a standard workflow; a retry is another. */
  transition: 0.000025,
  freeTransitions: 4_000,
  /** A call of a Lambda. */
  request: 0.0000002,
  freeRequests: 1_000_000,
  /** A second of a Lambda on arm64 with 1 GB, in the first tier. */
  gbSecond: 0.0000133334,
  freeGbSeconds: 400_000,
  /** An invocation by EventBridge Scheduler. */
  schedule: 0.000001,
  freeSchedules: 14_000_000,
} as const
