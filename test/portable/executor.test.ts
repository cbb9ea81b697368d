import assert from 'node:assert/strict'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { stepHandler } from '../../lambda/step.ts'
import { createHttpClient } from '../../lib/net/client.ts'
import { canonicalFile } from '../../lib/portable/canonical.ts'
import { executePipeline } from '../../lib/portable/executor.ts'
import { compile } from '../../lib/portable/plan/compile.ts'
import { StepRuntime } from '../../lib/portable/runtime/runtime.ts'
import { PlanSettings } from '../../lib/portable/runtime/settings.ts'
import { emitStepFunctions } from '../../lib/portable/step-functions/emit.ts'
import { difference } from '../../lib/portable/trace.ts'
import { alertMigrations } from '../../lib/runs/alert-migrations.ts'
import { runId } from '../../lib/runs/identity.ts'
import { keptMigrations } from '../../lib/runs/kept.ts'
import { runMigrations } from '../../lib/runs/migrations.ts'
import { openStores } from '../../lib/stores/open.ts'
import { migrate } from '../../lib/stores/postgres/migrate.ts'
import { type PostgresServer, startPostgres } from '../helpers/postgres-server.ts'
import { runMachine } from './asl.ts'
import { cases, scriptedSteps } from './cases.ts'
import { quiet, scriptedEntries, Tracer, testFolder } from './engine.ts'

const never = new AbortController().signal
/** Waits cost no time; deadlines see the time pass that they would have taken. */
function fastClock() {
  let ms = 0
  return {
    monotonic: () => ms,
    async sleep(wait: number) {
      ms += wait
    },
  }
}

describe('conformance: the executor, with the real step runtime and its journal', () => {
  const { folder, remove } = testFolder()
  const http = createHttpClient({ product: 'test/1', allow: [] })
  let server: PostgresServer
  let stores: Awaited<ReturnType<typeof openStores>>
  before(async () => {
    server = await startPostgres()
    stores = await openStores({ folder, postgres: { url: server.url } })
    await migrate(stores.postgres, [...runMigrations, ...keptMigrations, ...alertMigrations])
  })
  after(async () => {
    http.close()
    await stores.close()
    await server.stop()
    remove()
  })

  for (const fuse of [false, true]) {
    for (const { name, what, flow, script, trace } of cases()) {
      test(`${what}: Step Functions${fuse ? ', fused' : ''}, with the function of the bundle`, async () => {
        const { plan } = compile(flow, { steps: scriptedSteps })
        const [pipeline] = plan?.pipelines ?? []
        assert.ok(plan && pipeline)
        const machine = emitStepFunctions(plan, { fuse }).machines[pipeline.id]
        assert.ok(machine)
        const plans = mkdtempSync(join(folder, 'plans-'))
        writeFileSync(join(plans, 'flow.json'), canonicalFile(plan))
        const tracer = new Tracer()
        const slot = `${name} ${fuse}`
        const handler = stepHandler({
          ...{
            env: { YSH_POSTGRES: server.url, YSH_FOLDER: folder },
            product: 'test/1',
            plans,
            write: () => undefined,
          },
          ...{ entries: scriptedEntries(script), onStep: tracer.onStep },
        })
        const run = await runMachine(machine, { slot, message: { payload: pipeline.payload } }, async (call) => {
          try {
            return await handler(call, { awsRequestId: 'x', getRemainingTimeInMillis: () => 60_000 })
          } finally {
            if (call.units.some((unit) => unit.endsWith('#close'))) {
              await tracer.items(stores.postgres, call.state.run?.id ?? '')
            }
          }
        })
        await handler.close()
        const told = difference({ pipeline: pipeline.id, outcome: run.outcome, lines: tracer.lines }, trace)
        assert.equal(told, undefined, run.error)
        const { rows } = await stores.postgres.query<{ state: string }>(
          'select state from pipeline.run where id = $1',
          [runId(pipeline.id, slot)],
        )
        assert.equal(rows[0]?.state, run.outcome)
      })
    }
  }

  for (const { name, what, flow, script, trace } of cases()) {
    test(what, async () => {
      const { plan } = compile(flow, { steps: scriptedSteps })
      const [pipeline] = plan?.pipelines ?? []
      assert.ok(plan && pipeline)
      const run = async () => {
        const tracer = new Tracer()
        const runtime = new StepRuntime({
          ...{ plan, pipeline, settings: new PlanSettings(plan, {}), stores, http, log: quiet },
          ...{ entries: scriptedEntries(script), onStep: tracer.onStep },
        })
        const ended = await executePipeline(
          pipeline,
          { slot: name, payload: pipeline.payload },
          {
            ...{ clock: fastClock(), signal: never },
            async call(call, signal) {
              try {
                return await runtime.call(call, signal)
              } finally {
                if (call.units[0]?.endsWith('#close')) await tracer.items(stores.postgres, call.state.run?.id ?? '')
              }
            },
          },
        )
        return { ended, lines: tracer.lines }
      }
      const { ended, lines } = await run()
      assert.equal(difference({ pipeline: pipeline.id, outcome: ended.outcome, lines }, trace), undefined)
      const { rows } = await stores.postgres.query<{ state: string }>('select state from pipeline.run where id = $1', [
        runId(pipeline.id, name),
      ])
      assert.equal(rows[0]?.state, ended.outcome)
      if (ended.outcome !== 'done') return
      // Once more: all of it is answered from the journal, and nothing is done again.
      const again = await run()
      assert.equal(again.ended.outcome, 'done')
      const maps = new Set(pipeline.regions.map(({ id }) => id))
      assert.deepEqual(
        again.lines.filter(({ step }) => !maps.has(step)),
        [],
      )
      assert.deepEqual(again.ended.state.message, ended.state.message)
    })
  }
})
