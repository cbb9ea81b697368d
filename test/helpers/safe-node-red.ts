import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type FlowNode, packageFolder } from './node-red.ts'

/** Node-RED with the package's own settings, as `npm start` has it after the build. */
export interface SafeNodeRed {
  readonly url: string
  readonly port: number
  readonly userDir: string
  output(): string
  line(pattern: RegExp): Promise<void>
  /** A token of the admin API. */
  login(password: string, user?: string): Promise<string>
  stop(): Promise<void>
  /** Stops it and removes the folder. */
  dispose(): Promise<void>
}

export interface SafeOptions {
  env?: Record<string, string>
  flows?: FlowNode[]
  credentials?: object
  /** An earlier one's, for a restart. */
  userDir?: string
  /** Has it see a terminal, by `script` of util-linux. */
  terminal?: boolean
  https?: boolean
}

/** The command of `npm start`, without the build. */
const start: string = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')).scripts.start
const command = start.slice(start.indexOf('&&') + 2).trim()

/** Starts it, and waits for its flows. */
export async function startSafe(options: SafeOptions = {}): Promise<SafeNodeRed> {
  const userDir = options.userDir ?? mkdtempSync(join(tmpdir(), 'ysh-safe-'))
  const { flows, credentials } = options
  if (flows !== undefined) writeFileSync(join(userDir, 'flows.json'), JSON.stringify(flows))
  if (credentials !== undefined) writeFileSync(join(userDir, 'flows_cred.json'), JSON.stringify(credentials))
  const port = await freePort()
  const words = command.replace(/^node /, `exec ${process.execPath} `)
  const child = spawn(
    ...((options.terminal === true ? ['script', ['-qefc', words, '/dev/null']] : ['sh', ['-c', words]]) satisfies [
      string,
      string[],
    ]),
    {
      cwd: packageFolder,
      detached: true,
      env: { ...process.env, NODE_RED_USER_DIR: userDir, PORT: String(port), NODE_RED_LANG: 'en-US', ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (data: Buffer) => {
      text += data.toString()
      child.emit('written')
    })
  const url = `${options.https === true ? 'https' : 'http'}://127.0.0.1:${port}`
  const stop = () => end(child)
  const red: SafeNodeRed = {
    ...{ url, port, userDir, stop },
    output: () => text,
    async line(pattern) {
      const deadline = AbortSignal.timeout(90_000)
      const exited = once(child, 'exit').catch(() => undefined)
      while (!pattern.test(text)) {
        if (child.exitCode !== null) throw new Error(`Node-RED ended (${child.exitCode}):\n${text}`)
        await Promise.race([once(child, 'written', { signal: deadline }), exited])
      }
    },
    async login(password, username = 'admin') {
      const answer = await tryLogin(url, password, username)
      const { access_token: token }: { access_token?: string } = JSON.parse(await answer.text())
      if (token === undefined) throw new Error(`No login: ${answer.status}`)
      return token
    },
    async dispose() {
      await stop()
      rmSync(userDir, { recursive: true, force: true, maxRetries: 5 })
    },
  }
  try {
    await red.line(/Started flows/)
  } catch (error) {
    await (options.userDir === undefined ? red.dispose() : stop())
    throw error
  }
  return red
}

/** One try to log in. */
export function tryLogin(url: string, password: string, username = 'admin'): Promise<Response> {
  const grant = { client_id: 'node-red-admin', grant_type: 'password', scope: '*' }
  return fetch(`${url}/auth/token`, {
    method: 'POST',
    body: new URLSearchParams({ ...grant, username, password }),
    signal: AbortSignal.timeout(30_000),
  })
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const exited = once(child, 'exit')
  process.kill(-child.pid, 'SIGTERM')
  const late = setTimeout(() => child.pid !== undefined && process.kill(-child.pid, 'SIGKILL'), 30_000)
  await exited
  clearTimeout(late)
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
