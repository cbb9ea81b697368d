import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { artifactKey } from '../../../lib/stores/objects/artifacts.ts'
import { openStores } from '../../../lib/stores/open.ts'
import { anybody, startAws } from '../../helpers/fauxqs.ts'
import { type FlowNode, type NodeRed, newUserDir, startNodeRed } from '../../helpers/node-red.ts'
import { tinyPdf } from '../../helpers/tiny-pdf.ts'

const at = { z: 'tab', x: 100, y: 100 }
const secret = 'push-secret-51'

/** Three sources of events, each -> archive -> printed -> end; files in a bucket, the archive in another. */
function flows(endpoint: string, queueUrl: string): FlowNode[] {
  const aws = { endpoint, region: 'us-east-1' }
  const chain = (name: string, source: object): FlowNode[] => [
    {
      ...{ id: name, type: 'ysh-s3-event', ...at, stores: 'stores', buckets: ['docs'], ...aws, ...source },
      wires: [[`${name}-show`]],
    },
    {
      ...{ id: `${name}-show`, type: 'function', ...at, outputs: 1, wires: [[`${name}-archive`]] },
      func: `node.warn('${name} ' + JSON.stringify(msg.payload)); return msg`,
    },
    {
      ...{ id: `${name}-archive`, type: 'ysh-archive', ...at, stores: 'stores', bucket: 'cold', ...aws },
      ...{ storageClass: 'STANDARD_IA', wires: [[`${name}-end`], []] },
    },
    { id: `${name}-end`, type: 'ysh-run-end', ...at, stores: 'stores', wires: [[`${name}-done`]] },
    {
      ...{ id: `${name}-done`, type: 'debug', ...at, name: `${name}-done`, active: true, console: true },
      ...{ complete: 'payload.outcome', targetType: 'msg', wires: [] },
    },
  ]
  return [
    { id: 'tab', type: 'tab', label: 'test' },
    {
      ...{ id: 'stores', type: 'ysh-stores', name: '', folder: '', s3Bucket: 'files', s3Prefix: 'red' },
      ...{ s3Region: 'us-east-1', s3Endpoint: endpoint },
    },
    ...chain('queue', { source: 'queue', queueUrl }),
    ...chain('push', { source: 'push', path: 'docs', secretHeader: 'X-Api-Key', topicArn }),
    ...chain('folder', { source: 'folder', folder: 'inbox', settleSeconds: 0.3, pollSeconds: 0.2 }),
    { id: 'catch', type: 'catch', ...at, scope: null, uncaught: false, wires: [['caught']] },
    {
      ...{ id: 'caught', type: 'function', ...at, outputs: 0, wires: [] },
      func: "node.warn('caught ' + msg.error.code + ' ' + msg.error.source.id)",
    },
  ]
}
const topicArn = 'arn:aws:sns:us-east-1:000000000000:docs'
const keys = { accessKeyId: anybody.accessKeyId, secretAccessKey: anybody.secretAccessKey }
const credentials = {
  stores: { s3AccessKeyId: keys.accessKeyId, s3SecretAccessKey: keys.secretAccessKey },
  ...Object.fromEntries(
    ['queue', 'push', 'folder'].map((name) => [name, { ...keys, ...(name === 'push' ? { secret } : {}) }]),
  ),
  ...Object.fromEntries(['queue', 'push', 'folder'].map((name) => [`${name}-archive`, keys])),
}

