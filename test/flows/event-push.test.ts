import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { anybody } from '../helpers/fauxqs.ts'
import { packageFolder } from '../helpers/node-red.ts'
import { type S3Double, startS3Double } from '../helpers/s3-double.ts'
import { type SnsDouble, signed, startSnsDouble, type Unsigned } from '../helpers/sns-double.ts'
import { tinyPdf } from '../helpers/tiny-pdf.ts'
import {
  type HookReceiver,
  type MailReceiver,
  type Received,
  readMail,
  startHook,
  startMail,
} from '../steps/notify/receivers.ts'
import { type RunningFlow, startFlow } from './running.ts'

const region = 'sa-east-1'
const topicArn = `arn:aws:sns:${region}:123456789012:docs`
const secret = 'push-secret-51'

/** A record of S3's own notification, its key URL-encoded as S3 does it. */
const record = (key: string, sequencer: string, bucket = 'docs', eventName = 'ObjectCreated:Put') => ({
  ...{ eventVersion: '2.1', eventSource: 'aws:s3', awsRegion: region, eventTime: '2026-10-01T10:00:00Z', eventName },
  s3: { bucket: { name: bucket }, object: { key, size: 9, eTag: `e${sequencer}`, sequencer } },
})
const notification = (...records: object[]) => JSON.stringify({ Records: records })
/** An event of EventBridge, its key as it is. */
const bridged = (key: string, sequencer: string, bucket = 'docs') =>
  JSON.stringify({
    ...{ version: '0', source: 'aws.s3', 'detail-type': 'Object Created', time: '2026-10-01T10:00:00Z', region },
    detail: { bucket: { name: bucket }, object: { key, size: 9, etag: `e${sequencer}`, sequencer } },
  })

