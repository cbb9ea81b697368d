import { PipelineError } from '../errors.ts'
import { readSecretFile } from './file.ts'
import type { SecretSource } from './port.ts'
import { parseReference } from './reference.ts'

/** An environment variable, or the file that `NAME_FILE` names. The variable may itself be a reference, of another kind. */
export const readSecretVariable: SecretSource<'env'> = async ({ name }, signal) => {
  const value = process.env[name] ?? ''
  if (value !== '') return value
  const path = process.env[`${name}_FILE`] ?? ''
  if (path === '') {
    throw new PipelineError('SECRET_MISSING', `Neither the environment variable ${name} nor ${name}_FILE is set`)
  }
  const reference = parseReference(`file:${path}`)
  if (reference?.kind !== 'file') throw new PipelineError('SECRET_REFERENCE', `${name}_FILE wants a whole path`)
  return readSecretFile(reference, signal)
}