describe('events and archive in Node-RED, with an emulator of S3 and SQS', { timeout: 240_000 }, () => {
  let aws: Awaited<ReturnType<typeof startAws>>
  let s3: S3Client
  let red: NodeRed
  let userDir = ''
  let nodes: FlowNode[] = []
  before(async () => {
    aws = await startAws()
    for (const bucket of ['docs', 'files', 'cold']) aws.createBucket(bucket)
    const { queueUrl } = aws.createQueue('events')
    s3 = new S3Client({ endpoint: aws.endpoint, region: 'us-east-1', forcePathStyle: true, credentials: keys })
    userDir = newUserDir()
    nodes = flows(aws.endpoint, queueUrl)
    red = await startNodeRed({ flows: nodes, credentials, userDir })
  })
  after(async () => {
    await red?.dispose()
    s3?.destroy()
    await aws?.stop()
    await rm(userDir, { recursive: true, force: true })
  })

  const put = (Key: string, Body: Buffer) => s3.send(new PutObjectCommand({ Bucket: 'docs', Key, Body }))
  const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
  const has = async (Bucket: string, Key: string) => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }))
    return Buffer.from((await Body?.transformToByteArray()) ?? [])
  }
  const notification = (key: string, bucket = 'docs', sequencer = '01') =>
    JSON.stringify({
      Records: [
        {
          ...{ eventVersion: '2.1', eventSource: 'aws:s3', awsRegion: 'us-east-1', eventTime: '2026-10-01T10:00:00Z' },
          ...{ eventName: 'ObjectCreated:Put', s3: { bucket: { name: bucket }, object: { key, size: 9, sequencer } } },
        },
      ],
    })
  const bridged = (key: string) =>
    JSON.stringify({
      ...{ source: 'aws.s3', 'detail-type': 'Object Created', time: '2026-10-01T10:00:00Z' },
      detail: { bucket: { name: 'docs' }, object: { key, size: 9, etag: 'e', sequencer: '02' } },
    })
  const count = (pattern: RegExp) => red.output().match(new RegExp(pattern, 'g'))?.length ?? 0

  test('an event of the queue: one run, the object in the object store, then in the archive', async () => {
    const pdf = tinyPdf('Ficha tecnica')
    await put('in/Ficha técnica+1.pdf', pdf)
    const message = notification('in/Ficha+t%C3%A9cnica%2B1.pdf')
    for (let time = 0; time < 3; time += 1) aws.sendMessage('events', message)
    await red.line(/\[debug:queue-done\]/)
    const key = artifactKey(hash(pdf))
    assert.match(
      red.output(),
      new RegExp(`queue \\{.*"key":"in/Ficha técnica\\+1.pdf".*"text":"Ficha técnica\\+1.pdf","artifact":"${key}"`),
    )
    assert.deepEqual(await has('files', `red/${key}`), pdf)
    assert.deepEqual(await has('cold', `archive/${key}`), pdf)
    aws.sendMessage('events', notification('in/2.pdf'))
    await put('in/2.pdf', tinyPdf('second'))
    await red.line(/queue \{.*in\/2.pdf/)
    assert.equal(count(/queue \{.*Ficha/), 1, 'the same event three times is one run')
  })

  test('what is no event, and another bucket, are set aside; a deleted object is an error that Catch gets', async () => {
    aws.sendMessage('events', 'hello')
    aws.sendMessage('events', notification('x.pdf', 'foreign'))
    aws.sendMessage('events', notification('deleted.pdf'))
    await red.line(/caught OBJECT_NOT_FOUND queue/)
    await red.line(/set aside: EVENT_INVALID/)
    await red.line(/set aside: EVENT_BUCKET/)
    const { messages } = aws.inspectQueue('events') ?? assert.fail('no queue')
    assert.deepEqual([messages.ready.length, messages.inflight.length], [0, 0])
  })

  test('pushed: only with the secret, and once', async () => {
    const post = (body: string, headers: Record<string, string>, path = 'docs') =>
      fetch(`${red.url}/ysh-s3-event/${path}`, { method: 'POST', body, headers, signal: AbortSignal.timeout(30_000) })
    await put('pushed.pdf', tinyPdf('pushed'))
    const right = { 'x-api-key': secret, 'content-type': 'application/json' }
    const statuses = []
    for (const [body, headers, path] of [
      [bridged('pushed.pdf'), right, 'docs'],
      [bridged('pushed.pdf'), right, 'docs'],
      [bridged('pushed.pdf'), { ...right, 'x-api-key': 'wrong' }, 'docs'],
      [bridged('pushed.pdf'), {}, 'docs'],
      [bridged('pushed.pdf'), right, 'nobody'],
      ['{"Type":"Notification"}', { 'x-amz-sns-message-type': 'Notification' }, 'docs'],
      ['x'.repeat(600_000), { ...right, 'content-type': 'text/plain' }, 'docs'],
      [JSON.stringify({ a: 'x'.repeat(600_000) }), right, 'docs'],
    ] as const) {
      statuses.push((await post(body, headers, path)).status)
    }
    assert.deepEqual(statuses, [200, 200, 403, 403, 404, 400, 413, 413])
    await red.line(/\[debug:push-done\]/)
    assert.equal(count(/push \{.*pushed.pdf/), 1)
  })

  test('a folder: new files, after a restart also what came meanwhile, each once', async () => {
    const inbox = join(userDir, 'inbox')
    mkdirSync(inbox, { recursive: true })
    writeFileSync(join(inbox, 'um.pdf'), tinyPdf('um'))
    await red.line(/\[debug:folder-done\]/)
    assert.match(red.output(), /folder \{.*"bucket":"","key":"um.pdf".*"source":"um.pdf"/)
    await red.stop()
    writeFileSync(join(inbox, 'dois.pdf'), tinyPdf('dois'))
    writeFileSync(join(inbox, 'copia de um.pdf'), tinyPdf('um'))
    red = await startNodeRed({ flows: nodes, credentials, userDir })
    await red.line(/folder \{.*"key":"dois.pdf"/)
    await red.line(/\[debug:folder-done\]/)
    assert.equal(count(/folder \{.*um.pdf/), 0, 'the same content under another name is the same file')
  })

  test('no secret is written anywhere; refused messages and the incident are in the tables', async () => {
    await red.stop()
    assert.doesNotMatch(red.output(), new RegExp(`${secret}|${keys.secretAccessKey}`))
    const stores = await openStores({ folder: join(userDir, 'ysh-data') })
    try {
      const { rows } = await stores.postgres.query('select code, body, times from pipeline.refused_event order by code')
      assert.deepEqual(
        rows.map(({ code, times }) => [code, times]),
        [
          ['EVENT_BUCKET', 1],
          ['EVENT_INVALID', 1],
        ],
      )
      const incidents = await stores.postgres.query("select what from pipeline.incident where key = 'events queue'")
      assert.equal(incidents.rows.length, 1)
      const archived = await stores.postgres.query('select class, source from pipeline.archived order by source')
      assert.ok(archived.rows.some(({ source }) => source === 's3://docs/pushed.pdf'))
      const watched = await stores.postgres.query('select path from pipeline.watched_file order by path')
      assert.deepEqual(
        watched.rows.map(({ path }) => path),
        ['copia de um.pdf', 'dois.pdf', 'um.pdf'],
      )
    } finally {
      await stores.close()
    }
  })
})
