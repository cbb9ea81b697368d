import { PipelineError } from '../../errors.ts'
import type { AwsOptions } from './config.ts'

const connectTimeoutMs = 10_000
/** How long a connection may be silent. */
const silentMs = 60_000
const tries = 4

/**
 * Loads an optional package of the AWS SDK at its first use: it costs 35 MB, and most installations need none of it. Throws
 * AWS_MISSING with what to install.
 */
export async function loadAws<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') throw cause
    throw new PipelineError('AWS_MISSING', `This needs an optional package: npm install ${name}@3`, { cause })
  }
}

/** What every client of the SDK is made with. Throws STORE_CONFIG for an endpoint that is no address, or half a key. */
export function awsConfig({ region, endpoint, accessKeyId, secretAccessKey, sessionToken }: AwsOptions) {
  if (endpoint && !/^https?:$/.test(URL.parse(endpoint)?.protocol ?? '')) {
    throw new PipelineError('STORE_CONFIG', 'An endpoint begins with http:// or https://')
  }
  if (Boolean(accessKeyId) !== Boolean(secretAccessKey)) {
    throw new PipelineError('STORE_CONFIG', 'An access key has two parts: id and secret')
  }
  const environment = process.env.AWS_REGION || process.env.AWS_DEFAULT_REGION
  return {
    region: region || environment || 'us-east-1',
    maxAttempts: tries,
    requestHandler: {
      connectionTimeout: connectTimeoutMs,
      // the SDK's own timer of the answer is a warning only, unless it is told to throw
      requestTimeout: silentMs,
      throwOnRequestTimeout: true,
      socketTimeout: silentMs,
    },
    ...(endpoint ? { endpoint } : {}),
    ...(accessKeyId && secretAccessKey
      ? { credentials: { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) } }
      : {}),
  }
}
