import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { stepHandler } from '../../lambda/step.ts'
import { isRecord } from '../../lib/flow-check/node.ts'
import type { State } from '../../lib/portable/call.ts'
import { canonicalFile } from '../../lib/portable/canonical.ts'
import { compile } from '../../lib/portable/plan/compile.ts'
import { emitStepFunctions } from '../../lib/portable/step-functions/emit.ts'
import { runId } from '../../lib/runs/identity.ts'
import { openStores } from '../../lib/stores/open.ts'
import { anybody, startAws } from '../helpers/fauxqs.ts'
import { type PostgresServer, startPostgres } from '../helpers/postgres-server.ts'
import { tinyPdf } from '../helpers/tiny-pdf.ts'
import { runMachine } from '../portable/asl.ts'
import { testFolder } from '../portable/engine.ts'

const node = (id: string, type: string, wires: string[][], settings: object = {}) => ({
  ...{ id, type, z: 'tab', name: id, wires },
  ...settings,
})
const bare = [
  { id: 'tab', type: 'tab' },
  { id: 'stores', type: 'ysh-stores', folder: '/tmp/never' },
]
const set = (to: string) => ({ rules: [{ t: 'set', p: 'payload', pt: 'msg', to, tot: 'jsonata' }] })

describe('whole machines, with the function of the steps', () => {
  const { folder, remove } = testFolder()
  let server: PostgresServer
  let aws: Awaited<ReturnType<typeof startAws>>
  before(async () => {
    server = await startPostgres()
    aws = await startAws()
  })
  after(async () => {
    await aws.stop()
    await server.stop()
    remove()
  })

  /** Compiles a flow, and runs its machine; answers what the function answered, by unit. */
  async function run(name: string, flow: object[], input: (files: Readonly<Record<string, string>>) => object) {
    const { plan, diagnostics } = compile([...bare, ...flow.map((one) => ({ id: '', type: '', ...one }))])
    const [pipeline] = plan?.pipelines ?? []
    assert.ok(plan && pipeline, JSON.stringify(diagnostics))
    const plans = join(folder, name)
    mkdirSync(plans)
    writeFileSync(join(plans, 'flow.json'), canonicalFile(plan))
    const { machines, files } = emitStepFunctions(plan)
    const machine = machines[pipeline.id]
    assert.ok(machine)
    const handler = stepHandler({
      ...{ product: 'test/1', plans, write: () => undefined },
      env: {
        ...{ YSH_POSTGRES: server.url, YSH_FOLDER: join(folder, 'data'), S3_ENDPOINT: aws.endpoint },
        ...{ YSH_SECRET_NEW_ACCESS_KEY_ID: anybody.accessKeyId, YSH_SECRET_NEW_SECRET_ACCESS_KEY: anybody.secretAccessKey },
      },
    })
    const answers: Record<string, State> = {}
    const context = { awsRequestId: 'x', getRemainingTimeInMillis: () => 60_000 }
    const ended = await runMachine(machine, input(files), async (call) => {
      assert.ok(JSON.stringify(call).length < 100_000, 'what travels stays small')
      const answer = await handler(call, context)
      answers[call.units.join()] = answer
      return answer
    })
    await handler.close()
    assert.equal(ended.outcome, 'done', ended.error)
    return { answers, pipeline }
  }

  test('a payload above 100 KB lies in the object store, and a choice reads what it looks at all the same', async () => {
    const flow = [
      node('big', 'ysh-run', [['make']], { payload: '{}' }),
      node('make', 'change', [['which']], set('{"kind": "large", "nested": {"n": 7}, "text": $pad("", 150000, "x")}')),
      node('which', 'switch', [['deeper'], ['wrong']], {
        ...{ property: 'payload.kind', propertyType: 'msg', checkall: 'false' },
        rules: [{ t: 'eq', v: 'large', vt: 'str' }, { t: 'else' }],
      }),
      node('deeper', 'switch', [['count'], ['wrong']], {
        ...{ property: 'payload.nested.n', propertyType: 'msg', checkall: 'false' },
        rules: [{ t: 'gt', v: '5', vt: 'num' }, { t: 'else' }],
      }),
      node('count', 'change', [['end']], set('{"characters": $length(payload.text)}')),
      node('wrong', 'change', [['end']], set('{"wrong": true}')),
      node('end', 'ysh-run-end', [[], []], { stores: 'stores' }),
    ]
    const { answers } = await run('large', flow, () => ({ slot: 'large', message: { payload: {} } }))
    const made = answers.make?.message.payload
    assert.ok(isRecord(made))
    const { $stored, ...seen } = made
    assert.ok(isRecord($stored))
    assert.deepEqual(seen, { kind: 'large', nested: { n: 7 } })
    assert.deepEqual(answers.count?.message.payload, { characters: 150_000 })
  })

  test('an object in a bucket: its event passes the rule, starts the machine, and the step takes the object', async () => {
    const { accessKeyId, secretAccessKey, region } = anybody
    const credentials = { accessKeyId, secretAccessKey }
    const s3 = new S3Client({ endpoint: aws.endpoint, region, forcePathStyle: true, credentials })
    const file = tinyPdf('Norma tecnica')
    const Key = 'normas/a norma.pdf'
    await s3.send(new CreateBucketCommand({ Bucket: 'docs' }))
    const { ETag = '' } = await s3.send(new PutObjectCommand({ Bucket: 'docs', Key, Body: file }))
    s3.destroy()
    // As in the guide of S3, "EventBridge event message structure".
    const event = {
      ...{ version: '0', id: '17793124-05d4-b198-2fde-7ededc63b103', 'detail-type': 'Object Created', source: 'aws.s3' },
      ...{ account: '111122223333', time: '2026-11-12T00:00:00Z', region: 'us-east-1', resources: ['arn:aws:s3:::docs'] },
      detail: {
        ...{ version: '0', bucket: { name: 'docs' }, 'request-id': 'N4N7GDK58NMKJ12R', requester: '123456789012' },
        object: { key: Key, size: file.length, etag: ETag.replaceAll('"', ''), sequencer: '00617F08299329D189' },
        ...{ 'source-ip-address': '192.0.2.3', reason: 'PutObject' },
      },
    }
    const flow = [
      node('new', 'ysh-s3-event', [['end']], {
        ...{ source: 'queue', buckets: ['docs'], prefix: 'normas/', suffix: '.pdf', events: 'created', copy: true },
        ...{ region: 'us-east-1', endpoint: `$${'{'}S3_ENDPOINT}`, stores: 'stores' },
      }),
      node('end', 'ysh-run-end', [[], []], { stores: 'stores' }),
    ]
    const { answers, pipeline } = await run('event', flow, (files) => {
      const rule = JSON.parse(files['new.rule.json'] ?? '')
      assert.deepEqual(rule.EventPattern, {
        ...{ source: ['aws.s3'], 'detail-type': ['Object Created'] },
        detail: { bucket: { name: ['docs'] }, object: { key: [{ wildcard: 'normas/*.pdf' }] } },
      })
      const template: string = rule.Target.InputTransformer.InputTemplate
      return JSON.parse(template.replace('<aws.events.event.json>', JSON.stringify(event)))
    })
    const taken = answers.new?.message.payload
    assert.ok(isRecord(taken))
    const sha256 = createHash('sha256').update(file).digest('hex')
    assert.deepEqual([taken.sha256, taken.source, taken.text], [sha256, `s3://docs/${Key}`, 'a norma.pdf'])
    const stores = await openStores({ folder: join(folder, 'data'), postgres: { url: server.url } })
    try {
      assert.equal((await stores.objects.head(String(taken.artifact)))?.bytes, file.length)
      const slot = answers.new?.run?.slot ?? ''
      const { rows } = await stores.postgres.query<{ state: string; trigger: string }>(
        'select state, trigger from pipeline.run where id = $1',
        [runId(pipeline.id, slot)],
      )
      assert.deepEqual(rows, [{ state: 'done', trigger: 'event' }])
    } finally {
      await stores.close()
    }
  })
})
