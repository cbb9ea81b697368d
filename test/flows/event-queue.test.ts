import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { anybody, startAws } from '../helpers/fauxqs.ts'
import { tinyPdf } from '../helpers/tiny-pdf.ts'
import { type HookReceiver, startHook } from '../steps/notify/receivers.ts'
import { type RunningFlow, startFlow } from './running.ts'

describe('flows/event.json with a queue, by settings alone', { timeout: 300_000 }, () => {
  let aws: Awaited<ReturnType<typeof startAws>>
  let hook: HookReceiver
  let flow: RunningFlow
  let queueUrl = ''
  before(async () => {
    aws = await startAws()
    aws.createBucket('docs')
    queueUrl = aws.createQueue('events').queueUrl
    hook = await startHook()
    flow = await startFlow('flows/event.json', {
      env: {
        ...{ YSH_EVENT_SOURCE: 'queue', YSH_QUEUE_URL: queueUrl, YSH_BUCKETS: 'docs', YSH_AWS_REGION: 'us-east-1' },
        ...{ YSH_AWS_ENDPOINT: aws.endpoint, YSH_WEBHOOKS: hook.url },
        ...{ AWS_ACCESS_KEY_ID: anybody.accessKeyId, AWS_SECRET_ACCESS_KEY: anybody.secretAccessKey },
      },
    })
  })
  after(async () => {
    await flow?.close()
    await hook?.close()
    await aws?.stop()
  })

  test('an object created in S3 is indexed and told of once, though its event comes twice', async () => {
    const client = { endpoint: aws.endpoint, region: 'us-east-1', credentials: anybody }
    const s3 = new S3Client({ ...client, forcePathStyle: true })
    const sqs = new SQSClient(client)
    const Body = tinyPdf('A tarifa de energia para os consumidores da classe residencial.')
    await s3.send(new PutObjectCommand({ Bucket: 'docs', Key: 'in/Nova tarifa.pdf', Body }))
    const object = { key: 'in/Nova+tarifa.pdf', size: Body.length, sequencer: '01' }
    const record = {
      ...{ eventVersion: '2.1', eventSource: 'aws:s3', awsRegion: 'us-east-1', eventTime: '2026-10-01T10:00:00Z' },
      ...{ eventName: 'ObjectCreated:Put', s3: { bucket: { name: 'docs' }, object } },
    }
    for (let twice = 0; twice < 2; twice += 1) {
      await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: JSON.stringify({ Records: [record] }) }))
    }
    s3.destroy()
    sqs.destroy()
    await flow.until('it is told of', () => hook.got.length > 0)
    const { postgres } = await flow.written()
    const { rows } = await postgres.query('select document, title from pipeline.vector_document where until is null')
    assert.deepEqual(rows.length, 1, JSON.stringify(rows))
    const runs = await postgres.query(`select 1 from pipeline.run where flow like '%ysh-event-new'`)
    assert.equal(runs.rows.length, 1)
    assert.match(hook.got[0]?.body ?? '', /Nova tarifa\.pdf/)
    assert.equal(hook.got.length, 1)
  })
})
