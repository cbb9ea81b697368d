import { execFile, execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type FlowNode, flowNodes } from '../../../lib/flow-check/node.ts'
import { type AirflowFiles, emitAirflow } from '../../../lib/portable/airflow/emit.ts'
import { readRunner } from '../../../lib/portable/airflow/runner-file.ts'
import { type Call, CallSchema, errorNames } from '../../../lib/portable/call.ts'
import { compile } from '../../../lib/portable/plan/compile.ts'
import type { Plan } from '../../../lib/portable/plan/schema.ts'
import { classOf } from '../../../lib/portable/trace.ts'
import { parser, Type } from '../../../lib/schema.ts'
import { scriptedSteps } from '../cases.ts'
import { type ScriptedRuntime, sha256, TryError } from '../scripted.ts'

/** The interpreter itself: what is found on the path may be a script that looks for it each time. */
export const python = execFileSync(
  process.env.YSH_TEST_PYTHON ?? 'python3',
  ['-c', 'import sys; print(sys.executable)'],
  {
    encoding: 'utf8',
  },
).trim()
const beside = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const calls = parser(CallSchema, 'The call')

export const GraphSchema = Type.Record(
  Type.String(),
  Type.Object({
    arguments: Type.Record(Type.String(), Type.Unknown()),
    tasks: Type.Record(
      Type.String(),
      Type.Object({
        kind: Type.String(),
        group: Type.Union([Type.String(), Type.Null()]),
        upstream: Type.Array(Type.String()),
        arguments: Type.Record(Type.String(), Type.Unknown()),
      }),
    ),
  }),
)
const graphs = parser(GraphSchema, 'The graph')
const RanSchema = Type.Object({
  state: Type.Enum(['success', 'failed']),
  tasks: Type.Record(Type.String(), Type.String()),
  results: Type.Record(Type.String(), Type.Unknown()),
  graph: GraphSchema,
})
export const ran = parser(RanSchema, 'What ran')

/** A compiled flow in a folder of its own, as `ysh-pipeline compile` writes it. */
export interface Compiled extends AirflowFiles {
  plan: Plan
  folder: string
  file: string
}

export async function compiled(
  t: TestContext,
  nodes: readonly FlowNode[],
  name = 'flow',
  into?: string,
): Promise<Compiled> {
  const { plan, diagnostics } = compile(nodes, { sha256, steps: scriptedSteps })
  if (plan === undefined) throw new Error(JSON.stringify(diagnostics))
  const emitted = emitAirflow(plan, { name, nodes, runner: await readRunner() })
  const folder = into ?? mkdtempSync(join(tmpdir(), 'ysh-dags-'))
  if (into === undefined) t.after(() => rmSync(folder, { recursive: true, force: true }))
  for (const [file, content] of Object.entries(emitted.files)) writeFileSync(join(folder, file), content)
  return { ...emitted, plan, folder, file: join(folder, `ysh_${name}.py`) }
}

export const shipped = (name: string) =>
  flowNodes(JSON.parse(readFileSync(new URL(`../../../flows/${name}.json`, import.meta.url), 'utf8')))

/** Runs Python; rejects with what it said when it fails. */
export function runPython(args: readonly string[], env: Record<string, string> = {}, seconds = 60) {
  return new Promise<{ stdout: string; stderr: string }>((resolve, reject) => {
    const options = { env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', ...env }, timeout: seconds * 1_000 }
    execFile(python, args, { ...options, maxBuffer: 64e6 }, (error, stdout, stderr) => {
      if (error === null) resolve({ stdout, stderr })
      else reject(new Error(`${error.message}\n${stdout}`))
    })
  })
}

export async function graphOf({ file }: Compiled, version = '3.2.0') {
  const { stdout } = await runPython([beside('drive.py'), file, 'graph'], { STUB_AIRFLOW_VERSION: version })
  return graphs.parse(JSON.parse(stdout))
}

/** Answers the stub of the step CLI from a runtime. */
export async function stepServer(
  t: TestContext,
  call: (asked: Call) => Promise<unknown>,
): Promise<Record<string, string>> {
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', async () => {
      const answer = (exit: number, value: unknown) =>
        response.writeHead(exit === 0 ? 200 : 400 + exit).end(JSON.stringify(value))
      try {
        const asked = calls.parse(JSON.parse(Buffer.concat(parts).toString()))
        checkArguments(String(request.headers['x-arguments']), asked)
        answer(0, await call(asked))
      } catch (thrown) {
        if (!(thrown instanceof TryError)) answer(2, { code: 'STUB', message: String(thrown), class: 'permanent' })
        else if (thrown.name === errorNames.run) answer(1, { ...thrown.error, class: 'run' })
        else {
          const again = thrown.name !== errorNames.permanent
          answer(again ? 75 : 1, { ...thrown.error, class: again ? classOf(thrown.error) : 'permanent' })
        }
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { YSH_STEP_CLI: `sh ${beside('step-cli.sh')}`, YSH_STUB_PORT: String(port) }
}

/** What the runner says on the command line must be what it says in the call. */
function checkArguments(line: string, { units, state, retries = 0 }: Call): void {
  const [command, name, ...rest] = line.split(' ')
  const given = new Map(rest.flatMap((word, at) => (at % 2 === 0 ? [[word, rest[at + 1]] as const] : [])))
  const item = state.run?.item ?? ''
  if (command !== 'step' || name === undefined || name.startsWith('-')) throw new Error(`no "step NAME": ${line}`)
  if (given.get('--node')?.endsWith(units[0] ?? '-') !== true) throw new Error(`--node of another unit: ${line}`)
  if (!existsSync(given.get('--plan') ?? '')) throw new Error(`--plan is no file: ${line}`)
  if ((given.get('--item') ?? '') !== item) throw new Error(`--item is not ${item}: ${line}`)
  if (given.get('--attempt') !== String(retries + 1)) throw new Error(`--attempt is not ${retries + 1}: ${line}`)
  if (given.get('--input') !== '-' || !given.has('--out') || !given.has('--run')) throw new Error(line)
}

/** Runs a DAG in the order that its edges and trigger rules give, on the stub of Airflow. */
export async function runOnStub(
  t: TestContext,
  { file, dags }: Compiled,
  runtime: ScriptedRuntime,
  run: Record<string, unknown> = {},
  env: Record<string, string> = {},
) {
  const server = await stepServer(t, (call) => runtime.call(call))
  const args = [beside('drive.py'), file, 'run', String(run.dag ?? dags[0]?.dagId), JSON.stringify(run)]
  const { stdout, stderr } = await runPython(args, { ...server, ...env })
  return { ...ran.parse(JSON.parse(stdout)), stderr }
}
