import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { main } from '../../../lib/cli/main.ts'
import type { FlowNode } from '../../../lib/flow-check/node.ts'
import { compile } from '../../../lib/portable/plan/compile.ts'
import type { Plan } from '../../../lib/portable/plan/schema.ts'
import { openWorker, type WorkerOptions } from '../../../lib/portable/queue/worker.ts'
import { alertMigrations } from '../../../lib/runs/alert-migrations.ts'
import { runId } from '../../../lib/runs/identity.ts'
import { raiseIncident } from '../../../lib/runs/incidents.ts'
import { startRun } from '../../../lib/runs/lifecycle.ts'
import { runMigrations } from '../../../lib/runs/migrations.ts'
import { noteWaiting } from '../../../lib/steps/enrich/late/waiting.ts'
import { enrichMigrations } from '../../../lib/steps/enrich/migrations.ts'
import { openPostgres, type PostgresStore } from '../../../lib/stores/postgres/index.ts'
import { migrate } from '../../../lib/stores/postgres/migrate.ts'
import { type PostgresServer, startPostgres } from '../../helpers/postgres-server.ts'
import { startOllamaDouble } from '../../ollama/double.ts'
import { scriptedSteps } from '../cases.ts'
import { quiet, scriptedEntries, testFolder } from '../engine.ts'

const node = (id: string, type: string, wires: string[][], settings: object = {}): FlowNode => ({
  ...{ id, type, z: 'tab', name: id, wires },
  ...settings,
})
const tab = { id: 'tab', type: 'tab' }
const never = new AbortController().signal

function planOf(...nodes: FlowNode[]): Plan {
  const { plan, diagnostics } = compile([tab, ...nodes], { steps: scriptedSteps })
  assert.ok(plan, JSON.stringify(diagnostics))
  return plan
}

