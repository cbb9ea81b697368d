import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { difference, type Trace } from '../../../lib/portable/trace.ts'
import { parser, Type } from '../../../lib/schema.ts'
import { cases } from '../cases.ts'
import { ScriptedRuntime } from '../scripted.ts'
import { compiled, shipped, stepServer } from './engine.ts'
import { run } from './process.ts'

/**
 * The same conformance flows on a real Airflow, by `dag.test()`: `npm run verify:airflow`. Not a part of `npm test`, for it installs Airflow by
 * pip (a gigabyte, minutes) into node_modules/.cache/airflow. YSH_AIRFLOW names versions (3.0.6,3.3.2), YSH_AIRFLOW_CASES flows by their
 * numbers (1-26,31; all), YSH_TEST_PYTHON the Python. Where it cannot be installed the test is skipped, and says so.
 */
const versions = (process.env.YSH_AIRFLOW ?? '3.0.6,3.3.2').split(',')
const ranges = (process.env.YSH_AIRFLOW_CASES ?? '1-1000').split(',').map((range) => range.split('-').map(Number))
const wants = (number: number) => ranges.some(([first = 0, last = first]) => number >= first && number <= last)
const root = fileURLToPath(new URL('../../../', import.meta.url))

const heads = parser(
  Type.Object({
    version: Type.String(),
    errors: Type.Record(Type.String(), Type.String()),
    dags: Type.Record(Type.String(), Type.Array(Type.Unknown())),
  }),
  'The head',
)
const results = parser(
  Type.Object({
    dag: Type.String(),
    file: Type.String(),
    state: Type.String(),
    tasks: Type.Record(Type.String(), Type.String()),
  }),
  'The result',
)

/** The Python of a virtual environment with that Airflow; or why there is none. */
function installed(version: string): { python: string } | { why: string } {
  const cache = join(root, 'node_modules', '.cache', 'airflow')
  const place = join(cache, version)
  if (existsSync(join(place, 'bin', 'airflow'))) return { python: join(place, 'bin', 'python') }
  mkdirSync(cache, { recursive: true })
  const fresh = mkdtempSync(join(cache, 'new-'))
  const constraints = join(root, 'deploy', 'airflow', `constraints-${version}.txt`)
  const pip = ['-m', 'pip', 'install', '--quiet', `apache-airflow-core==${version}`]
  const steps: [string, string[]][] = [
    [process.env.YSH_TEST_PYTHON ?? 'python3', ['-m', 'venv', fresh]],
    [join(fresh, 'bin', 'python'), [...pip, ...(existsSync(constraints) ? ['--constraint', constraints] : [])]],
  ]
  for (const [command, args] of steps) {
    const { status, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: 900_000 })
    if (status === 0) continue
    rmSync(fresh, { recursive: true, force: true })
    return { why: `${command} ${args.join(' ')}: ${stderr?.trim().split('\n').at(-1) ?? status}` }
  }
  // The name last: a broken install is none. The paths inside are of no matter to us, for we start its python.
  renameSync(fresh, place)
  writeFileSync(join(place, 'made'), '')
  return { python: join(place, 'bin', 'python') }
}

for (const version of versions) {
  describe(`Airflow ${version}`, () => {
    test('loads the shipped flows, and runs the conformance flows as the plan means', async (t) => {
      const airflow = installed(version)
      if ('why' in airflow) {
        process.stderr.write(
          `\nSKIPPED: no real Airflow ${version} here, so nothing was verified on it: ${airflow.why}\n\n`,
        )
        t.skip(airflow.why)
        return
      }
      const home = mkdtempSync(join(tmpdir(), 'ysh-airflow-'))
      t.after(() => rmSync(home, { recursive: true, force: true }))
      // dag.test() knows only DAGs of the folder of DAGs.
      const folder = join(home, 'dags')
      mkdirSync(folder)
      const jobs: Record<string, unknown>[] = []
      const wanted: { what: string; trace: Trace; runtime: ScriptedRuntime; file: string }[] = []
      for (const name of ['daily', 'hourly', 'event', 'fallback']) {
        jobs.push({ file: (await compiled(t, shipped(name), name, folder)).file })
      }
      for (const [at, { what, flow, script, trace }] of cases().entries()) {
        if (!wants(at + 1)) continue
        const named = flow.map((node) => (node.type === 'ysh-run' ? { ...node, info: `dag: case_${at + 1}` } : node))
        const dags = await compiled(t, named, `case${at + 1}`, folder)
        const [pipeline] = dags.plan.pipelines
        assert.ok(pipeline)
        const runtime = new ScriptedRuntime(pipeline, script)
        const env = await stepServer(t, (call) => runtime.call(call))
        jobs.push({ file: dags.file, dag: dags.dags[0]?.dagId, env })
        wanted.push({ what, trace, runtime, file: dags.file })
      }
      const list = join(home, 'jobs.json')
      writeFileSync(list, JSON.stringify(jobs))
      const env = {
        ...process.env,
        ...{ AIRFLOW_HOME: home, AIRFLOW__CORE__LOAD_EXAMPLES: 'False', AIRFLOW__CORE__UNIT_TEST_MODE: 'False' },
        AIRFLOW__CORE__DAGS_FOLDER: folder,
      }
      await run(airflow.python, ['-m', 'airflow', 'db', 'migrate'], env, 300)
      const { stdout, stderr } = await run(
        airflow.python,
        [fileURLToPath(new URL('real.py', import.meta.url)), list],
        env,
        3_000,
      )
      const lines = stdout.split('\n').flatMap((line) => (line.startsWith('@@') ? [JSON.parse(line.slice(2))] : []))
      const head = heads.parse(lines[0])
      assert.equal(head.version, version)
      assert.deepEqual(head.errors, {})
      assert.ok(
        ['daily_full_ingestion', 'hourly_incremental', 'pdf_processing', 'fallback_recovery'].every(
          (id) => id in head.dags,
        ),
      )
      const ran = new Map(lines.slice(1).map((line) => [results.parse(line).file, results.parse(line)]))
      for (const { what, trace, runtime, file } of wanted) {
        await t.test(what, () => {
          const result = ran.get(file)
          assert.ok(result, stderr.slice(-3_000))
          const outcome = result.state === 'success' ? 'done' : 'failed'
          const told = difference({ pipeline: trace.pipeline, outcome, lines: runtime.lines }, trace)
          assert.equal(told, undefined, JSON.stringify(result.tasks))
        })
      }
    })
  })
}
