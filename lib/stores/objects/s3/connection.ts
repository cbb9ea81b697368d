import type * as Sdk from '@aws-sdk/client-s3'
import { endAfter } from '../../../stopped.ts'
import { awsConfig, loadAws } from '../../aws/client.ts'
import type { AwsOptions } from '../../aws/config.ts'
import { abortError } from '../gate.ts'
import { countS3 } from './count.ts'

/** The part of the SDK that is used; only its types are there before it is loaded. */
export type S3Sdk = typeof Sdk

/** One bucket, reached. */
export interface S3Connection {
  sdk: S3Sdk
  bucket: string
  /** Sends one request, within the deadline. Throws the SDK's errors; the signal's own when it aborts. */
  send<T>(
    doing: string,
    signal: AbortSignal | undefined,
    request: (options: { abortSignal: AbortSignal }) => Promise<T>,
  ): Promise<T>
  client: Sdk.S3Client
}

/** For one request with all its tries, in milliseconds; a part of an upload has as long. */
const requestMs = 180_000

/** Loads the SDK and makes a client. Throws AWS_MISSING, STORE_CONFIG. */
export async function connectS3(bucket: string, options: AwsOptions): Promise<S3Connection> {
  const config = awsConfig(options)
  const sdk = await loadAws('@aws-sdk/client-s3', () => import('@aws-sdk/client-s3'))
  const client = new sdk.S3Client({
    ...config,
    forcePathStyle: config.endpoint !== undefined,
    // We send SHA-256 of our own, and count what comes.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
  countS3(client)
  return {
    sdk,
    bucket,
    client,
    async send(doing, signal, request) {
      if (signal?.aborted) throw abortError(signal, doing)
      const deadline = endAfter(requestMs)
      try {
        return await request({ abortSignal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]) })
      } catch (error) {
        if (signal?.aborted) throw abortError(signal, doing)
        throw error
      }
    },
  }
}