describe('a worker of the queue', () => {
  const { folder, remove } = testFolder()
  let server: PostgresServer
  let store: PostgresStore
  let env: Record<string, string>
  before(async () => {
    server = await startPostgres()
    env = { YSH_POSTGRES: server.url, YSH_FOLDER: join(folder, 'data') }
    store = await openPostgres({ kind: 'server', url: server.url })
    await migrate(store, [...runMigrations, ...alertMigrations, ...enrichMigrations])
  })
  after(async () => {
    await store.close()
    await server.stop()
    remove()
  })

  const options = (plans: Plan[], rest: Partial<WorkerOptions> = {}): WorkerOptions => ({
    ...{ plans, env, log: quiet, product: 'test/1', concurrency: 2, graceMs: 5_000 },
    pace: { heartbeatSeconds: 60, monitorSeconds: 30, pollSeconds: 0.5 },
    ...rest,
  })
  const runs = async (flow: string) => {
    const { rows } = await store.query<{ slot: string; state: string; began: Date; finished_at: Date }>(
      'select slot, state, claimed_at as began, finished_at from pipeline.run where flow = $1 order by slot',
      [flow],
    )
    return rows
  }
  async function until(what: string, is: () => Promise<boolean>) {
    for (let looks = 0; !(await is()); looks++) {
      assert.ok(looks < 600, what)
      await sleep(100)
    }
  }
  async function cli(...args: string[]) {
    const out: string[] = []
    const err: string[] = []
    const put = (lines: string[]) => (text: string) => void lines.push(text)
    const code = await main(args, { env, out: put(out), err: put(err) })
    return { code, out: out.join('\n'), err: err.join('\n') }
  }

  test('run --queue, then worker --once: the steps are done, what they tell is delivered, alerts and late work have their runs', async () => {
    const got: { url: string; body: string }[] = []
    const hooks = createServer((request, response) => {
      let body = ''
      request.on('data', (part) => {
        body += String(part)
      })
      request.on('end', () => {
        got.push({ url: request.url ?? '', body })
        response.end()
      })
    }).listen(0, '127.0.0.1')
    await once(hooks, 'listening')
    const address = hooks.address()
    const at = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
    const ollama = await startOllamaDouble({ models: [{ name: 'm:1' }] })
    const file = join(folder, 'flow.json')
    await writeFile(
      file,
      JSON.stringify([
        tab,
        { id: 'stores', type: 'ysh-stores', name: '', allowAddresses: '127.0.0.1' },
        { id: 'llm', type: 'ysh-ollama', name: '', url: ollama.url },
        node('run', 'ysh-run', [['tell']], { payload: '{"subject":"S","text":"T"}', stores: 'stores' }),
        node('tell', 'ysh-notify', [['end']], { webhooks: [`${at}/run`], stores: 'stores' }),
        node('alerts', 'ysh-alerts', [['warn']], { language: 'en-US', content: 'text', stores: 'stores' }),
        node('warn', 'ysh-notify', [['end']], { webhooks: [`${at}/alert`], stores: 'stores' }),
        node('by-hand', 'ysh-run', [['enrich']], { stores: 'stores' }),
        node('enrich', 'ysh-ollama-enrich', [['end'], ['end']], { ollama: 'llm', model: 'm:1', stores: 'stores' }),
        node('end', 'ysh-run-end', [[], []], { stores: 'stores' }),
      ]),
    )
    const queued = await cli('run', file, '--queue', '--pipeline', 'run', '--slot', 'one')
    assert.equal(queued.code, 0, queued.err)
    assert.match(queued.out, /^run: on the queue ysh\/[0-9a-f]{32} \(slot one\)$/)
    await store.transaction(async (tx) => {
      const error = { code: 'HTTP_503', message: 'away' }
      await raiseIncident(tx, {
        ...{ key: 'k', kind: 'custom', what: 'the portal', item: 'x', served: null, at: new Date(), flapMinutes: 30 },
        error,
      })
      const now = new Date(Date.now() - 60_000)
      await noteWaiting(tx, { node: 'enrich', input: { text: 'Uma tarifa.' }, reason: 'away', now })
    })
    const worked = await cli('worker', file, '--once')
    hooks.close()
    await ollama.stop()
    assert.equal(worked.code, 0, worked.err)
    assert.deepEqual(got.map(({ url }) => url).sort(), ['/alert', '/run'], worked.err)
    // the payload is the text, in the language of ysh-alerts; the alert itself would come in that of ysh-notify, with data
    const told = got.find(({ url }) => url === '/alert')?.body ?? ''
    assert.match(told, /Incident: the portal/)
    assert.doesNotMatch(told, /"affected"|pt-BR/)
    for (const flow of ['run', 'alerts', 'enrich/late']) {
      assert.deepEqual(
        (await runs(flow)).map(({ state }) => state),
        ['done'],
        `${flow}\n${worked.err}`,
      )
    }
    // The same slot again: it is the same run.
    assert.equal((await cli('run', file, '--queue', '--pipeline', 'run', '--slot', 'one')).code, 0)
    assert.equal((await cli('worker', file, '--once')).code, 0)
    assert.equal(got.length, 2)
  })

  test('deliver, each time a new process: it looks for a model that is away as seldom as the flow says', async () => {
    const ollama = await startOllamaDouble({ models: [] })
    const file = join(folder, 'away.json')
    await writeFile(
      file,
      JSON.stringify([
        tab,
        { id: 'stores', type: 'ysh-stores', name: '', allowAddresses: '127.0.0.1' },
        { id: 'llm', type: 'ysh-ollama', name: '', url: ollama.url },
        node('by-hand', 'ysh-run', [['away']], { stores: 'stores' }),
        node('away', 'ysh-ollama-enrich', [['end'], ['end']], {
          ...{ ollama: 'llm', model: 'm:1', stores: 'stores', lookSeconds: 3_600 },
        }),
        node('end', 'ysh-run-end', [[], []], { stores: 'stores' }),
      ]),
    )
    const now = new Date(Date.now() - 60_000)
    await store.transaction((tx) => noteWaiting(tx, { node: 'away', input: { text: 'x' }, reason: 'away', now }))
    const looks: number[] = []
    const look = async () => {
      const { code, err } = await cli('deliver', file)
      assert.equal(code, 0, err)
      looks.push(ollama.requests.length)
    }
    await look()
    await look()
    await store.query(`update pipeline.enrichment_look set looked_at = looked_at - interval '1 hour'`)
    await look()
    await ollama.stop()
    const [first = 0, second = 0, third = 0] = looks
    assert.ok(first > 0 && second === first && third > second, JSON.stringify(looks))
  })

  test('a schedule: what passed is made up for, each slot once though two workers keep it, one run after the other', async () => {
    const plan = planOf(
      node('cron', 'ysh-run', [['a']], { schedule: '0 5 * * *', catchUp: 'all', overlap: 'queue', payload: '{}' }),
      node('a', 'ysh-scripted', [['end'], ['end']]),
      node('end', 'ysh-run-end', [[], []]),
    )
    const day = 86_400_000
    const last = new Date(Date.now() - 3 * day).toISOString()
    await store.query(
      `insert into pipeline.schedule (flow, expression, time_zone, catch_up, last_slot)
       values ('cron', '0 5 * * *', 'America/Sao_Paulo', 'all', $1)`,
      [last],
    )
    const stop = new AbortController()
    const workers = await Promise.all([0, 1].map(() => openWorker(options([plan], { entries: scriptedEntries({}) }))))
    const working = workers.map((worker) => worker.run(stop.signal))
    await until('three runs', async () => (await runs('cron')).filter(({ state }) => state === 'done').length === 3)
    stop.abort()
    await Promise.all(working)
    await Promise.all(workers.map((worker) => worker.close()))
    const made = await runs('cron')
    assert.deepEqual(
      made.map(({ slot }) => slot.slice(10)),
      Array(3).fill('T08:00:00.000Z'),
    )
    const inOrder = made.toSorted((one, other) => Number(one.began) - Number(other.began))
    for (const [at, { began }] of inOrder.entries()) {
      const before = inOrder[at - 1]
      if (before !== undefined) assert.ok(before.finished_at <= began)
    }
  })

  test('a worker that is told to end gives back the job that it has no time for, and another does it', async () => {
    const plan = planOf(
      node('run', 'ysh-run', [['slow']]),
      node('slow', 'ysh-scripted', [['end'], ['end']]),
      node('end', 'ysh-run-end', [[], []]),
    )
    const given = options([plan], { graceMs: 0 })
    let begun = 0
    const first = await openWorker({
      ...given,
      entries: {
        'ysh-scripted':
          async () =>
          async ({ signal }) => {
            begun++
            await sleep(60_000, undefined, { signal }).catch(() => undefined)
            signal.throwIfAborted()
            throw new Error('nobody stopped it')
          },
      },
    })
    const on = join(folder, 'plan.json')
    await writeFile(on, JSON.stringify(plan))
    assert.equal((await cli('run', on, '--queue', '--slot', 'given back')).code, 0)
    await until('begun', async () => begun === 1)
    await first.close()
    const second = await openWorker({ ...given, entries: scriptedEntries({}) })
    await second.once(never)
    await second.close()
    const { rows } = await store.query<{ state: string; retries: number }>(
      `select state, (select max(retry_count) from pipeline_queue.job)::int as retries from pipeline.run where id = $1`,
      [runId('run', 'given back')],
    )
    assert.deepEqual(rows, [{ state: 'done', retries: 0 }])
  })

  test('a run whose jobs are gone is begun again, so that it holds up no other', async () => {
    const plan = planOf(
      node('alone', 'ysh-run', [['a']], { overlap: 'skip' }),
      node('a', 'ysh-scripted', [['end'], ['end']]),
      node('end', 'ysh-run-end', [[], []]),
    )
    const lost = { flow: 'alone', slot: 'lost', trigger: 'manual', input: {}, overlap: 'skip' } as const
    await startRun(store, lost, 'portable/new', true)
    await store.query(
      `update pipeline.run set owner = null, updated_at = updated_at - interval '1 hour' where slot = 'lost'`,
    )
    const stop = new AbortController()
    const worker = await openWorker(options([plan], { entries: scriptedEntries({}) }))
    const working = worker.run(stop.signal)
    await until('done', async () => (await runs('alone'))[0]?.state === 'done')
    stop.abort()
    await working
    await worker.close()
  })

  test('an embedded database is refused by its code', async () => {
    const file = join(folder, 'embedded.json')
    await writeFile(
      file,
      JSON.stringify([tab, node('run', 'ysh-run', [['end']]), node('end', 'ysh-run-end', [[], []])]),
    )
    const out: string[] = []
    const io = { env: { YSH_FOLDER: join(folder, 'embedded') }, out() {}, err: (text: string) => void out.push(text) }
    for (const command of ['worker', 'run']) {
      const args = command === 'run' ? ['--queue'] : []
      assert.equal(await main([command, file, ...args], io), 1)
      assert.match(out.at(-1) ?? '', /^QUEUE_EMBEDDED: .*YSH_POSTGRES/)
    }
  })
})
