import type * as Sdk from '@aws-sdk/client-sqs'
import { PipelineError } from '../../errors.ts'
import { spend } from '../../metrics/spend.ts'
import { systemTimer, type Timer } from '../../runs/time.ts'
import { endAfter } from '../../stopped.ts'
import { awsConfig, loadAws } from '../../stores/aws/client.ts'
import type { AwsOptions } from '../../stores/aws/config.ts'
import { awsError } from '../../stores/aws/errors.ts'
import type { Logger } from '../step.ts'

/** A long poll of SQS, in seconds. */
const pollSeconds = 20
const batch = 10
/** How long a message is out of others' sight; extended while it is worked on. */
const visibleSeconds = 60
const requestMs = 30_000
const pauseMs = [1_000, 60_000] as const
/** A message that failed comes back no sooner; doubles with each time, in seconds. */
const againSeconds = [5, 900] as const

/** What a queue is watched with. */
export interface QueueOptions {
  queueUrl: string
  aws: AwsOptions
  /**
   * Deals with a message: resolves once what it tells of is safe, then it is deleted. When it throws the message comes back later; a message
   * that is wrong for good must be set aside in here.
   */
  take(body: string): Promise<void>
  /** Told each error of the queue, and undefined when it answers again. */
  report(error: PipelineError | undefined): void
  log: Logger
  signal: AbortSignal
  clock?: Timer
}

/**
 * Takes messages of an SQS queue until the signal aborts, in order of arrival, one at a time: the runs they start are what works. Never
 * loops fast: the poll waits, and after any failure there is a growing pause. Rejects only with AWS_MISSING and STORE_CONFIG of the
 * client.
 */
export async function watchQueue(options: QueueOptions): Promise<void> {
  const { queueUrl, aws, signal, report, clock = systemTimer } = options
  const sdk = await loadAws('@aws-sdk/client-sqs', () => import('@aws-sdk/client-sqs'))
  const client = new sdk.SQSClient(awsConfig(aws))
  client.middlewareStack.add(
    (next) => async (given) => {
      spend('sqs_request')
      return next(given)
    },
    { step: 'deserialize', name: 'yshCount', priority: 'low' },
  )
  const queue = new Queue(sdk, client, options)
  let pause = 0
  try {
    while (!signal.aborted) {
      try {
        const messages = await queue.receive()
        report(undefined)
        const failed = await queue.work(messages)
        pause = failed > 0 && failed === messages.length ? longer(pause) : 0
      } catch (thrown) {
        if (signal.aborted) return
        report(awsError(thrown, `Reading the queue ${queueUrl}`))
        pause = longer(pause)
      }
      if (pause > 0) await clock.sleep(pause, signal).catch(() => undefined)
    }
  } finally {
    client.destroy()
  }
}

const longer = (pause: number) => Math.min(Math.max(pauseMs[0], pause * 2), pauseMs[1])

class Queue {
  readonly #sdk: typeof Sdk
  readonly #client: Sdk.SQSClient
  readonly #options: QueueOptions

  constructor(sdk: typeof Sdk, client: Sdk.SQSClient, options: QueueOptions) {
    this.#sdk = sdk
    this.#client = client
    this.#options = options
  }

  async receive(): Promise<Sdk.Message[]> {
    const { queueUrl, signal } = this.#options
    const { Messages = [] } = await this.#client.send(
      new this.#sdk.ReceiveMessageCommand({
        QueueUrl: queueUrl,
        MaxNumberOfMessages: batch,
        WaitTimeSeconds: pollSeconds,
        VisibilityTimeout: visibleSeconds,
        MessageSystemAttributeNames: ['ApproximateReceiveCount'],
      }),
      { abortSignal: endAfter(pollSeconds * 1_000 + requestMs, signal) },
    )
    return Messages
  }

  /** Resolves with how many failed. */
  async work(messages: readonly Sdk.Message[]): Promise<number> {
    const { signal, take, log } = this.#options
    const waiting = new Set(messages)
    const extend = setInterval(
      () => {
        for (const message of waiting) void this.#showAgain(message, visibleSeconds)
      },
      (visibleSeconds * 1_000) / 3,
    )
    let failed = 0
    try {
      for (const message of messages) {
        if (signal.aborted) break
        try {
          await take(message.Body ?? '')
          waiting.delete(message)
          await this.#delete(message)
        } catch (thrown) {
          failed += 1
          waiting.delete(message)
          const error = PipelineError.from(thrown)
          const times = Number(message.Attributes?.ApproximateReceiveCount ?? 1)
          const seconds = Math.min(againSeconds[0] * 2 ** Math.min(times - 1, 10), againSeconds[1])
          log.warn(`A message of the queue comes back in ${seconds} s: ${error.code}: ${error.message}`, { times })
          await this.#showAgain(message, seconds)
        }
      }
      return failed
    } finally {
      clearInterval(extend)
      // closed in between: somebody else may have the rest at once
      await Promise.all([...waiting].map((message) => this.#showAgain(message, 0)))
    }
  }

  /** What is not deleted comes once more, and is then a duplicate. */
  async #delete({ ReceiptHandle }: Sdk.Message): Promise<void> {
    const { queueUrl, log } = this.#options
    try {
      await this.#client.send(new this.#sdk.DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle }), {
        abortSignal: endAfter(requestMs),
      })
    } catch (thrown) {
      const { code, message } = awsError(thrown, 'Deleting a message')
      log.warn(`A message could not be deleted from the queue and will come again: ${code}: ${message}`)
    }
  }

  async #showAgain({ ReceiptHandle }: Sdk.Message, seconds: number): Promise<void> {
    const { queueUrl } = this.#options
    await this.#client
      .send(
        new this.#sdk.ChangeMessageVisibilityCommand({
          QueueUrl: queueUrl,
          ReceiptHandle,
          VisibilityTimeout: seconds,
        }),
        { abortSignal: endAfter(requestMs) },
      )
      .catch(() => undefined) // it then comes back when its time is over
  }
}
