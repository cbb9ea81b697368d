import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { stepHandler } from '../../lambda/step.ts'
import { isRecord, recordsOf } from '../../lib/flow-check/node.ts'
import { canonicalFile } from '../../lib/portable/canonical.ts'
import { compile } from '../../lib/portable/plan/compile.ts'
import { type Lists, openLists } from '../../lib/portable/runtime/lists.ts'
import { secretVariable } from '../../lib/portable/runtime/settings.ts'
import { emitStepFunctions } from '../../lib/portable/step-functions/emit.ts'
import { runId } from '../../lib/runs/identity.ts'
import { openStores } from '../../lib/stores/open.ts'
import { anybody, startAws } from '../helpers/fauxqs.ts'
import { type PostgresServer, startPostgres } from '../helpers/postgres-server.ts'
import { rejectsWith } from '../helpers/rejects.ts'
import { runMachine } from './asl.ts'
import { scriptedSteps } from './cases.ts'
import { scriptedEntries, testFolder } from './engine.ts'

const never = new AbortController().signal
const node = (id: string, type: string, wires: string[][], settings: object = {}) => ({
  ...{ id, type, z: 'tab', name: id, wires },
  ...settings,
})
const list = Array.from({ length: 1_000 }, (_, at) => `n${String(at).padStart(4, '0')}`)
const large = 'x'.repeat(60_000)
const flow = [
  { id: 'tab', type: 'tab' },
  { id: 'stores', type: 'ysh-stores', folder: '/tmp/never', s3Bucket: 'objects', s3Endpoint: `$${'{'}S3_ENDPOINT}` },
  node('run', 'ysh-run', [['each']], { payload: '{"list":[]}' }),
  node('each', 'ysh-each', [['which'], ['end']], {
    ...{ listAt: 'list', window: 20, stores: 'stores', info: 'items: 1000' },
  }),
  // Calls of the function take their time: most items end without one.
  node('which', 'switch', [['a'], ['a'], ['join']], {
    ...{ property: 'payload', propertyType: 'msg', checkall: 'false' },
    rules: [{ t: 'eq', v: 'n0500', vt: 'str' }, { t: 'eq', v: 'n0007', vt: 'str' }, { t: 'else' }],
  }),
  node('a', 'ysh-scripted', [['join'], ['join']], { stores: 'stores' }),
  node('caught', 'catch', [['join']], { scope: ['a'] }),
  node('join', 'ysh-join', [['end']], { stores: 'stores' }),
  node('end', 'ysh-run-end', [[], []], { tolerance: '1', stores: 'stores' }),
]

