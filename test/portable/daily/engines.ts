import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { main } from '../../../lib/cli/main.ts'
import { emitAirflow } from '../../../lib/portable/airflow/emit.ts'
import { readRunner } from '../../../lib/portable/airflow/runner-file.ts'
import { canonicalFile } from '../../../lib/portable/canonical.ts'
import { compile } from '../../../lib/portable/plan/compile.ts'
import type { Plan } from '../../../lib/portable/plan/schema.ts'
import { emitStepFunctions } from '../../../lib/portable/step-functions/emit.ts'
import { parser, Type } from '../../../lib/schema.ts'
import { type FlowNode, packageFolder, startNodeRed } from '../../helpers/node-red.ts'
import type { MailReceiver } from '../../steps/notify/receivers.ts'
import { ran, runPython } from '../airflow/engine.ts'
import { runMachine } from '../asl.ts'
import { sha256 } from '../scripted.ts'
import { startLambda } from './lambda.ts'

/** Where an engine runs a flow: a fresh database, an empty folder. */
export interface Place {
  nodes: FlowNode[]
  postgres: string
  folder: string
  mail: MailReceiver
  /** The flow's variables, stores included. */
  env: Record<string, string>
}

/** Runs pipelines of the flow, each to its end. */
export interface Engine {
  /** Resolves with what the engine says of it, for the reader of a failed test. */
  run(pipeline: string, slot: string, payload: unknown): Promise<string>
  close?(): Promise<void>
}

const patienceMs = 240_000

export function planOf({ nodes, env }: Pick<Place, 'nodes' | 'env'>): Plan {
  const { plan, diagnostics } = compile(nodes, { sha256, env })
  assert.ok(plan, JSON.stringify(diagnostics))
  return plan
}

/** The engines that are not Node-RED: somebody has to deliver what they put into the outbox. */
export const engines: Readonly<Record<string, (place: Place) => Promise<Engine>>> = {
  /** `ysh-pipeline run`. */
  async 'the plan executor'({ nodes, env, folder }) {
    const file = join(folder, 'flow.json')
    writeFileSync(file, JSON.stringify(nodes))
    return {
      async run(pipeline, slot, payload) {
        const said: string[] = []
        const put = (text: string) => said.push(text)
        const given = ['--pipeline', pipeline, '--slot', slot, '--payload', JSON.stringify(payload)]
        await main(['run', file, ...given], { env, out: put, err: put })
        return said.join('\n')
      },
    }
  },

  /** `ysh-pipeline run --queue` and `ysh-pipeline worker`, which delivers by itself. */
  async 'the queue'({ nodes, env, folder, postgres }) {
    const file = join(folder, 'flow.json')
    writeFileSync(file, JSON.stringify(nodes))
    return {
      async run(pipeline, slot, payload) {
        const said: string[] = []
        const put = (text: string) => said.push(text)
        const given = ['--pipeline', pipeline, '--slot', slot, '--payload', JSON.stringify(payload)]
        await main(['run', file, ...given, '--queue'], { env, out: put, err: put })
        // A worker that comes once leaves what is not yet due, a next try, to the one that comes next.
        for (const until = Date.now() + patienceMs; Date.now() < until; await sleep(200)) {
          await main(['worker', file, '--once'], { env, out: put, err: put })
          if ((await atWork(postgres)) === 0) break
        }
        return said.join('\n')
      },
    }
  },

  /** The emitted state machines on a local executor, with the bundle of the Lambda. */
  async 'Step Functions'(place) {
    const plan = planOf(place)
    const plans = join(place.folder, 'plans')
    mkdirSync(plans)
    writeFileSync(join(plans, 'flow.json'), canonicalFile(plan))
    const { machines } = emitStepFunctions(plan)
    const lambda = await startLambda(place.folder, { ...place.env, YSH_PLANS: plans })
    return {
      async run(pipeline, slot, payload) {
        const machine = machines[pipeline]
        assert.ok(machine)
        const ended = await runMachine(machine, { slot, message: { payload } }, (call) => lambda.step(call))
        return `${ended.outcome} ${ended.error ?? ''}: ${ended.entered.join(', ')}`
      },
      close: () => lambda.close(),
    }
  },

  /** The emitted DAGs by the strict stub of Airflow, in a real Python, each try in a process of the CLI. */
  async Airflow(place) {
    const plan = planOf(place)
    const dags = join(place.folder, 'dags')
    mkdirSync(dags)
    const emitted = emitAirflow(plan, { name: 'flow', nodes: place.nodes, runner: await readRunner() })
    for (const [file, content] of Object.entries(emitted.files)) writeFileSync(join(dags, file), content)
    const drive = fileURLToPath(new URL('../airflow/drive.py', import.meta.url))
    const env = {
      ...place.env,
      YSH_STEP_CLI: `${process.execPath} ${join(packageFolder, 'dist', 'cli.js')}`,
      YSH_STEP_FOLDER: place.folder,
    }
    return {
      async run(pipeline, slot, payload) {
        const dag = emitted.dags[plan.pipelines.findIndex(({ id }) => id === pipeline)]
        assert.ok(dag)
        const given = JSON.stringify({ conf: { slot, payload } })
        const args = [drive, join(dags, 'ysh_flow.py'), 'run', dag.dagId, given]
        const { stdout, stderr } = await runPython(args, env, patienceMs / 1_000)
        const { state, tasks } = ran.parse(JSON.parse(stdout))
        return `${state} ${JSON.stringify(tasks)}\n${stderr}`
      },
    }
  },
}

/** The flow in a real, headless Node-RED: presses the button, and waits until nothing is left to do. Resolves with the slot of the run. */
export async function inNodeRed({ nodes, env, postgres }: Place, trigger: string): Promise<string> {
  const red = await startNodeRed({ flows: nodes, env })
  try {
    const answer = await fetch(`${red.url}/ysh/ysh-run/${trigger}/press`, { method: 'POST' })
    assert.ok(answer.ok, `${trigger}: ${answer.status}`)
    const slot = await slotWhenQuiet(postgres, trigger, () => red.output().slice(-4_000))
    await red.stop()
    return slot
  } finally {
    await red.dispose()
  }
}

const slots = parser(Type.Array(Type.Object({ slot: Type.String() })), 'The run')

async function slotWhenQuiet(postgres: string, flow: string, said: () => string): Promise<string> {
  const deadline = Date.now() + patienceMs
  const client = new pg.Client(postgres)
  await client.connect()
  try {
    for (;;) {
      const { rows } = await client.query(
        `select slot from pipeline.run where flow = $1
           and not exists (select from pipeline.run where state in ('queued', 'running', 'waiting'))
           and not exists (select from pipeline.outbox where delivered_at is null and failed_at is null)`,
        [flow],
      )
      const [run] = slots.parse(rows)
      if (run !== undefined) return run.slot
      assert.ok(Date.now() < deadline, `Node-RED does not come to an end:\n${said()}`)
      await sleep(200)
    }
  } finally {
    await client.end()
  }
}

/** Runs that are not over. */
async function atWork(postgres: string): Promise<number> {
  const client = new pg.Client({ connectionString: postgres })
  await client.connect()
  try {
    const { rows } = await client.query(
      `select 1 from pipeline.run where state in ('queued', 'running', 'waiting') and trigger <> 'message'`,
    )
    return rows.length
  } finally {
    await client.end()
  }
}
