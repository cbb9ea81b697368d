import { PipelineError } from '../../errors.ts'
import { isReference } from '../../secrets/reference.ts'
import { revealAll } from '../../secrets/reveal.ts'
import type { AwsOptions } from './config.ts'

const connectTimeoutMs = 10_000
/** How long a connection may be silent. */
const silentMs = 60_000
const tries = 4
/** Keys that were looked up are asked for again after this; the SDK renews five minutes before. */
const keyLifeMs = 15 * 60_000

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
      ? { credentials: awsKeys({ accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) }) }
      : {}),
  }
}

/** The parts of an access key. */
interface AwsKeys {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string
}

/** Keys as the SDK takes them: references to secrets are looked up when it connects, and again when they may have been rotated. */
export function awsKeys(keys: AwsKeys): AwsKeys | (() => Promise<AwsKeys & { expiration: Date }>) {
  if (!Object.values(keys).some(isReference)) return keys
  return async () => ({ ...(await revealAll({ ...keys })), expiration: new Date(Date.now() + keyLifeMs) })
}
