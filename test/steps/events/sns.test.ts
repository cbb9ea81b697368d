import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { believe, type PushOptions } from '../../../lib/steps/events/push.ts'
import { isSnsAddress, SnsCheck } from '../../../lib/steps/events/sns.ts'
import { code } from '../../helpers/pipeline-error.ts'
import { signed, signer, type Unsigned } from '../../helpers/sns-double.ts'

const topicArn = 'arn:aws:sns:sa-east-1:123456789012:docs'
const certificateUrl = 'https://sns.sa-east-1.amazonaws.com/SimpleNotificationService-0.pem'
const folder = mkdtempSync(join(tmpdir(), 'sns-'))

const { key, certificate } = signer(folder, 30)
const other = signer(folder, 31)

const base = {
  Type: 'Notification' as const,
  ...{ MessageId: 'm-1', TopicArn: topicArn, Message: '{"a":"ção"}', Timestamp: '2026-10-01T10:00:00.000Z' },
}

const sign = (message: Unsigned, by = key, version: '1' | '2' = '2') => signed(message, by, certificateUrl, version)

describe('what SNS pushes', () => {
  after(() => rmSync(folder, { recursive: true, force: true }))
  const asked: string[] = []
  const confirmed: string[] = []
  let now = Date.now()
  const sns = () =>
    new SnsCheck({
      topicArn,
      now: () => now,
      async certificate(url) {
        asked.push(url)
        return certificate
      },
    })
  const options = (more: Partial<PushOptions> = {}): PushOptions => ({
    ...{ sns: sns(), secretHeader: 'X-Api-Key', secret: 's3cret' },
    async confirm(url) {
      confirmed.push(url)
    },
    ...more,
  })
  const push = (body: string, more: Partial<PushOptions> = {}, headers: Record<string, string> = {}) =>
    believe({ headers: { 'x-amz-sns-message-type': 'Notification', ...headers }, body }, options(more))

  test('a signed message of the topic is believed, with either kind of signature and with a subject', async () => {
    assert.equal(await push(sign(base)), base.Message)
    assert.equal(await push(sign(base, key, '1')), base.Message)
    assert.equal(await push(sign({ ...base, Subject: 'Amazon S3 Notification' })), base.Message)
  })

  test('the certificate is asked for once', async () => {
    const check = sns()
    asked.length = 0
    for (let round = 0; round < 3; round += 1) await check.check(sign(base))
    assert.deepEqual(asked, [certificateUrl])
  })

  test('what was changed, signed by somebody else, or out of time is refused', async () => {
    const changed = (more: object) => JSON.stringify({ ...JSON.parse(sign(base)), ...more })
    await assert.rejects(push(changed({ Message: '{}' })), code('EVENT_SIGNATURE', /wrong/))
    await assert.rejects(push(changed({ Subject: 'added' })), code('EVENT_SIGNATURE'))
    await assert.rejects(push(changed({ Timestamp: 'x' })), code('EVENT_SIGNATURE'))
    await assert.rejects(push(changed({ Signature: '' })), code('EVENT_SIGNATURE'))
    await assert.rejects(push(changed({ SignatureVersion: '1' })), code('EVENT_SIGNATURE'))
    await assert.rejects(push(changed({ SignatureVersion: '3' })), code('EVENT_INVALID'))
    await assert.rejects(push(sign(base, other.key)), code('EVENT_SIGNATURE'))
    now = Date.now() + 40 * 86_400_000
    await assert.rejects(push(sign(base)), code('EVENT_SIGNATURE', /today/))
    now = Date.now()
    await assert.rejects(push(sign({ ...base, TopicArn: `${topicArn}2` })), code('EVENT_TOPIC'))
    await assert.rejects(push('no json'), code('EVENT_INVALID'))
    await assert.rejects(push(sign(base), {}, { 'x-amz-sns-rawdelivery': 'true' }), code('EVENT_SIGNATURE', /Raw/))
    const { sns: _, ...without } = options()
    await assert.rejects(
      believe(
        { headers: { 'x-amz-sns-message-type': 'Notification' }, body: sign(base) },
        { ...without, sns: undefined },
      ),
      code('EVENT_TOPIC'),
    )
  })

  test('a certificate from anywhere but SNS is not even asked for', async () => {
    asked.length = 0
    for (const url of [
      'http://sns.sa-east-1.amazonaws.com/a.pem',
      'https://sns.sa-east-1.amazonaws.com.evil.example/a.pem',
      'https://sns.evil.example/a.pem',
      'https://evil.example/sns.sa-east-1.amazonaws.com/a.pem',
      'https://sns.sa-east-1.amazonaws.com@evil.example/a.pem',
      'https://user:x@sns.sa-east-1.amazonaws.com/a.pem',
      'https://sns.sa-east-1.amazonaws.com:8443/a.pem',
      'https://bucket.s3.amazonaws.com/a.pem',
      'https://sns.sa-east-1.amazonaws.com/a.txt',
      'https://xsns.sa-east-1.amazonaws.com/a.pem',
      'file:///etc/a.pem',
    ]) {
      const body = JSON.stringify({ ...JSON.parse(sign(base)), SigningCertURL: url })
      await assert.rejects(push(body), code('EVENT_SIGNATURE', /not from SNS/), url)
    }
    assert.deepEqual(asked, [])
    assert.ok(isSnsAddress('https://sns.cn-north-1.amazonaws.com.cn/a.pem'))
  })

  test('a subscription of the configured topic is confirmed, no other, and at no other address', async () => {
    const subscription = {
      ...base,
      Type: 'SubscriptionConfirmation' as const,
      ...{ Token: 't', SubscribeURL: 'https://sns.sa-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=t' },
    }
    assert.equal(await push(sign(subscription)), undefined)
    assert.deepEqual(confirmed, [subscription.SubscribeURL])
    await assert.rejects(push(sign({ ...subscription, TopicArn: `${topicArn}x` })), code('EVENT_TOPIC'))
    await assert.rejects(
      push(sign({ ...subscription, SubscribeURL: 'https://169.254.169.254/' })),
      code('EVENT_INVALID'),
    )
    await assert.rejects(push(sign(subscription, other.key)), code('EVENT_SIGNATURE'))
    assert.equal(confirmed.length, 1)
    assert.equal(await push(sign({ ...subscription, Type: 'UnsubscribeConfirmation' })), undefined)
    assert.equal(confirmed.length, 1)
  })

  test('EventBridge: only with the secret header, and never without a secret', async () => {
    const ask = (headers: Record<string, string | string[]>, more: Partial<PushOptions> = {}) =>
      believe({ headers, body: 'b' }, options(more))
    assert.equal(await ask({ 'x-api-key': 's3cret' }), 'b')
    await assert.rejects(ask({}), code('EVENT_SECRET'))
    await assert.rejects(ask({ 'x-api-key': 's3cre' }), code('EVENT_SECRET'))
    await assert.rejects(ask({ 'x-api-key': ['s3cret'] }), code('EVENT_SECRET'))
    await assert.rejects(ask({ 'x-api-key': '' }, { secret: '' }), code('EVENT_SECRET'))
  })
})
