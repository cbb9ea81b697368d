import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { PipelineError } from '../../../lib/errors.ts'
import { type ObjectEvent, slotOf } from '../../../lib/steps/events/event.ts'
import { type EventFilter, parseEvents } from '../../../lib/steps/events/parse.ts'
import { code } from '../../helpers/pipeline-error.ts'

const all: EventFilter = { buckets: ['docs'], prefix: '', suffix: '', kinds: ['created', 'restored'] }

const record = (object: object, more: object = {}) => ({
  ...{ eventVersion: '2.1', eventSource: 'aws:s3', awsRegion: 'sa-east-1', eventTime: '2026-10-01T10:00:00.000Z' },
  ...{ eventName: 'ObjectCreated:Put', s3: { bucket: { name: 'docs' }, object } },
  ...more,
})
const records = (...list: object[]) => JSON.stringify({ Records: list })
const bridge = (object: object, more: object = {}) =>
  JSON.stringify({
    ...{ version: '0', id: 'x', source: 'aws.s3', 'detail-type': 'Object Created', time: '2026-10-01T10:00:00Z' },
    detail: { bucket: { name: 'docs' }, object },
    ...more,
  })
const sns = (Message: string) =>
  JSON.stringify({ Type: 'Notification', TopicArn: 'arn:aws:sns:sa-east-1:1:t', MessageId: 'm', Message })
const sqs = (...bodies: string[]) =>
  JSON.stringify({ Records: bodies.map((body) => ({ eventSource: 'aws:sqs', messageId: 'm', body })) })
const keys = (message: string, filter: Partial<EventFilter> = {}) =>
  parseEvents(message, { ...all, ...filter }).events.map(({ key }) => key)

const object = { key: 'a.pdf', size: 10, eTag: 'e', versionId: 'v', sequencer: '0A' }
const event: ObjectEvent = {
  ...{ event: 'created', bucket: 'docs', key: 'a.pdf', versionId: 'v', size: 10, etag: 'e', sequencer: '0A' },
  eventTime: '2026-10-01T10:00:00.000Z',
}
const bridgeObject = { key: 'a.pdf', size: 10, etag: 'e', 'version-id': 'v', sequencer: '0A' }