describe('distributed maps, by the function, an S3 and the local executor', () => {
  const { folder, remove } = testFolder()
  let server: PostgresServer
  let aws: Awaited<ReturnType<typeof startAws>>
  let s3: S3Client
  before(async () => {
    server = await startPostgres()
    aws = await startAws()
    const { accessKeyId, secretAccessKey, region } = anybody
    const credentials = { accessKeyId, secretAccessKey }
    s3 = new S3Client({ endpoint: aws.endpoint, region, forcePathStyle: true, credentials })
    for (const Bucket of ['objects', 'results']) await s3.send(new CreateBucketCommand({ Bucket }))
  })
  after(async () => {
    s3.destroy()
    await aws.stop()
    await server.stop()
    remove()
  })

  test('1,000 items: read from the bucket, joined in the order of the list, one failed', async () => {
    const { plan, diagnostics } = compile(flow, { steps: scriptedSteps })
    assert.ok(plan, JSON.stringify(diagnostics))
    const machine = emitStepFunctions(plan).machines.run
    assert.ok(machine)
    writeFileSync(join(folder, 'flow.json'), canonicalFile(plan))
    const handler = stepHandler({
      ...{ product: 'test/1', plans: folder, write: () => undefined },
      env: {
        ...{ YSH_POSTGRES: server.url, YSH_FOLDER: join(folder, 'data'), S3_ENDPOINT: aws.endpoint },
        ...{ YSH_RESULTS: 's3://results/maps', [secretVariable('stores', 's3AccessKeyId')]: anybody.accessKeyId },
        [secretVariable('stores', 's3SecretAccessKey')]: anybody.secretAccessKey,
      },
      entries: scriptedEntries({
        a: { n0500: [{ error: 'permanent' }], n0007: [{ output: { large } }], '*': [{}] },
      }),
    })
    let sent = 0
    const context = { awsRequestId: 'x', getRemainingTimeInMillis: () => 60_000 }
    const run = await runMachine(
      machine,
      { slot: 'one', message: { payload: { list } } },
      async (call) => {
        sent = Math.max(sent, JSON.stringify(call).length)
        return handler(call, context)
      },
      s3,
    )
    await handler.close()
    assert.equal(run.outcome, 'done', run.error)
    assert.ok(sent < 262_144, `a call of ${sent} bytes`)
    const stores = await openStores({ folder: join(folder, 'data'), postgres: { url: server.url } })
    try {
      const id = runId('run', 'one')
      const { rows } = await stores.postgres.query<{ state: string; summary: Record<string, unknown> }>(
        'select state, summary from pipeline.run where id = $1',
        [id],
      )
      assert.deepEqual(
        rows.map(({ state, summary: { done, failed } }) => [state, done, failed]),
        [['done', 999, 1]],
      )
      const items = await stores.postgres.query<{ items: number; failed: string[] }>(
        `select count(*)::int items, array_agg(item) filter (where state = 'failed') failed
         from pipeline.step where run_id = $1 and node = 'each' and item <> ''`,
        [id],
      )
      assert.deepEqual(items.rows, [{ items: 1_000, failed: ['n0500'] }])
    } finally {
      await stores.close()
    }
  })

  describe('what the state machine wrote', () => {
    let lists: Lists
    before(async () => {
      const { accessKeyId, secretAccessKey } = anybody
      lists = await openLists({ bucket: 'results', endpoint: aws.endpoint, accessKeyId, secretAccessKey })
    })
    after(() => lists.close())
    const put = (Key: string, value: unknown) =>
      s3.send(new PutObjectCommand({ Bucket: 'results', Key, Body: JSON.stringify(value) }))
    const of = { run: 'r', item: '', map: 'each' }
    const items = ['a', 'b', 'c'].map((item) => ({ run: { item, each: ['each'] }, message: { payload: item } }))

    test('an execution that failed and one without a result are items that failed', async () => {
      const place = await lists.write(of, items, never)
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: place.bucket, Key: place.key }))
      assert.deepEqual(JSON.parse((await Body?.transformToString()) ?? ''), items)
      const input = (item: string) => JSON.stringify({ run: { item }, message: {} })
      await put('m/FAILED_0.json', [
        { Input: input('b'), Status: 'FAILED', Error: 'States.DataLimitExceeded', Cause: 'too much' },
      ])
      const output = JSON.stringify({ run: { item: 'a' }, error: null, message: { payload: 1 } })
      await put('m/SUCCEEDED_0.json', [{ Input: input('a'), Output: output, Status: 'SUCCEEDED' }])
      const files = { SUCCEEDED: [{ Key: 'm/SUCCEEDED_0.json' }], FAILED: [{ Key: 'm/FAILED_0.json' }], PENDING: [] }
      await put('m/manifest.json', { DestinationBucket: 'results', ResultFiles: files })
      const written = { MapRunArn: 'arn', ResultWriterDetails: { Bucket: 'results', Key: 'm/manifest.json' } }
      const [a, b, c] = recordsOf(await lists.ends(place, written, never))
      assert.deepEqual(a, JSON.parse(output))
      assert.deepEqual(b?.caught, { Error: 'States.DataLimitExceeded', Cause: 'too much' })
      assert.ok(isRecord(c?.caught) && isRecord(c.run))
      assert.deepEqual([c.run.item, c.caught.Error], ['c', 'MapItemLost'])
    })

    test('what is no result, and another bucket, are refused', async () => {
      const place = await lists.write(of, items, never)
      await rejectsWith(lists.ends(place, [{ run: {} }], never), 'EACH_RESULTS')
      const elsewhere = { ResultWriterDetails: { Bucket: 'objects', Key: 'm/manifest.json' } }
      await rejectsWith(lists.ends(place, elsewhere, never), 'EACH_RESULTS')
      await rejectsWith(lists.ends({ ...place, bucket: 'objects' }, elsewhere, never), 'EACH_RESULTS')
    })
  })
})
