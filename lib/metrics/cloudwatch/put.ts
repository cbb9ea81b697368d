import { PipelineError } from '../../errors.ts'
import { endAfter } from '../../stopped.ts'
import { awsConfig, loadAws } from '../../stores/aws/client.ts'
import type { AwsOptions } from '../../stores/aws/config.ts'
import { awsFailure } from '../../stores/aws/errors.ts'
import { spend } from '../spend.ts'
import { type Batch, dimension, namespace } from './datum.ts'

type CloudWatch = typeof import('@aws-sdk/client-cloudwatch')

/** What one request takes. */
const mostData = 1_000
const timeoutMs = 20_000
/** A body from this size on goes out as gzip. */
const gzipFromBytes = 1_024

const denied =
  /AccessDenied|UnrecognizedClient|InvalidClientTokenId|SignatureDoesNotMatch|ExpiredToken|CredentialsProvider/

/** Sends batches by PutMetricData. The SDK is loaded at the first one. */
export class Putter {
  readonly #aws: AwsOptions
  #sdk: CloudWatch | undefined
  #client: InstanceType<CloudWatch['CloudWatchClient']> | undefined

  constructor(aws: AwsOptions) {
    this.#aws = aws
  }

  /**
   * Sends batches, as few requests as they fit into. Throws AWS_MISSING (retryable: it can be installed meanwhile), CLOUDWATCH_DENIED and
   * CLOUDWATCH_FAILED (retryable but for what AWS calls wrong), STOPPED.
   */
  async send(batches: readonly Batch[], signal: AbortSignal): Promise<void> {
    const data = batches.flatMap(({ at, pipeline, data }) =>
      data.map(({ name, unit, values, counts }) => ({
        MetricName: name,
        Dimensions: [{ Name: dimension, Value: pipeline }],
        Timestamp: new Date(at),
        Unit: unit,
        Values: [...values],
        Counts: [...counts],
        StorageResolution: 60,
      })),
    )
    for (let from = 0; from < data.length; from += mostData) {
      await this.#put(data.slice(from, from + mostData), signal)
    }
  }

  async #put(
    data: NonNullable<ConstructorParameters<CloudWatch['PutMetricDataCommand']>[0]['MetricData']>,
    signal: AbortSignal,
  ) {
    try {
      const { CloudWatchClient, PutMetricDataCommand } = await this.#loaded()
      this.#client ??= new CloudWatchClient({
        ...awsConfig(this.#aws),
        maxAttempts: 1,
        requestMinCompressionSizeBytes: gzipFromBytes,
      })
      spend('cloudwatch_call')
      await this.#client.send(new PutMetricDataCommand({ Namespace: namespace, MetricData: data }), {
        abortSignal: endAfter(timeoutMs, signal),
      })
    } catch (thrown) {
      if (thrown instanceof PipelineError) throw thrown
      if (signal.aborted) throw new PipelineError('STOPPED', 'The metrics were not sent: stopped', { retryable: true })
      const { name, status } = awsFailure(thrown)
      const said = `CloudWatch: ${name}${status === undefined ? '' : ` ${status}`}`
      if (denied.test(name) || status === 403) {
        throw new PipelineError('CLOUDWATCH_DENIED', `${said}: the role needs cloudwatch:PutMetricData`, {
          retryable: true,
        })
      }
      const final = status === 400 && !/Throttl|Timeout|TooMany/i.test(name)
      throw new PipelineError('CLOUDWATCH_FAILED', `The metrics could not be sent (${said})`, { retryable: !final })
    }
  }

  close(): void {
    this.#client?.destroy()
  }

  async #loaded(): Promise<CloudWatch> {
    this.#sdk ??= await loadAws('@aws-sdk/client-cloudwatch', () => import('@aws-sdk/client-cloudwatch'))
    return this.#sdk
  }
}
