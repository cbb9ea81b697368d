import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import type { FailPoint } from '../lib/fail-point.ts'
import { type Infer, parser } from '../lib/schema.ts'
import { endWithUs } from './folder.ts'
import { chaosPackage } from './nodes/build.ts'
import { TidingsSchema } from './nodes/tell.ts'
import { freePort } from './port.ts'
import { within } from './wait.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const tidings = parser(TidingsSchema, 'Tidings')
/** What a Node-RED under test tells. */
export type Tidings = Infer<typeof TidingsSchema>

/** A node of a flow file. */
export type FlowNode = { id: string; type: string } & Record<string, unknown>

/** Core nodes that the flows use; leaving out the others halves the start. */
const needed =
  /^(20-inject|24-complete|25-catch|98-unknown|10-function|10-switch|15-change|89-delay|21-httpin|10-file)\.js$/
/** Kept of what a process writes. */
const maxText = 200_000
const startMs = 60_000
/** Node-RED gives its nodes 15 s. */
const stopMs = 20_000

/** A user folder in which Node-RED finds this package and, if given, the test's nodes. */
export async function makeUserDir(userDir: string, chaosNodes: string): Promise<void> {
  const modules = join(userDir, 'node_modules')
  await mkdir(join(modules, '@ysh'), { recursive: true })
  await symlink(root, join(modules, '@ysh', 'node-red-data-pipeline'), 'dir')
  await symlink(chaosNodes, join(modules, chaosPackage), 'dir')
  const dependencies = { '@ysh/node-red-data-pipeline': '*', [chaosPackage]: '*' }
  await writeFile(join(userDir, 'package.json'), JSON.stringify({ name: 'chaos', private: true, dependencies }))
}

let excluded: Promise<string[]> | undefined
async function unneeded(): Promise<string[]> {
  const files = await readdir(join(root, 'node_modules', '@node-red', 'nodes', 'core'), { recursive: true })
  return files.map((file) => file.split('/').at(-1) ?? '').filter((file) => file.endsWith('.js') && !needed.test(file))
}

/** How a Node-RED is started. */
export interface StartOptions {
  userDir: string
  flows: readonly FlowNode[]
  /** The fail point at which it is to die, and at which passing. */
  armed?: { point: FailPoint; passing: number } | undefined
  onTidings?(told: Tidings): void
}

/** A headless Node-RED process; once it has ended, `ended` says how. */
export interface NodeRed {
  readonly url: string
  /** Resolves when the flows run, or when the process has ended before. */
  readonly started: Promise<void>
  /** Resolves with the exit code, or the signal, when it is gone. */
  readonly exited: Promise<number | string>
  readonly ended: number | string | undefined
  /** Its process id, which is its group's too. */
  readonly pid: number
  /** The last of what it wrote. */
  text(): string
  /** How often a line with this text was written. */
  count(text: 'fenced' | 'stalled'): number
  kill(target: 'process' | 'group'): Promise<void>
  /** SIGTERM; resolves with the milliseconds it took. Throws when it did not end in time, or not with code 0. */
  stop(): Promise<number>
  deploy(flows: readonly FlowNode[], type: 'full' | 'nodes' | 'flows'): Promise<void>
}

/** What is counted in the log. */
const counted = { fenced: /FENCED|went into other hands/g, stalled: /Nothing moves in a run/g }

/** Starts a headless Node-RED; does not wait for its flows. */
export async function startNodeRed({ userDir, flows, armed, onTidings }: StartOptions): Promise<NodeRed> {
  const port = await freePort()
  excluded ??= unneeded()
  const settings = {
    flowFile: 'flows.json',
    credentialSecret: false,
    uiHost: '127.0.0.1',
    uiPort: port,
    lang: 'en-US',
    disableEditor: true,
    nodesExcludes: await excluded,
    externalModules: { autoInstall: false, palette: { allowInstall: false } },
    logging: { console: { level: 'debug', metrics: false, audit: false } },
    telemetry: { enabled: false },
  }
  await writeFile(join(userDir, 'flows.json'), JSON.stringify(flows))
  await writeFile(join(userDir, 'settings.js'), `module.exports = ${JSON.stringify(settings)}\n`)
  const main = join(root, 'node_modules', 'node-red', 'red.js')
  const { YSH_FAIL_POINT: _, NODE_OPTIONS: _options, NODE_TEST_CONTEXT: _test, ...env } = process.env
  const child = spawn(
    process.execPath,
    ['--max-semi-space-size=2', main, '--userDir', userDir, '--settings', join(userDir, 'settings.js')],
    {
      // A process group of its own, to be killed as one.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...env, ...(armed === undefined ? {} : { YSH_FAIL_POINT: `${armed.point}:${armed.passing}` }) },
    },
  )
  return new Running(child, `http://127.0.0.1:${port}`, onTidings)
}

