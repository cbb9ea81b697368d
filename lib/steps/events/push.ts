import { createHash, timingSafeEqual } from 'node:crypto'
import { PipelineError } from '../../errors.ts'
import { reveal } from '../../secrets/reveal.ts'
import { isSnsAddress, type SnsCheck } from './sns.ts'

/** A request to the endpoint. */
export interface Pushed {
  /** Lower-case names. */
  headers: Readonly<Record<string, string | string[] | undefined>>
  body: string
}

/** Who may push. */
export interface PushOptions {
  /** Undefined: no topic of SNS is configured. */
  sns: SnsCheck | undefined
  /** Header and value that an API destination of EventBridge sends; '' for none; it may be a reference. */
  secretHeader: string
  secret: string
  /** Answers a subscription: fetches the address, which is one of SNS. */
  confirm(url: string): Promise<void>
}

/**
 * The body whose events may be believed; undefined where there is nothing to start (a subscription was confirmed). Throws EVENT_SIGNATURE,
 * EVENT_TOPIC, EVENT_SECRET, EVENT_INVALID, and what confirming throws.
 */
export async function believe({ headers, body }: Pushed, options: PushOptions): Promise<string | undefined> {
  const type = headers['x-amz-sns-message-type']
  if (type === undefined) {
    if (!rightSecret(headers[options.secretHeader.toLowerCase()], await reveal(options.secret))) {
      throw new PipelineError(
        'EVENT_SECRET',
        'A request without the secret header of this endpoint, or with a wrong one',
      )
    }
    return body
  }
  if (options.sns === undefined) throw new PipelineError('EVENT_TOPIC', 'No topic of SNS is configured here')
  if (headers['x-amz-sns-rawdelivery'] === 'true') {
    throw new PipelineError(
      'EVENT_SIGNATURE',
      'Raw delivery of SNS carries no signature: switch it off in the subscription',
    )
  }
  const message = await options.sns.check(body)
  if (message.Type === 'Notification') return message.Message
  if (message.Type === 'SubscriptionConfirmation') {
    const { SubscribeURL = '' } = message
    if (!isSnsAddress(SubscribeURL))
      throw new PipelineError('EVENT_INVALID', 'A subscription whose address is not one of SNS')
    await options.confirm(SubscribeURL)
  }
  return undefined
}

/** Compared by their hashes, in constant time. */
function rightSecret(given: string | string[] | undefined, secret: string): boolean {
  if (typeof given !== 'string' || secret === '') return false
  const hash = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(hash(given), hash(secret))
}