describe('events of S3', () => {
  test('one object, whatever way it comes', () => {
    for (const wrap of [(x: string) => x, sns, (x: string) => sqs(x), (x: string) => sqs(sns(x))]) {
      assert.deepEqual(parseEvents(wrap(records(record(object))), all), { events: [event], ignored: 0 })
      const bridged = parseEvents(wrap(bridge(bridgeObject)), all)
      assert.deepEqual(bridged.events, [{ ...event, eventTime: '2026-10-01T10:00:00Z' }])
      assert.equal(slotOf(bridged.events[0] ?? assert.fail()), slotOf(event), 'it is the same run')
    }
  })

  const cases: [what: string, message: string, expected: string[], filter?: Partial<EventFilter>][] = [
    [
      'a key of a notification is URL-encoded',
      records(record({ key: 'Ficha+t%C3%A9cnica%2B1.pdf' })),
      ['Ficha técnica+1.pdf'],
    ],
    ['a key of EventBridge is plain', bridge({ key: 'a+b %20.pdf' }), ['a+b %20.pdf']],
    ['many records', records(record({ key: '1' }), record({ key: '2' }), record({ key: '3' })), ['1', '2', '3']],
    ['several messages in one of SQS', sqs(records(record({ key: '1' })), sns(bridge({ key: '2' }))), ['1', '2']],
    [
      'multipart, copy and post are new objects',
      records(record(object, { eventName: 'ObjectCreated:CompleteMultipartUpload' })),
      ['a.pdf'],
    ],
    [
      'with the prefix that some senders write',
      records(record(object, { eventName: 's3:ObjectCreated:Put' })),
      ['a.pdf'],
    ],
    ['a deletion', records(record(object, { eventName: 'ObjectRemoved:Delete' })), []],
    ['a deletion by EventBridge', bridge({ key: 'a' }, { 'detail-type': 'Object Deleted' }), []],
    ['a test', JSON.stringify({ Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'other' }), []],
    ['a test by SNS', sns(JSON.stringify({ Service: 'Amazon S3', Event: 's3:TestEvent' })), []],
    ['no records', records(), []],
    ['an empty object', records(record({ ...object, size: 0 })), []],
    ['a folder of the console', bridge({ key: 'a/', size: 3 }), []],
    ['no size', bridge({ key: 'a' }), ['a']],
    ['another suffix', records(record({ key: 'a.txt' }), record({ key: 'B.PDF' })), ['B.PDF'], { suffix: '.pdf' }],
    ['another prefix', records(record({ key: 'in/a' }), record({ key: 'out/a' })), ['in/a'], { prefix: 'in/' }],
    ['restored', records(record(object, { eventName: 'ObjectRestore:Completed' })), ['a.pdf']],
    ['restored by EventBridge', bridge({ key: 'a' }, { 'detail-type': 'Object Restore Completed' }), ['a']],
    ['only asked for', records(record(object, { eventName: 'ObjectRestore:Post' })), []],
    [
      'a kind that is not wanted',
      records(record(object, { eventName: 'ObjectRestore:Completed' })),
      [],
      { kinds: ['created'] },
    ],
  ]
  for (const [what, message, expected, filter] of cases) {
    test(what, () => assert.deepEqual(keys(message, filter), expected))
  }

  const refused: [what: string, message: string, expected: string][] = [
    ['another bucket', records(record(object, { s3: { bucket: { name: 'other' }, object } })), 'EVENT_BUCKET'],
    [
      'another bucket among ours',
      records(record(object), record(object, { s3: { bucket: { name: 'other' }, object } })),
      'EVENT_BUCKET',
    ],
    [
      'another bucket by EventBridge',
      bridge({ key: 'a' }, { detail: { bucket: { name: 'x' }, object: { key: 'a' } } }),
      'EVENT_BUCKET',
    ],
    ['no JSON', 'hello', 'EVENT_INVALID'],
    ['cut JSON', records(record(object)).slice(0, -9), 'EVENT_INVALID'],
    ['an array', '[]', 'EVENT_INVALID'],
    ['something else', '{"a":1}', 'EVENT_INVALID'],
    ['another source', records({ ...record(object), eventSource: 'aws:dynamodb' }), 'EVENT_INVALID'],
    ['another source by EventBridge', bridge({ key: 'a' }, { source: 'aws.ec2' }), 'EVENT_INVALID'],
    ['a key that is not encoded', records(record({ key: '100%.pdf' })), 'EVENT_INVALID'],
    ['a key with a NUL', records(record({ key: 'a%00b' })), 'EVENT_INVALID'],
    ['a key that is too long', bridge({ key: 'é'.repeat(600) }), 'EVENT_INVALID'],
    ['an ETag with a line break', records(record({ ...object, eTag: 'a\r\nb' })), 'EVENT_INVALID'],
    ['a size that is none', records(record({ ...object, size: -1 })), 'EVENT_INVALID'],
    ['a message without end', sns(sns(sns(sns(sns(records(record(object))))))), 'EVENT_INVALID'],
    ['too many records', records(...Array.from({ length: 1_001 }, () => record(object))), 'EVENT_INVALID'],
    [
      'too many records in parts',
      sqs(...Array.from({ length: 3 }, () => records(...Array.from({ length: 500 }, () => record(object))))),
      'EVENT_INVALID',
    ],
  ]
  for (const [what, message, expected] of refused) {
    test(`refused: ${what}`, () => assert.throws(() => parseEvents(message, all), code(expected)))
  }

  test('real messages', () => {
    const sample = (name: string) => readFileSync(new URL(`samples/${name}.json`, import.meta.url), 'utf8')
    const [bare] = parseEvents(sample('s3Event'), { ...all, buckets: ['lambda-artifacts-deafc19498e3f2df'] }).events
    assert.deepEqual(
      [bare?.key, bare?.size, bare?.sequencer],
      ['b21b84d653bb07b05b1e6b33684dc11b', 1_305_107, '0C0F6F405D6ED209E1'],
    )
    const [bridged] = parseEvents(sample('s3EventBridgeNotificationObjectCreatedEvent'), {
      ...all,
      buckets: ['example-bucket'],
    }).events
    assert.deepEqual([bridged?.key, bridged?.etag], ['IMG_m7fzo3.jpg', '4e68adba0abe2dc8653dc3354e14c01d'])
    const [queued] = parseEvents(sample('s3SqsEvent'), { ...all, buckets: ['xxx'] }).events
    assert.deepEqual([queued?.key, queued?.versionId], ['test.pdf', 'yd3d4HaWOT2zguDLvIQLU6ptDTwKBnQV'])
  })

  test('slots: another version, ETag or put is another run; a long key is cut to a hash', () => {
    const slots = [
      event,
      { ...event, versionId: 'w' },
      { ...event, versionId: null },
      { ...event, versionId: null, sequencer: '0B' },
      { ...event, versionId: null, etag: 'f' },
      { ...event, key: 'b.pdf' },
      { ...event, event: 'restored' as const },
      { ...event, key: 'k'.repeat(1_000) },
      { ...event, key: `${'k'.repeat(999)}l` },
    ].map(slotOf)
    assert.equal(new Set(slots).size, slots.length)
    assert.ok(slots.every((slot) => slot.length < 310))
    assert.equal(slotOf({ ...event, eventTime: 'later' }), slotOf(event))
  })

  test('whatever is changed in a message, it is read, or refused with one of the two codes', () => {
    let seed = 7
    const random = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
      return seed % below
    }
    const sources = [
      records(record(object)),
      bridge(bridgeObject),
      sns(records(record(object))),
      sqs(sns(bridge(bridgeObject))),
    ]
    const scraps = [
      '"',
      '\\',
      '{',
      '}',
      '[',
      ']',
      'null',
      '0',
      '-1',
      '1e999',
      '%',
      '+',
      '\u0000',
      '\ud800',
      '__proto__',
      '',
    ]
    let read = 0
    for (let round = 0; round < 4_000; round += 1) {
      let message = sources[round % sources.length] ?? ''
      for (let change = 0; change <= round % 3; change += 1) {
        const at = (random(65_536) >> 4) % (message.length + 1)
        message =
          message.slice(0, at) +
          scraps[(random(65_536) >> 4) % scraps.length] +
          message.slice(at + ((random(65_536) >> 4) % 6))
      }
      try {
        for (const { bucket, key } of parseEvents(message, all).events) {
          assert.equal(bucket, 'docs')
          assert.ok(key.length > 0)
        }
        read += 1
      } catch (error) {
        assert.ok(error instanceof PipelineError, `${message}: ${String(error)}`)
        assert.match(error.code, /^EVENT_(INVALID|BUCKET)$/, message)
      }
    }
    assert.ok(read > 100, 'the changes leave some messages readable')
  })
})
