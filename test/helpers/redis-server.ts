import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** Why a test that needs a redis-server is skipped; undefined where one is found on the PATH. */
export const noRedis: string | undefined =
  spawnSync('redis-server', ['--version']).status === 0
    ? undefined
    : 'redis-server is not on the PATH (Debian: apt-get install redis-server)'

/** A Redis of a test's own. */
export interface RedisServer {
  port: number
  /** `redis://127.0.0.1:<port>`, with the password if it has one. */
  url: string
  /** Starts it again, empty, on the same port; for after {@link kill}. */
  start(): Promise<void>
  /** SIGKILL; resolves when it has gone. */
  kill(): Promise<void>
  /** SIGSTOP: it accepts connections and answers nothing, until {@link resume}. */
  pause(): void
  resume(): void
  /** Kills it and removes its folder. */
  stop(): Promise<void>
}

/** Starts a redis-server on a free port of 127.0.0.1, which keeps nothing on disk. */
export async function startRedis(options: { password?: string; args?: string[] } = {}): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'redis-'))
  const { password, args = [] } = options
  let child: ChildProcess | undefined
  const end = () => child?.kill('SIGKILL')
  process.on('exit', end)

  async function launch(port: number): Promise<boolean> {
    const started = spawn(
      'redis-server',
      [
        ...['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no'],
        ...(password === undefined ? [] : ['--requirepass', password]),
        ...args,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    child = started
    for await (const line of createInterface({ input: started.stdout })) {
      if (!line.includes('Ready to accept connections')) continue
      started.stdout.resume()
      return true
    }
    return false // the port was taken meanwhile
  }

  async function kill(): Promise<void> {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exit = once(child, 'exit')
    child.kill('SIGKILL')
    await exit
  }

  let port = 0
  for (let tries = 0; tries < 5; tries++) {
    port = await freePort()
    if (await launch(port)) break
    if (tries === 4) throw new Error('redis-server does not start')
  }
  return {
    port,
    url: `redis://${password === undefined ? '' : `:${encodeURIComponent(password)}@`}127.0.0.1:${port}`,
    async start() {
      if (!(await launch(port))) throw new Error(`redis-server does not start again on port ${port}`)
    },
    kill,
    pause: () => child?.kill('SIGSTOP'),
    resume: () => child?.kill('SIGCONT'),
    async stop() {
      await kill()
      process.off('exit', end)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** A TCP port of 127.0.0.1 that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no TCP address')
  server.close()
  await once(server, 'close')
  return address.port
}
