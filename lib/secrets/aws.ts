import { PipelineError } from '../errors.ts'
import { awsFailure } from '../stores/aws/errors.ts'

const missing = new Set(['ParameterNotFound', 'ParameterVersionNotFound', 'ResourceNotFoundException'])
const denied = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'CredentialsProviderError',
  'DecryptionFailure',
  'ExpiredTokenException',
  'IncompleteSignature',
  'InvalidClientTokenId',
  'InvalidKeyId',
  'InvalidSignatureException',
  'UnrecognizedClientException',
])

/** An error of the AWS SDK as one of ours. Its own words are not kept: they may quote the request. */
export function secretError(thrown: unknown, name: string, permission: string): PipelineError {
  if (thrown instanceof PipelineError) return thrown
  const { name: code, status } = awsFailure(thrown)
  const said = `${code}${status === undefined ? '' : ` ${status}`}`
  const details = { reference: name, aws: code }
  if (missing.has(code)) {
    return new PipelineError('SECRET_MISSING', `There is no ${name} in this region and account (${said})`, { details })
  }
  if (denied.has(code) || status === 401 || status === 403) {
    return new PipelineError('SECRET_DENIED', `${name} may not be read (${said}): the role needs ${permission}`, {
      details,
    })
  }
  const final = status === 400 && !/Throttl|Timeout|TooMany/i.test(code)
  if (final) return new PipelineError('SECRET_INVALID', `AWS refuses to look up ${name} (${said})`, { details })
  return new PipelineError('SECRET_UNAVAILABLE', `${name} cannot be read just now (${said})`, {
    retryable: true,
    details,
  })
}
