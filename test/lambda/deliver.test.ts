import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { deliverHandler } from '../../lambda/deliver.ts'
import { executionName } from '../../lambda/executions.ts'
import { stepHandler } from '../../lambda/step.ts'
import { canonicalFile } from '../../lib/portable/canonical.ts'
import { compile } from '../../lib/portable/plan/compile.ts'
import { emitStepFunctions } from '../../lib/portable/step-functions/emit.ts'
import { runId } from '../../lib/runs/identity.ts'
import { enqueueOutbox } from '../../lib/runs/outbox.ts'
import { type OpenStores, openStores } from '../../lib/stores/open.ts'
import { anybody } from '../helpers/fauxqs.ts'
import { type PostgresServer, startPostgres } from '../helpers/postgres-server.ts'
import { runMachine } from '../portable/asl.ts'
import { testFolder } from '../portable/engine.ts'
import { type StepFunctionsDouble, startStepFunctions } from './step-functions-double.ts'

const node = (id: string, type: string, wires: string[][], settings: object = {}) => ({
  ...{ id, type, z: 'tab', name: id, wires },
  ...settings,
})
const context = { awsRequestId: 'x', getRemainingTimeInMillis: () => 55_000 }
const machine = 'arn:aws:states:us-east-1:000000000000:stateMachine:ysh-test-alerts'

describe('index.deliver: the outbox in a function', () => {
  const { folder, remove } = testFolder()
  const keys = { AWS_ACCESS_KEY_ID: anybody.accessKeyId, AWS_SECRET_ACCESS_KEY: anybody.secretAccessKey }
  const before_ = Object.fromEntries(Object.keys(keys).map((name) => [name, process.env[name]]))
  let server: PostgresServer
  let stores: OpenStores
  let aws: StepFunctionsDouble
  let hook: Server
  const heard: string[] = []
  let made: ReturnType<typeof compile>
  let env: Record<string, string>
  let deliver: ReturnType<typeof deliverHandler>
  const logged: string[] = []

  before(async () => {
    Object.assign(process.env, keys)
    server = await startPostgres()
    aws = await startStepFunctions()
    hook = createServer((request, response) => {
      request.resume().on('end', () => {
        heard.push(request.url ?? '')
        response.end()
      })
    })
    await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve))
    const address = hook.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    made = compile([
      { id: 'tab', type: 'tab' },
      { id: 'stores', type: 'ysh-stores', folder: '/tmp/never', allowAddresses: '127.0.0.1' },
      node('alerts', 'ysh-alerts', [['tell']], { stores: 'stores' }),
      node('tell', 'ysh-notify', [['end']], { webhooks: `http://127.0.0.1:${port}/told`, stores: 'stores' }),
      node('end', 'ysh-run-end', [[], []], { stores: 'stores' }),
    ])
    assert.ok(made.plan, JSON.stringify(made.diagnostics))
    const plans = join(folder, 'plans')
    mkdirSync(plans)
    writeFileSync(join(plans, 'flow.json'), canonicalFile(made.plan))
    env = {
      ...{ YSH_POSTGRES: server.url, YSH_FOLDER: join(folder, 'data') },
      YSH_STATE_MACHINES: JSON.stringify({ alerts: machine }),
    }
    deliver = deliverHandler({
      ...{ env, product: 'test/1', plans, endpoint: aws.url },
      write: (line) => logged.push(line),
    })
    await deliver(undefined, context) // makes the tables
    stores = await openStores({ folder: join(folder, 'data'), postgres: { url: server.url } })
  })
  after(async () => {
    for (const [name, value] of Object.entries(before_)) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
    await deliver.close()
    await stores.close()
    await aws.close()
    hook.closeAllConnections()
    hook.close()
    await server.stop()
    remove()
  })

  const enqueue = (key: string) =>
    stores.postgres.transaction((tx) => enqueueOutbox(tx, { key, topic: 'alert', payload: { event: 'opened', key } }))
  const delivered = async (key: string) => {
    const { rows } = await stores.postgres.query<{ done: boolean }>(
      'select delivered_at is not null as done from pipeline.outbox where key = $1',
      [key],
    )
    return rows[0]?.done
  }

  test('an alert starts one execution, by whose steps a notice goes out with the next call', async () => {
    await enqueue('alert 1')
    await deliver({}, context)
    assert.equal(await delivered('alert 1'), true, logged.join('\n'))
    const [first, ...others] = aws.started
    assert.deepEqual(others, [])
    assert.deepEqual([first?.machine, first?.name], [machine, executionName('alert 1')])

    assert.ok(made.plan)
    const definition = emitStepFunctions(made.plan).machines.alerts
    assert.ok(definition)
    const step = stepHandler({ ...{ env, product: 'test/1', plans: join(folder, 'plans') }, write: () => undefined })
    const run = await runMachine(definition, first?.input, (call) => step(call, context))
    await step.close()
    assert.equal(run.outcome, 'done', run.error)
    const { rows } = await stores.postgres.query<{ state: string; trigger: string }>(
      'select state, trigger from pipeline.run where id = $1',
      [runId('alerts', 'alert 1')],
    )
    assert.deepEqual(rows, [{ state: 'done', trigger: 'event' }])
    assert.deepEqual(heard, [])
    await deliver({}, context)
    assert.deepEqual(heard, ['/told'])
    await deliver({}, context)
    assert.deepEqual([heard.length, aws.started.length], [1, 1])
  })

  test('an answer that was lost: the second try finds the execution there, and that is success', async () => {
    aws.loseAnswer()
    await enqueue('alert 2')
    await deliver({}, context)
    // the SDK asks a second time by itself
    assert.equal(await delivered('alert 2'), true, logged.join('\n'))
    assert.equal(aws.started.filter(({ name }) => name === executionName('alert 2')).length, 1)
    assert.equal(aws.again(), 1)
  })

  test('a pipeline whose state machine nobody named: the alert stays, and the log says why', async () => {
    const lost = deliverHandler({
      ...{ env: { ...env, YSH_STATE_MACHINES: '{}' }, product: 'test/1', plans: join(folder, 'plans') },
      ...{ endpoint: aws.url, write: (line: string) => logged.push(line) },
    })
    await enqueue('alert 3')
    await lost({}, context)
    await lost.close()
    assert.equal(await delivered('alert 3'), false)
    assert.ok(logged.some((line) => line.includes('YSH_STATE_MACHINES')), logged.join('\n'))
  })
})
