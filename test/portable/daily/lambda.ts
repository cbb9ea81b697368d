import { spawn } from 'node:child_process'
import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { isRecord } from '../../../lib/flow-check/node.ts'
import type { Call, State } from '../../../lib/portable/call.ts'
import { packageFolder } from '../../helpers/node-red.ts'
import { run } from '../airflow/process.ts'

/** The Lambda's bundle in a plain process. */
export interface Lambda {
  /** A call of `index.step`. Throws what the function throws, by its name. */
  step(call: Call): Promise<State>
  close(): Promise<void>
}

/** As long as a real one may take at most. */
const limitMs = 900_000

/** Builds the bundle into a folder, and starts it away from any node_modules. `env` is all that the function knows. */
export async function startLambda(folder: string, env: Record<string, string>): Promise<Lambda> {
  await run(process.execPath, [join(packageFolder, 'build', 'lambda.ts'), join(folder, 'built')], process.env, 240)
  const driver = join(folder, 'invoke.mjs')
  cpSync(fileURLToPath(new URL('../../lambda/invoke.mjs', import.meta.url)), driver)
  const temporary = join(folder, 'tmp')
  mkdirSync(temporary)
  const child = spawn(process.execPath, [driver, join(folder, 'built', 'steps', 'index.mjs'), String(limitMs)], {
    cwd: folder,
    env: { ...env, TMPDIR: temporary },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const lines: string[] = []
  const waiting: ((line: string) => void)[] = []
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.startsWith('> ')) waiting.shift()?.(line.slice(2))
    else lines.push(line)
  })
  return {
    async step(call) {
      const line = await Promise.race([
        new Promise<string>((resolve) => {
          waiting.push(resolve)
          child.stdin.write(`${JSON.stringify({ handler: 'step', event: call })}\n`)
        }),
        exited.then(() => Promise.reject(new Error(`The function's process has ended:\n${lines.join('\n')}`))),
      ])
      const { answer, errorType, errorMessage } = JSON.parse(line)
      if (isRecord(answer) && isRecord(answer.message)) return { ...answer, message: answer.message }
      throw Object.assign(new Error(errorMessage), { name: errorType })
    },
    async close() {
      child.stdin.end()
      await exited
    },
  }
}