describe('flows/event.json with pushes, by settings alone', { timeout: 120_000 }, () => {
  let aws: S3Double
  let s3: S3Client
  let sns: SnsDouble
  let hook: HookReceiver
  let mail: MailReceiver
  let flow: RunningFlow
  before(async () => {
    aws = await startS3Double('docs')
    s3 = new S3Client({ endpoint: aws.endpoint, region, forcePathStyle: true, credentials: anybody })
    sns = await startSnsDouble(region)
    hook = await startHook()
    mail = await startMail()
    flow = await startFlow('flows/event.json', {
      env: {
        ...{ YSH_EVENT_SOURCE: 'push', YSH_PUSH_PATH: 'docs', YSH_SNS_SOURCE: topicArn, YSH_BUCKETS: 'docs' },
        ...{ YSH_AWS_REGION: region, YSH_AWS_ENDPOINT: aws.endpoint, YSH_WEBHOOKS: hook.url },
        ...{ AWS_ACCESS_KEY_ID: anybody.accessKeyId, AWS_SECRET_ACCESS_KEY: anybody.secretAccessKey },
        ...{ YSH_SMTP_HOST: '127.0.0.1', YSH_SMTP_PORT: String(mail.port), YSH_SMTP_SECURITY: 'none' },
        ...{ YSH_ADMIN_TO: 'admin@x.example', YSH_RETRY_SECONDS: '0.1', ...sns.env },
      },
      change: (node) => (node.type === 'debug' ? { ...node, console: true } : node),
      credentials: { 'ysh-event-new': { secret } },
    })
  })
  after(async () => {
    await flow?.close()
    s3?.destroy()
    await sns?.close()
    await hook?.close()
    await mail?.close()
    await aws?.close()
  })

  const put = (Key: string, text: string) =>
    s3.send(
      new PutObjectCommand({ Bucket: 'docs', Key, Body: tinyPdf(`A tarifa de energia ${text} dos consumidores.`) }),
    )
  /** Comes again after a 503, as SNS and EventBridge do. */
  async function post(body: string, headers: Record<string, string>): Promise<number> {
    for (let attempt = 1; ; attempt += 1) {
      const request = { method: 'POST', body, headers, signal: AbortSignal.timeout(30_000) }
      const { status } = await fetch(`${flow.red.url}/ysh-s3-event/docs`, request)
      if (status !== 503 || attempt === 5) return status
    }
  }
  let messages = 0
  const message = (Message: string): Unsigned => {
    messages += 1
    const Timestamp = '2026-10-01T10:00:00.000Z'
    return { Type: 'Notification', MessageId: `m-${messages}`, TopicArn: topicArn, Message, Timestamp }
  }
  /** As SNS pushes: with its headers, and JSON that calls itself plain text. */
  const bySns = (body: string, Type = 'Notification') =>
    post(body, { 'x-amz-sns-message-type': Type, 'content-type': 'text/plain; charset=UTF-8' })
  const sign = (sent: Unsigned, by: KeyObject = sns.key) => signed(sent, by, sns.certificateUrl)
  const byBridge = (body: string, given = secret) =>
    post(body, { 'x-api-key': given, 'content-type': 'application/json' })
  const toldAdmin = () => mail.got.filter(({ to }) => to.includes('admin@x.example'))
  const read = (mail: Received | undefined) => (mail === undefined ? '' : readMail(mail))
  const ended = () => flow.red.output().split('[debug:Resumo]').length - 1

  test('signed by SNS or with the secret, an object is indexed and told of once; what is not believed starts nothing', async () => {
    const subscription: Unsigned = {
      ...{ ...message('You have chosen to subscribe'), Type: 'SubscriptionConfirmation', Token: 't' },
      SubscribeURL: `https://sns.${region}.amazonaws.com/?Action=ConfirmSubscription&Token=t`,
    }
    assert.equal(await bySns(sign(subscription), 'SubscriptionConfirmation'), 200)
    assert.deepEqual(
      sns.asked.map((path) => path.split('&')[0]),
      ['/SimpleNotificationService-0.pem', '/?Action=ConfirmSubscription'],
    )

    await put('in/Nova tarifa.pdf', 'nova')
    await put('in/Ponte+1.pdf', 'da ponte')
    const nova = notification(record('in/Nova+tarifa.pdf', '01'))
    assert.deepEqual(
      [
        await bySns(sign(message(nova))),
        await bySns(sign(message(nova))), // S3 says it again, in another message
        await byBridge(bridged('in/Nova tarifa.pdf', '01')), // and so does EventBridge
        await byBridge(bridged('in/Ponte+1.pdf', '02')),
        await byBridge(bridged('in/Ponte+1.pdf', '02')),
        await bySns(sign(message(notification(record('in/Nova+tarifa.pdf', '09', 'docs', 'ObjectRemoved:Delete'))))),
      ],
      [200, 200, 200, 200, 200, 200],
    )

    // not believed: whatever they say, nothing begins
    const forged = message(notification(record('in/Forged.pdf', '03')))
    const { privateKey: stranger } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const changed = JSON.stringify({ ...JSON.parse(sign(message(nova))), Message: forged.Message })
    assert.deepEqual(
      [
        await bySns(sign(forged, stranger)),
        await bySns(changed),
        await bySns(sign({ ...forged, TopicArn: `${topicArn}2` })),
        await byBridge(bridged('in/Forged.pdf', '03'), 'wrong'),
        await bySns('{"Type":"Notification"'),
      ],
      [403, 403, 403, 403, 400],
    )
    for (const code of ['EVENT_SIGNATURE', 'EVENT_TOPIC', 'EVENT_SECRET', 'EVENT_INVALID'])
      await flow.red.line(new RegExp(`turned away: ${code}`))
    // two of one code are one line
    assert.equal(flow.red.output().match(/turned away: EVENT_SIGNATURE/g)?.length, 1)

    await flow.until('both are told of', () => hook.got.length >= 2)
    await flow.until('both runs end', () => ended() === 2)
  })

  test('what is believed and cannot be used is set aside, and the administrator hears; the next good one closes that', async () => {
    // another bucket, and no event of S3 at all
    assert.equal(await bySns(sign(message(notification(record('in/x.pdf', '04', 'foreign'))))), 200)
    assert.equal(await byBridge('{"detail-type": 1}'), 200)
    await flow.until('the administrator hears', () => toldAdmin().length === 1)
    assert.match(read(toldAdmin()[0]), /EVENT_BUCKET/)

    // an object that was deleted before it could be read: nothing to wait for
    assert.equal(await byBridge(bridged('in/Apagada.pdf', '05')), 200)
    // told when it is deleted, closed by the same message: both mails
    await flow.until('the administrator hears of both', () => toldAdmin().length === 3)
    const subjects = toldAdmin().map(read)
    assert.ok(
      subjects.some((text) => /documento Apagada.pdf \(OBJECT_NOT_FOUND\)/.test(text)),
      subjects.join('\n'),
    )
    await flow.until('its run ends', () => ended() === 3)
  })

  test('while S3 is down: tried again, then told; the copy of before stays; a redrive brings the new one', async () => {
    await put('in/Nova tarifa.pdf', 'segunda versão')
    aws.refuse = () => ({ status: 500, code: 'InternalError' })
    const asked = aws.requests.length
    assert.equal(await byBridge(bridged('in/Nova tarifa.pdf', '06')), 200)
    await flow.until('its run ends', () => ended() === 4)
    assert.equal(aws.requests.length - asked, 4 * 4, 'four tries of the flow, in each four of the SDK')
    await flow.until('the administrator hears', () => toldAdmin().length === 4)
    assert.match(
      read(toldAdmin().at(-1)),
      /documentos \(STORE_UNAVAILABLE\)[\s\S]*- Nova tarifa.pdf: a última cópia boa é servida, onde houver/,
    )

    aws.refuse = () => undefined
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [
        join(packageFolder, 'dist/cli.js'),
        'dead-letters',
        'redrive',
        '--code',
        'STORE_*',
        '--node-red',
        flow.red.url,
        '--json',
      ],
      { timeout: 30_000 },
    )
    assert.match(stdout, /redrive 1 of/)
    await flow.until('the new version is told of', () => hook.got.length === 3)
    await flow.until('its run ends', () => ended() === 5)
    await flow.until('the administrator hears that it is over', () => toldAdmin().length === 5)
  })

  test('nothing came twice, nothing is lost', async () => {
    const { postgres } = await flow.written()
    const { rows: documents } = await postgres.query<{ document: string }>(
      'select document from pipeline.vector_document where until is null order by document',
    )
    assert.deepEqual(documents, [
      { document: 's3://docs/in/Nova tarifa.pdf' },
      { document: 's3://docs/in/Ponte+1.pdf' },
    ])
    assert.equal(hook.got.length, 3)
    const { rows: runs } = await postgres.query<{ state: string; count: string }>(
      `select state, count(*)::text as count from pipeline.run where flow like '%ysh-event-new' group by 1 order by 1`,
    )
    assert.deepEqual(runs, [
      { state: 'done', count: '3' }, // the redrive is one
      { state: 'failed', count: '2' },
    ])
    const { rows: refused } = await postgres.query<{ code: string; body: string }>(
      'select code, body from pipeline.refused_event order by code',
    )
    assert.deepEqual(
      refused.map(({ code }) => code),
      ['EVENT_BUCKET', 'EVENT_INVALID'],
    )
    assert.match(refused[0]?.body ?? '', /foreign/)
  })
})
