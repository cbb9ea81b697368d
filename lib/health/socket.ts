import { chmodSync, rmSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'

/** Name of the socket in a user folder. */
const fileName = 'ysh-health.sock'
/** An answer is one line; more than this is none of ours. */
const mostBytes = 4_096

/** Whether all is well, and one line that says what is not, without a secret. */
export interface Health {
  healthy: boolean
  line: string
}

/** Where the health of a Node-RED is asked for: `YSH_HEALTH_SOCKET`, else a socket in its user folder. Undefined without either. */
export function healthSocket(
  env: Readonly<Record<string, string | undefined>>,
  userDir: string | undefined,
): string | undefined {
  const given = env.YSH_HEALTH_SOCKET?.trim() ?? ''
  if (given !== '') return given
  return userDir === undefined ? undefined : join(userDir, fileName)
}

/**
 * Answers everybody who connects to `path` with one line, and closes: no HTTP, no route, nothing to log in to. Only this user of this
 * machine can connect. Resolves with what ends it; rejects when the path cannot be used, or another living process answers there.
 */
export async function serveHealth(path: string, ask: () => Promise<Health>): Promise<() => void> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy()) // who asked has gone
    socket.setTimeout(10_000, () => socket.destroy())
    ask().then(
      ({ healthy, line }) => socket.end(`${healthy ? 'healthy' : 'unhealthy'}: ${line}\n`),
      () => socket.end('unhealthy: the health could not be looked at\n'),
    )
  })
  server.maxConnections = 10
  try {
    await listen(server, path)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') || (await answers(path)))
      throw error
    rmSync(path, { force: true }) // left by a process that was killed
    await listen(server, path)
  }
  if (process.platform !== 'win32') chmodSync(path, 0o600)
  server.unref()
  const end = () => {
    process.off('exit', end)
    server.close()
    rmSync(path, { force: true })
  }
  process.once('exit', end)
  return end
}

/** Asks at `path`. Never rejects: whoever does not answer in time, in milliseconds, is not well. */
export function askHealth(path: string, timeoutMs: number): Promise<Health> {
  const { promise, resolve } = Promise.withResolvers<Health>()
  const unwell = (line: string) => resolve({ healthy: false, line })
  const socket = connect(path)
  let text = ''
  let broken = 'Node-RED ended before it answered'
  const timer = setTimeout(() => {
    unwell(`Node-RED does not answer within ${timeoutMs / 1_000} s`)
    socket.destroy()
  }, timeoutMs)
  socket.setEncoding('utf8')
  socket.on('data', (part) => {
    text += part
    if (text.length > mostBytes) socket.destroy()
  })
  socket.on('error', (error) => {
    broken = `Node-RED is not running, or not ready yet (${codeOf(error)})`
  })
  socket.on('close', () => {
    clearTimeout(timer)
    const [, state, line] = /^(healthy|unhealthy): ([^\n]*)\n/.exec(text) ?? []
    if (line === undefined) unwell(broken)
    else resolve({ healthy: state === 'healthy', line })
  })
  return promise
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message
}

function listen(server: Server, path: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(path, () => {
    server.off('error', reject)
    resolve()
  })
  return promise
}

/** Whether somebody accepts connections there. */
function answers(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect(path, () => resolve(true))
  socket.on('error', () => resolve(false))
  return promise.finally(() => socket.destroy())
}
