import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** The repository, which is also the package as it is installed. */
export const packageFolder = fileURLToPath(new URL('../../', import.meta.url))
const packageName = '@ysh/node-red-data-pipeline'

/** A node of a flow file. */
export type FlowNode = { id: string; type: string } & Record<string, unknown>

export interface NodeRedOptions {
  /** 5 is the package `node-red`, 4 is `node-red-4`. */
  version?: 4 | 5
  flows: FlowNode[]
  credentials?: Record<string, Record<string, string>>
  /** Added to the environment of the process. */
  env?: Record<string, string>
  /** Added to settings.js. */
  settings?: Record<string, unknown>
  /** An existing user folder, for a restart; it is kept. */
  userDir?: string
  /** Has it see a terminal where it writes errors, as when a person starts it; needs {@link hasTerminals}. */
  terminal?: boolean
}

/** Whether this machine has `script` of util-linux, which makes terminals. */
export const hasTerminals = /util-linux/.test(spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout ?? '')

/** A Node-RED process with this package in its user folder. */
export interface NodeRed {
  readonly url: string
  readonly pid: number
  readonly userDir: string
  /** All it has written so far; without what went to the terminal. */
  output(): string
  /** What stands on the terminal, where it has one. */
  shown(): string
  /** Resolves when a line that matches has been written (also before the call). */
  line(pattern: RegExp): Promise<void>
  deploy(flows: FlowNode[], type?: 'full' | 'nodes' | 'flows'): Promise<void>
  /** SIGTERM; resolves with the exit code and what is left of the process group. */
  stop(): Promise<{ code: number | null; milliseconds: number; orphans: boolean }>
  /** Ends it whatever it does, and removes its user folder. */
  dispose(): Promise<void>
}

const patienceMs = 60_000

/** Starts Node-RED and waits for its flows. */
export async function startNodeRed(options: NodeRedOptions): Promise<NodeRed> {
  const userDir = options.userDir ?? newUserDir()
  const port = await freePort()
  writeFileSync(join(userDir, 'flows.json'), JSON.stringify(options.flows))
  if (options.credentials !== undefined)
    writeFileSync(join(userDir, 'flows_cred.json'), JSON.stringify(options.credentials))
  const settings = {
    flowFile: 'flows.json',
    credentialSecret: false,
    uiHost: '127.0.0.1',
    uiPort: port,
    lang: 'en-US',
    logging: { console: { level: 'debug', metrics: false, audit: false } },
    telemetry: { enabled: false },
    editorTheme: { tours: false },
    ...options.settings,
  }
  writeFileSync(join(userDir, 'settings.js'), `module.exports = ${JSON.stringify(settings)}\n`)
  const main = join(packageFolder, 'node_modules', options.version === 4 ? 'node-red-4' : 'node-red', 'red.js')
  // A process group of its own: what is left of it afterwards can be asked.
  const command = [process.execPath, main, '--userDir', userDir, '--settings', join(userDir, 'settings.js')]
  const inTerminal = ['script', '-qefc', `exec ${command.map((word) => `'${word}'`).join(' ')} >&3`, '/dev/null']
  const [program = '', ...words] = options.terminal === true ? inTerminal : command
  const child = spawn(program, words, {
    detached: true,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe', ...(options.terminal === true ? (['pipe'] as const) : [])],
  })
  const running = new Running(child, `http://127.0.0.1:${port}`, userDir, options)
  try {
    await running.line(/Started flows/)
  } catch (error) {
    await running.dispose()
    throw error
  }
  return running
}

class Running implements NodeRed {
  readonly url: string
  readonly userDir: string
  readonly #child: ChildProcess
  readonly #ownFolder: boolean
  readonly #exited: Promise<unknown>
  #text = ''
  #shown = ''

  constructor(child: ChildProcess, url: string, userDir: string, options: NodeRedOptions) {
    this.#child = child
    this.url = url
    this.userDir = userDir
    this.#ownFolder = options.userDir === undefined
    this.#exited = once(child, 'exit')
    const terminal = options.terminal === true ? child.stdout : undefined
    terminal?.on('data', (data: Buffer) => {
      this.#shown += data.toString()
    })
    for (const stream of [child.stdout, child.stderr, child.stdio[3]]) {
      if (stream === terminal) continue
      stream?.on('data', (data: Buffer) => {
        this.#text += data.toString()
        child.emit('written')
      })
    }
  }

  get pid(): number {
    return this.#child.pid ?? -1
  }

  output(): string {
    return this.#text
  }

  shown(): string {
    return this.#shown
  }

  async line(pattern: RegExp): Promise<void> {
    const deadline = AbortSignal.timeout(patienceMs)
    while (!pattern.test(this.#text)) {
      if (this.#child.exitCode !== null) throw new Error(`Node-RED ended (${this.#child.exitCode}):\n${this.#text}`)
      try {
        await Promise.race([once(this.#child, 'written', { signal: deadline }), this.#exited])
      } catch (cause) {
        throw new Error(`Node-RED never wrote ${pattern}:\n${this.#text}`, { cause })
      }
    }
  }

  async deploy(flows: FlowNode[], type: 'full' | 'nodes' | 'flows' = 'full'): Promise<void> {
    const before = this.#text.length
    const response = await fetch(`${this.url}/flows`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'Node-RED-Deployment-Type': type },
      body: JSON.stringify(flows),
      signal: AbortSignal.timeout(patienceMs),
    })
    if (!response.ok) throw new Error(`Deploy failed: ${response.status} ${await response.text()}`)
    const deadline = AbortSignal.timeout(patienceMs)
    while (!/Started (modified )?(flows|nodes)/.test(this.#text.slice(before)))
      await once(this.#child, 'written', { signal: deadline })
  }

  async stop(): Promise<{ code: number | null; milliseconds: number; orphans: boolean }> {
    const started = performance.now()
    this.#child.kill('SIGTERM')
    await Promise.race([this.#exited, sleep(patienceMs, undefined, { ref: false })])
    return {
      code: this.#child.exitCode,
      milliseconds: performance.now() - started,
      orphans: await outlived(this.pid),
    }
  }

  async dispose(): Promise<void> {
    try {
      process.kill(-this.pid, 'SIGKILL')
    } catch {
      // Nobody left.
    }
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.#exited
    if (this.#ownFolder) rmSync(this.userDir, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** Whether anybody of the process group is still there a moment after its leader. */
async function outlived(group: number): Promise<boolean> {
  for (let look = 0; look < 30; look += 1) {
    try {
      process.kill(-group, 0)
    } catch {
      return false
    }
    await sleep(100)
  }
  return true
}

/** A user folder with the package linked into it, as `npm install <folder>` does. */
export function newUserDir(): string {
  const userDir = mkdtempSync(join(tmpdir(), 'ysh-node-red-'))
  const scope = join(userDir, 'node_modules', '@ysh')
  mkdirSync(scope, { recursive: true })
  symlinkSync(packageFolder, join(scope, 'node-red-data-pipeline'), 'dir')
  const { version }: { version: string } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8'))
  // The editor's tips come after a while, and throw where the side bar has no place for them (Node-RED 5.0).
  const view = { 'view-show-tips': false, 'view-show-welcome-tours': false }
  writeFileSync(join(userDir, '.config.users.json'), JSON.stringify({ _: { editor: { view } } }))
  writeFileSync(
    join(userDir, 'package.json'),
    JSON.stringify({ name: 'user', version: '0.0.1', private: true, dependencies: { [packageName]: version } }),
  )
  return userDir
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return address.port
}