class Running implements NodeRed {
  readonly url: string
  readonly started: Promise<void>
  readonly exited: Promise<number | string>
  ended: number | string | undefined
  readonly #child: ChildProcess
  readonly #counts = { fenced: 0, stalled: 0 }
  #text = ''
  /** How often flows have been started. */
  #starts = 0

  constructor(child: ChildProcess, url: string, onTidings: StartOptions['onTidings']) {
    this.#child = child
    this.url = url
    const letGo = endWithUs(this.pid)
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        letGo()
        this.ended = signal ?? code ?? 'unknown'
        child.emit('written')
        resolve(this.ended)
      })
    })
    for (const stream of [child.stdout, child.stderr]) {
      let rest = ''
      stream?.on('data', (data: Buffer) => {
        const lines = (rest + data.toString()).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) this.#read(line)
        child.emit('written')
      })
    }
    child.on('message', (message) => {
      if (tidings.problems(message).length === 0) onTidings?.(tidings.parse(message))
    })
    this.started = this.#until(() => this.#starts > 0, startMs, 'start its flows').catch((error: unknown) => {
      // Killed while it started: that is what it is for.
      if (this.ended === undefined) throw error
    })
    // Whoever waits gets the error.
    this.started.catch(() => undefined)
  }

  get pid(): number {
    return this.#child.pid ?? -1
  }

  text(): string {
    return this.#text
  }

  count(text: 'fenced' | 'stalled'): number {
    return this.#counts[text]
  }

  async kill(target: 'process' | 'group'): Promise<void> {
    try {
      process.kill(target === 'group' ? -this.pid : this.pid, 'SIGKILL')
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
    }
    await this.exited
  }

  async stop(): Promise<number> {
    const before = performance.now()
    this.#child.kill('SIGTERM')
    const code = await within(this.exited, stopMs, 'Node-RED did not end after SIGTERM')
    if (code !== 0) throw new Error(`Node-RED ended with ${code} after SIGTERM`)
    return performance.now() - before
  }

  async deploy(flows: readonly FlowNode[], type: 'full' | 'nodes' | 'flows'): Promise<void> {
    const before = this.#starts
    const response = await fetch(`${this.url}/flows`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'Node-RED-Deployment-Type': type },
      body: JSON.stringify(flows),
      signal: AbortSignal.timeout(startMs),
    })
    if (!response.ok) throw new Error(`The deploy failed: ${response.status} ${await response.text()}`)
    await this.#until(() => this.#starts > before, startMs, 'start the deployed flows')
  }

  #read(line: string): void {
    this.#text = `${this.#text}${line}\n`.slice(-maxText)
    if (/Started (modified )?(flows|nodes)/.test(line)) this.#starts += 1
    this.#counts.fenced += line.match(counted.fenced) === null ? 0 : 1
    this.#counts.stalled += line.match(counted.stalled) === null ? 0 : 1
  }

  async #until(condition: () => boolean, ms: number, what: string): Promise<void> {
    const deadline = AbortSignal.timeout(ms)
    while (!condition()) {
      if (this.ended !== undefined) throw new Error(`Node-RED ended (${this.ended}) and did not ${what}`)
      try {
        await once(this.#child, 'written', { signal: deadline })
      } catch (cause) {
        throw new Error(`Node-RED did not ${what} within ${ms / 1_000} s:\n${this.#text.slice(-2_000)}`, { cause })
      }
    }
  }
}
