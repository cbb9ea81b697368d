import type { S3Client } from '@aws-sdk/client-s3'
import { meter } from '../../../metrics/meter.ts'
import { spend } from '../../../metrics/spend.ts'

/** Has each request of a client counted, each try by itself, with the bytes that go either way and what it costs. */
export function countS3(client: S3Client): void {
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      async (given) => {
        const operation = /^(Delete|Abort)/.test(commandName)
          ? 'delete'
          : /^(Get|Head)/.test(commandName)
            ? 'read'
            : 'write'
        // what deletes is free; a list costs as much as a write
        if (operation !== 'delete') spend(operation === 'read' ? 's3_read' : 's3_write')
        try {
          const result = await next(given)
          meter.add('objects.requests', { operation, outcome: 'done' })
          meter.add('objects.bytes', { direction: 'in' }, lengthOf(given.request))
          if (commandName !== 'HeadObjectCommand') {
            const out = lengthOf(result.response)
            meter.add('objects.bytes', { direction: 'out' }, out)
            spend('s3_out_gb', out / 1e9)
          }
          return result
        } catch (error) {
          meter.add('objects.requests', { operation, outcome: 'failed' })
          throw error
        }
      },
    { step: 'deserialize', name: 'yshCount', priority: 'low' },
  )
}

/** What a message says its body has; 0 when it does not say. */
function lengthOf(message: unknown): number {
  if (typeof message !== 'object' || message === null || !('headers' in message)) return 0
  const { headers } = message
  if (typeof headers !== 'object' || headers === null || !('content-length' in headers)) return 0
  const length = Number(headers['content-length'])
  return Number.isFinite(length) ? length : 0
}
