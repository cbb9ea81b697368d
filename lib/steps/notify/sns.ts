import { PipelineError } from '../../errors.ts'
import { spend } from '../../metrics/spend.ts'
import { endAfter } from '../../stopped.ts'
import { awsKeys, loadAws } from '../../stores/aws/client.ts'
import type { Channel } from './channel.ts'

/** How SNS is reached. Blank keys take those of the AWS environment (variables, profile, role). */
export interface SnsAccess {
  accessKeyId: string
  secretAccessKey: string
  /** Of an emulator; blank is AWS. */
  endpoint: string
}

type Sns = typeof import('@aws-sdk/client-sns')

const timeoutMs = 20_000
/** What SNS takes at most is 256 KiB with attributes. */
const maxMessage = 200_000

/** A topic of Amazon SNS. The id goes along as the attribute `id`, and as deduplication id to a FIFO topic. */
export function snsChannel(access: SnsAccess): Channel {
  return {
    name: 'sns',
    atOnce: 2,
    timeoutMs: timeoutMs + 5_000,
    async send(note, { text, data }, { signal }) {
      const { SNSClient, PublishCommand } = await sdk()
      const arn = note.recipient
      const client = new SNSClient({
        region: arn.split(':')[3] ?? '',
        maxAttempts: 1,
        ...(access.endpoint === '' ? {} : { endpoint: access.endpoint }),
        ...(access.accessKeyId === ''
          ? {}
          : { credentials: awsKeys({ accessKeyId: access.accessKeyId, secretAccessKey: access.secretAccessKey }) }),
      })
      const late = endAfter(timeoutMs, signal)
      spend('sns_publish')
      try {
        await client.send(
          new PublishCommand({
            TopicArn: arn,
            Subject: asciiSubject(note.subject),
            Message: cut(data === undefined ? text : JSON.stringify({ text, data })),
            MessageAttributes: {
              id: { DataType: 'String', StringValue: note.id },
              run: { DataType: 'String', StringValue: note.run },
            },
            ...(arn.endsWith('.fifo') ? { MessageGroupId: 'ysh-notify', MessageDeduplicationId: note.id } : {}),
          }),
          { abortSignal: late },
        )
      } catch (thrown) {
        throw snsError(thrown, arn)
      } finally {
        client.destroy()
      }
    },
  }
}

/** The SDK; it can be installed while the message waits. */
async function sdk(): Promise<Sns> {
  try {
    return await loadAws('@aws-sdk/client-sns', () => import('@aws-sdk/client-sns'))
  } catch (cause) {
    const { code, message } = PipelineError.from(cause)
    throw new PipelineError(code, message, { retryable: true, cause })
  }
}

/** SNS wants ASCII of one line, up to 100 characters, beginning with a letter or figure. */
function asciiSubject(subject: string): string {
  const plain = subject
    .normalize('NFD')
    .replaceAll(/[^\x20-\x7e]/g, '')
    .replace(/^[^A-Za-z0-9]+/, '')
    .trim()
    .slice(0, 100)
  return plain === '' ? 'YSH' : plain
}

function cut(message: string): string {
  return message.length <= maxMessage ? message : `${message.slice(0, maxMessage)}…`
}

/** Only what AWS says of this very message is final; rights, topics and outages can be mended. */
function snsError(thrown: unknown, arn: string): PipelineError {
  const name = thrown instanceof Error ? thrown.name : ''
  const words = thrown instanceof Error ? thrown.message : String(thrown)
  return new PipelineError('SNS_FAILED', `${arn}: ${name} ${words}`.slice(0, 500), {
    retryable: name !== 'InvalidParameterException' && name !== 'InvalidParameter',
    cause: thrown,
  })
}
