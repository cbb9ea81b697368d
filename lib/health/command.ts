import { existsSync } from 'node:fs'
import { usualUserDir } from '../settings/user-dir.ts'
import { askHealth, healthSocket } from './socket.ts'

/** Patience in milliseconds; the process itself waits at most three seconds for its stores. */
const timeoutMs = 8_000

/**
 * `ysh-pipeline health [SOCKET]`: asks the Node-RED of this machine how it is, and writes one line. Left out, it is the one that `npm start` has
 * beside this package. Resolves with the exit code: 0 well, 1 not, 2 nobody said where to ask.
 */
export async function health(
  args: readonly string[],
  io: {
    env: Readonly<Record<string, string | undefined>>
    out(text: string): void
    err(text: string): void
    /** The user folder where nobody says one. */
    usualDir?(): string | undefined
  },
): Promise<number> {
  const [given, ...more] = args
  const path = given ?? healthSocket(io.env, io.env.NODE_RED_USER_DIR || (io.usualDir ?? beside)())
  if (path === undefined || more.length > 0 || given?.startsWith('-')) {
    io.err('ysh-pipeline health [SOCKET]: wants the socket, or YSH_HEALTH_SOCKET, or NODE_RED_USER_DIR')
    return 2
  }
  const { healthy, line } = await askHealth(path, timeoutMs)
  io.out(`${healthy ? 'healthy' : 'unhealthy'}: ${line}`)
  return healthy ? 0 : 1
}

function beside(): string | undefined {
  const folder = usualUserDir()
  return existsSync(folder) ? folder : undefined
}
