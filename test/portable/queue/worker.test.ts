import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { main } from '../../../lib/cli/main.ts'
import type { FlowNode } from '../../../lib/flow-check/node.ts'
import { openProcessMetrics } from '../../../lib/metrics/process/open.ts'
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

  test('its metrics: by a scrape, and at the end as lines for CloudWatch', async () => {
    const file = join(folder, 'counted.json')
    await writeFile(
      file,
      JSON.stringify([
        tab,
        node('counted', 'ysh-run', [['notice']], { payload: '{"text":"T"}' }),
        node('notice', 'ysh-notify', [['over']], { webhooks: ['https://example.invalid/x'] }),
        node('over', 'ysh-run-end', [[], []]),
      ]),
    )
    assert.equal((await cli('run', file, '--queue', '--slot', 'one')).code, 0)
    const program = fileURLToPath(new URL('../../../cli.ts', import.meta.url))
    const child = spawn(process.execPath, [program, 'worker', file, '--metrics', '0', '--grace', '1'], {
      env: { ...process.env, ...env, YSH_CLOUDWATCH: 'emf', YSH_PIPELINE: 'of-a-test' },
    })
    let told = ''
    let lines = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      told += text
    })
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      lines += text
    })
    const ended = once(child, 'exit')
    try {
      await until('done', async () => {
        assert.equal(child.exitCode, null, told)
        return (await runs('counted')).some(({ state }) => state === 'done')
      })
      const url = /"url":"(http:\/\/127\.0\.0\.1:\d+\/metrics)"/.exec(told)?.[1] ?? ''
      let scraped = ''
      const value = (series: string) =>
        scraped
          .split('\n')
          .find((line) => line.startsWith(`${series} `))
          ?.split(' ')[1]
      // counted as soon as the database has answered, which we hear of no later
      await until('counted', async () => {
        scraped = await (await fetch(url)).text()
        return value('ysh_pipeline_runs_total{flow="counted",outcome="done"}') === '1'
      })
      assert.equal(value('ysh_pipeline_steps_total{step="notify",outcome="done"}'), '1')
      assert.equal(value('ysh_up{store="postgres"}'), '1')
      assert.notEqual(value('ysh_pipeline_queue_depth{queue="runs_running"}'), undefined)
      assert.notEqual(value('ysh_process_memory_rss_bytes{process="worker"}'), undefined)
      // somebody behind a proxy on this machine
      assert.equal((await fetch(url, { headers: { 'x-forwarded-for': '192.0.2.1' } })).status, 403)
    } finally {
      child.kill('SIGTERM')
    }
    assert.deepEqual(await ended, [0, null], told)
    const sent = lines.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]))
    const about = sent.find((one) => one['pipeline.runs.failed'] !== undefined)
    assert.equal(about?.Pipeline, 'of-a-test', lines)
    assert.deepEqual(about?._aws?.CloudWatchMetrics?.[0]?.Namespace, 'YSH/Pipeline')
    // the stores were about to be closed, and that is no outage
    assert.ok(!sent.some((one) => one['store.up'] === 0), lines)
  })

  test('metrics for others than this machine want a token, and a port is a port', async () => {
    const file = join(folder, 'counted.json')
    const { code, err } = await cli('worker', file, '--once', '--metrics', '70000')
    assert.deepEqual([code, /--metrics is a port/.test(err)], [2, true])
    const log = { ...quiet }
    const open = (host: string) =>
      openProcessMetrics({ listen: { host, port: 0 }, env: {}, version: '0', log }).then((one) => one.close())
    await assert.rejects(open('0.0.0.0'), { code: 'SECRET_MISSING' })
    await assert.rejects(open('192.0.2.1'), { code: 'SECRET_MISSING' })
    await open('127.0.0.1')
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
