import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { cases } from '../cases.ts'
import { ScriptedRuntime } from '../scripted.ts'
import { compiled, runOnStub, runPython, shipped } from './engine.ts'

const runner = fileURLToPath(new URL('../../../deploy/airflow/dags/', import.meta.url))
const stub = fileURLToPath(new URL('stub/', import.meta.url))

/** A step CLI that is a shell script; `$out` is the file that the result belongs into. */
function cli(t: TestContext, script: string): { folder: string; env: Record<string, string> } {
  const folder = mkdtempSync(join(tmpdir(), 'ysh-runner-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'step')
  writeFileSync(file, `#!/bin/sh\nfor out; do :; done\n${script}\n`)
  chmodSync(file, 0o755)
  return { folder, env: { YSH_STEP_CLI: file, PYTHONPATH: `${runner}:${stub}` } }
}

/** What `run_cli` makes of it, in one line. */
async function outcome(env: Record<string, string>, limit = 20, state = '{}'): Promise<string> {
  const { stdout } = await runPython(
    [
      '-c',
      `
import json, logging, sys
import ysh_runner as r
logging.basicConfig(stream=sys.stderr, level=logging.INFO)
try:
    print("ok", json.dumps(r.run_cli(["step", "x"], {"state": ${state}}, ${limit})))
except r.StepError as error:
    print(error.kind, error.code, error.message)
except r.StepSkipped as error:
    print("skipped", error)
except Exception as error:
    print(type(error).__name__, error)
`,
    ],
    env,
  )
  return stdout.trim()
}

describe('a try of a step', () => {
  const error = (code: string, kind: string) =>
    `echo '{"code":"${code}","message":"m","retryable":true,"class":"${kind}"}' > "$out"`
  const results: [string, string, RegExp][] = [
    [
      '0 is the result, whatever is written behind it',
      'echo \'{"port":"a"}\' > "$out"; echo \'{"port":"b"}\'',
      /^ok {"port": "a"}$/,
    ],
    ['0 without a result is an error', 'true', /^permanent STEP_RESULT /],
    ['0 with half a result is an error', 'echo \'{"port":\' > "$out"', /^permanent STEP_RESULT /],
    ['75 is worth another try', `${error('NET_CUT', 'retryable')}; exit 75`, /^retryable NET_CUT m$/],
    ['75 can be a time limit', `${error('TIMEOUT', 'timeout')}; exit 75`, /^timeout TIMEOUT m$/],
    ['99 is nothing to do', 'exit 99', /^skipped /],
    ['anything else is final', `${error('CONFIG', 'permanent')}; exit 1`, /^permanent CONFIG m$/],
    [
      'the exit code decides: it has the policy of the node in it',
      `${error('NET_CUT', 'retryable')}; exit 1`,
      /^permanent NET_CUT m$/,
    ],
    ['the end of a run is told apart', `${error('RUN_FAILED', 'run')}; exit 1`, /^run RUN_FAILED m$/],
    ['no words at all are an error too', 'exit 3', /^permanent STEP_FAILED .*ended with 3/],
    ['a killed process is worth another try', 'kill -9 $$', /^retryable STEP_KILLED /],
    ['a process that takes too long is stopped', 'sleep 30', /^timeout TIMEOUT .*1 s$/],
  ]
  for (const [what, script, wanted] of results) {
    test(what, async (t) => {
      const { env } = cli(t, script)
      assert.match(await outcome(env, script.startsWith('sleep') ? 1 : 20), wanted)
    })
  }

  test('a CLI that is not there is no error of the step, and nobody catches it', async (t) => {
    const { env } = cli(t, '')
    assert.match(await outcome({ ...env, YSH_STEP_CLI: '/nowhere/ysh' }), /^AirflowFailException .*YSH_STEP_CLI/)
  })

  test('a state of some megabytes goes in', async (t) => {
    const { env } = cli(t, 'printf \'{"bytes":%s}\' "$(wc -c)" > "$out"')
    const [, bytes] = /"bytes": (\d+)/.exec(await outcome(env, 20, '{"x": "y" * 3_000_000}')) ?? []
    assert.ok(Number(bytes) > 3_000_000)
  })

  test('a task that is killed takes its process with it', async (t) => {
    const { folder, env } = cli(
      t,
      `trap 'touch "$MARK"; exit 143' TERM; touch "$MARK.started"; while :; do sleep 0.1; done`,
    )
    const mark = join(folder, 'mark')
    const { stdout } = await runPython(
      [
        '-c',
        `
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import ysh_runner as r; r.run_cli(['step'], {}, 60)"])
while not os.path.exists(os.environ["MARK"] + ".started"): time.sleep(0.05)
child.terminate()
print(child.wait(20))
`,
      ],
      { ...env, MARK: mark },
    )
    assert.equal(stdout.trim(), '143')
    assert.ok(existsSync(mark), 'the step never heard of it')
  })
})

describe('a run', () => {
  const flow = () => {
    const found = cases().find(({ what }) => what.startsWith('one step'))
    assert.ok(found)
    return found
  }

  test('a scheduled run has the instant that was due as its slot, one by hand its own name', async (t) => {
    const { flow: nodes } = flow()
    const scheduled = nodes.map((node) => (node.type === 'ysh-run' ? { ...node, schedule: '0 2 * * *' } : node))
    const dags = await compiled(t, scheduled)
    const [pipeline] = dags.plan.pipelines
    assert.ok(pipeline)
    const calls = join(dags.folder, 'calls.jsonl')
    const first = async (run: Record<string, unknown>) => {
      await runOnStub(t, dags, new ScriptedRuntime(pipeline, {}), run, { YSH_CALLS: calls })
      const [line = ''] = readFileSync(calls, 'utf8').split('\n')
      rmSync(calls)
      const { state } = JSON.parse(line)
      return [state.trigger, state.slot]
    }
    const due = { run_id: 'scheduled__x', run_type: 'scheduled', logical_date: '2026-11-26T02:00:00-03:00' }
    assert.deepEqual(await first(due), ['schedule', '2026-11-26T05:00:00.000Z'])
    assert.deepEqual(await first({ run_id: 'manual__y', logical_date: '2026-11-26T02:00:00-03:00' }), [
      'manual',
      'manual__y',
    ])
    assert.deepEqual(await first({ run_id: 'manual__z', conf: { slot: 's' } }), ['manual', 's'])
  })

  test('a plan of another flow is refused before anything is done', async (t) => {
    const { flow: nodes } = flow()
    const dags = await compiled(t, nodes)
    const [pipeline] = dags.plan.pipelines
    assert.ok(pipeline)
    const file = join(dags.folder, 'ysh_flow.plan.json')
    writeFileSync(file, readFileSync(file, 'utf8').replace(dags.plan.source.sha256, '0'.repeat(64)))
    const runtime = new ScriptedRuntime(pipeline, {})
    const { state, stderr } = await runOnStub(t, dags, runtime)
    assert.equal(state, 'failed')
    assert.match(stderr, /DAG file and plan are of different flows/)
    assert.deepEqual(runtime.lines, [])
  })

  test('each object that an event tells of is a run of its own, and the same one each time', async (t) => {
    const dags = await compiled(t, shipped('event'), 'event')
    const [pipeline] = dags.plan.pipelines
    assert.ok(pipeline)
    const s3 = (key: string, eTag: string) => ({
      eventName: 'ObjectCreated:Put',
      s3: { bucket: { name: 'b' }, object: { key, eTag } },
    })
    const bridge = {
      ...{ source: 'aws.s3', 'detail-type': 'Object Created', time: '2026-11-26T05:00:00Z' },
      detail: { bucket: { name: 'b' }, object: { key: 'c.pdf', etag: '3' } },
    }
    const run = {
      dag: 'pdf_processing__objects',
      events: [
        { payload: { message_batch: [{ Body: JSON.stringify({ Records: [s3('a+1.pdf', '1'), s3('b.txt', '2')] }) }] } },
        bridge,
        { bucket: 'b', key: 'd.pdf' },
        bridge,
        { nothing: true },
      ],
    }
    const { results, tasks } = await runOnStub(t, dags, new ScriptedRuntime(pipeline, {}), run)
    assert.equal(tasks.start, 'success')
    const started: unknown = results.start
    assert.ok(Array.isArray(started))
    assert.equal(started.length, 3)
    assert.equal(new Set(started.map((one) => one.trigger_run_id)).size, 3)
    assert.deepEqual(started[0].conf.payload, { Records: [s3('a+1.pdf', '1')] })
    assert.deepEqual(started[1].conf.payload, bridge)
    assert.equal(started[2].conf.payload.detail.object.key, 'd.pdf')
  })
})
