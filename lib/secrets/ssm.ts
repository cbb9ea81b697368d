import { PipelineError } from '../errors.ts'
import { awsConfig, loadAws } from '../stores/aws/client.ts'
import { secretError } from './aws.ts'
import type { SecretSource } from './port.ts'
import { nameOf } from './reference.ts'

/** A parameter of SSM Parameter Store, decrypted. The client is loaded when the first one is read, and let go afterwards. */
export const readParameter: SecretSource<'ssm'> = async (reference, signal) => {
  const { SSMClient, GetParameterCommand } = await loadAws('@aws-sdk/client-ssm', () => import('@aws-sdk/client-ssm'))
  const client = new SSMClient(awsConfig({}))
  try {
    const command = new GetParameterCommand({ Name: reference.name, WithDecryption: true })
    const { Parameter } = await client.send(command, { abortSignal: signal })
    if (Parameter?.Value === undefined) throw new PipelineError('SECRET_INVALID', `${nameOf(reference)} has no value`)
    return Parameter.Value
  } catch (thrown) {
    throw secretError(thrown, nameOf(reference), 'ssm:GetParameter, and kms:Decrypt for a key of your own')
  } finally {
    client.destroy()
  }
}
