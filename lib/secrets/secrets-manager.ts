import { PipelineError } from '../errors.ts'
import { awsConfig, loadAws } from '../stores/aws/client.ts'
import { secretError } from './aws.ts'
import type { SecretSource } from './port.ts'
import { nameOf } from './reference.ts'

/** A secret of Secrets Manager: all of its text, or one key of the JSON object that it is. */
export const readManagedSecret: SecretSource<'secretsmanager'> = async (reference, signal) => {
  const { SecretsManagerClient, GetSecretValueCommand } = await loadAws(
    '@aws-sdk/client-secrets-manager',
    () => import('@aws-sdk/client-secrets-manager'),
  )
  const client = new SecretsManagerClient(awsConfig({}))
  const name = nameOf(reference)
  try {
    const command = new GetSecretValueCommand({ SecretId: reference.name })
    const { SecretString } = await client.send(command, { abortSignal: signal })
    if (SecretString === undefined) throw new PipelineError('SECRET_INVALID', `${name} is binary; a text is expected`)
    return reference.key === undefined ? SecretString : keyOf(SecretString, reference.key, name)
  } catch (thrown) {
    throw secretError(thrown, name, 'secretsmanager:GetSecretValue, and kms:Decrypt for a key of your own')
  } finally {
    client.destroy()
  }
}

function keyOf(text: string, key: string, name: string): string {
  const value = objectOf(text, name)[key]
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  throw new PipelineError('SECRET_MISSING', `${name}: the secret has no text under that key`)
}

function objectOf(text: string, name: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text)
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return { ...parsed }
  } catch {
    // said below: the parser's own words quote the text
  }
  throw new PipelineError('SECRET_INVALID', `${name}: a key is asked for, and the secret is no JSON object`)
}
