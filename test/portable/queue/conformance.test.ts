import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createHttpClient } from '../../../lib/net/client.ts'
import { compile } from '../../../lib/portable/plan/compile.ts'
import { queueMigrations } from '../../../lib/portable/queue/migrations.ts'
import { type QueuedPlan, QueueWorker } from '../../../lib/portable/queue/queue.ts'
import { StepRuntime } from '../../../lib/portable/runtime/runtime.ts'
import { PlanSettings } from '../../../lib/portable/runtime/settings.ts'
import { difference } from '../../../lib/portable/trace.ts'
import { alertMigrations } from '../../../lib/runs/alert-migrations.ts'
import { runId } from '../../../lib/runs/identity.ts'
import { keptMigrations } from '../../../lib/runs/kept.ts'
import { runMigrations } from '../../../lib/runs/migrations.ts'
import { openStores } from '../../../lib/stores/open.ts'
import { migrate } from '../../../lib/stores/postgres/migrate.ts'
import { type PostgresServer, startPostgres } from '../../helpers/postgres-server.ts'
import { cases, scriptedSteps } from '../cases.ts'
import { quiet, scriptedEntries, Tracer, testFolder } from '../engine.ts'

/** All flows at once, on two workers, each with the real step runtime; only the waits are short. */
describe('conformance: the queue, with two workers', () => {
  const { folder, remove } = testFolder()
  const http = createHttpClient({ product: 'test/1', allow: [] })
  const flows = cases().map(({ flow, script, ...rest }) => {
    const { plan: compiled } = compile(flow, { steps: scriptedSteps })
    const [pipeline] = compiled?.pipelines ?? []
    assert.ok(compiled && pipeline)
    // Some differ by their script alone: each wants a queue of its own.
    const plan = { ...compiled, source: { ...compiled.source, sha256: rest.name } }
    return { ...rest, script, plan, pipeline, tracer: new Tracer() }
  })
  let server: PostgresServer
  let stores: Awaited<ReturnType<typeof openStores>>
  const workers: QueueWorker[] = []

  before(async () => {
    server = await startPostgres()
    stores = await openStores({ folder, postgres: { url: server.url } })
    await migrate(stores.postgres, [...runMigrations, ...keptMigrations, ...alertMigrations, ...queueMigrations])
    for (let count = 0; count < 2; count++) {
      workers.push(
        await QueueWorker.open({
          ...{ plans: flows.map(queued), store: stores.postgres, log: quiet, concurrency: 1, graceMs: 5_000 },
          pace: { heartbeatSeconds: 60, monitorSeconds: 30, pollSeconds: 1 },
          inTruth: () => 0,
        }),
      )
    }
    for (const [at, { plan, pipeline, name }] of flows.entries()) {
      await workers[at % 2]?.start(plan, { pipeline: pipeline.id, slot: name, trigger: 'manual' })
    }
    for (let looks = 0; (await workers[0]?.left()) !== 0; looks++) {
      assert.ok(looks < 1_200, 'the queue does not become empty')
      await sleep(100)
    }
  })
  after(async () => {
    await Promise.all(workers.map((worker) => worker.close()))
    http.close()
    await stores?.close()
    await server?.stop()
    remove()
  })

  function queued({ plan, pipeline, script, tracer }: (typeof flows)[number]): QueuedPlan {
    const runtime = new StepRuntime({
      ...{ plan, pipeline, settings: new PlanSettings(plan, {}), stores, http, log: quiet },
      ...{ entries: scriptedEntries(script), onStep: tracer.onStep },
    })
    return {
      plan,
      runtimes: new Map([
        [
          pipeline.id,
          {
            giveUp: (run, error) => runtime.giveUp(run, error),
            async call(call, signal) {
              try {
                return await runtime.call(call, signal)
              } finally {
                if (call.units[0]?.endsWith('#close')) await tracer.items(stores.postgres, call.state.run?.id ?? '')
              }
            },
          },
        ],
      ]),
    }
  }

  for (const { what, name, pipeline, tracer, trace } of flows) {
    test(what, async () => {
      const { rows } = await stores.postgres.query<{ state: string }>('select state from pipeline.run where id = $1', [
        runId(pipeline.id, name),
      ])
      const state = rows[0]?.state
      assert.ok(state === 'done' || state === 'failed', state)
      const told = difference({ pipeline: pipeline.id, outcome: state, lines: tracer.lines }, trace)
      assert.equal(told, undefined)
    })
  }

  test('nothing is left over', async () => {
    const { rows } = await stores.postgres.query<{ maps: number; jobs: number; processes: number }>(
      `select (select count(*) from pipeline.queue_map)::int as maps,
         (select count(*) from pipeline_queue.job where state not in ('completed'))::int as jobs,
         (select count(*) from pipeline.process)::int as processes`,
    )
    assert.deepEqual(rows, [{ maps: 0, jobs: 0, processes: 0 }])
  })
})
