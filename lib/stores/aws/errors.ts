import { PipelineError } from '../../errors.ts'

const denied = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'AllAccessDisabled',
  'CredentialsProviderError',
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidAccessKeyId',
  'InvalidClientTokenId',
  'InvalidToken',
  'SignatureDoesNotMatch',
  'UnrecognizedClientException',
])
const full = new Set(['QuotaExceeded', 'XMinioStorageFull', 'InsufficientStorage'])
const wrongPlace = new Set([
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
  'InvalidBucketName',
  'NoSuchBucket',
  'PermanentRedirect',
  'QueueDoesNotExist',
  'AWS.SimpleQueueService.NonExistentQueue',
])
/** Answers that are the same the next time. */
const lasting = new Set([400, 403, 404, 405, 409, 411, 412, 413, 416, 501])

/** Name and HTTP status of an error of the SDK; undefined status where no answer came. */
export function awsFailure(error: unknown): { name: string; status: number | undefined } {
  if (typeof error !== 'object' || error === null) return { name: 'unknown', status: undefined }
  const name = 'name' in error && typeof error.name === 'string' ? error.name : 'unknown'
  const metadata = '$metadata' in error ? error.$metadata : undefined
  const status =
    typeof metadata === 'object' && metadata !== null && 'httpStatusCode' in metadata
      ? metadata.httpStatusCode
      : undefined
  return { name, status: typeof status === 'number' ? status : undefined }
}

/**
 * An error of the SDK as one of the pipeline's: STORE_DENIED, STORE_FULL, STORE_CONFIG (no such bucket or queue, another region),
 * OBJECT_ARCHIVED, STORE_REFUSED (any other refusal), else STORE_UNAVAILABLE (retryable). The SDK's error itself is not kept: it carries
 * the request.
 */
export function awsError(error: unknown, doing: string): PipelineError {
  if (error instanceof PipelineError) return error
  const { name, status } = awsFailure(error)
  const said = error instanceof Error && error.message !== 'UnknownError' ? `: ${error.message}` : ''
  const words = `${doing} failed (${name}${status === undefined ? '' : ` ${status}`})${said}`.slice(0, 500)
  const details = { name, ...(status === undefined ? {} : { status }) }
  if (name === 'InvalidObjectState') {
    return new PipelineError(
      'OBJECT_ARCHIVED',
      `${doing}: the object is in an archive class and has to be restored first; ask for it with ysh-archive, action "restore"`,
      { details },
    )
  }
  if (denied.has(name) || status === 401 || (status === 403 && !wrongPlace.has(name))) {
    return new PipelineError('STORE_DENIED', words, { details })
  }
  if (full.has(name) || status === 507) return new PipelineError('STORE_FULL', words, { details })
  if (wrongPlace.has(name) || status === 301) return new PipelineError('STORE_CONFIG', words, { details })
  const final = status !== undefined && lasting.has(status) && !/Throttl|SlowDown|Timeout|Conflict/i.test(name)
  if (final) return new PipelineError('STORE_REFUSED', words, { details })
  return new PipelineError('STORE_UNAVAILABLE', words, { retryable: true, details })
}
