import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type EmbeddedFolder, embeddedFolder } from '../../helpers/embedded-folder.ts'
import { type FlowNode, type NodeRed, newUserDir, packageFolder, startNodeRed } from '../../helpers/node-red.ts'
import { type PostgresServer, startPostgres } from '../../helpers/postgres-server.ts'
import { noRedis, type RedisServer, startRedis } from '../../helpers/redis-server.ts'

/** What HEALTHCHECK runs. */
async function ask(userDir: string): Promise<{ code: number | null; line: string; milliseconds: number }> {
  const started = performance.now()
  const command = join(packageFolder, 'dist', 'lib', 'health', 'main.js')
  const child = spawn(process.execPath, [command], { env: { NODE_RED_USER_DIR: userDir } })
  let line = ''
  for await (const part of child.stdout) line += String(part)
  for await (const part of child.stderr) line += String(part)
  if (child.exitCode === null) await new Promise((resolve) => child.once('exit', resolve))
  return { code: child.exitCode, line: line.trim(), milliseconds: performance.now() - started }
}

/** Asks until the line matches. */
async function until(userDir: string, code: number, pattern: RegExp): Promise<string> {
  const deadline = performance.now() + 45_000
  for (;;) {
    const said = await ask(userDir)
    if (said.code === code && pattern.test(said.line)) return said.line
    if (performance.now() > deadline) assert.fail(`${pattern} with ${code} never came: ${said.code} ${said.line}`)
    await sleep(200)
  }
}

function flows(stores: Record<string, unknown>): FlowNode[] {
  return [
    { id: 'tab', type: 'tab', label: 'test' },
    { id: 'stores', type: 'ysh-stores', name: 'Dados', keepDays: 90, allowAddresses: '', ...stores },
    ...[
      { id: 'run', type: 'ysh-run', stores: 'stores', schedule: '', payload: '{}', wires: [['end']] },
      { id: 'end', type: 'ysh-run-end', stores: 'stores', wires: [[], []] },
    ].map((node) => ({ ...node, z: 'tab', x: 100, y: 100 })),
  ]
}

describe('the health of a Node-RED on servers', { timeout: 240_000, skip: noRedis }, () => {
  let postgres: PostgresServer
  let redis: RedisServer
  let red: NodeRed
  const password = 'of-redis-secret'
  const deploy = async (nodes: FlowNode[]) => {
    const response = await fetch(`${red.url}/flows`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(nodes),
    })
    assert.ok(response.ok, await response.text())
  }
  const good = () => flows({ postgresUrl: postgres.url, redisUrl: redis.url })
  before(async () => {
    ;[postgres, redis] = await Promise.all([startPostgres(), startRedis({ password })])
    red = await startNodeRed({ flows: good(), settings: { runtimeState: { enabled: true } } })
  })
  after(async () => {
    await red?.dispose()
    await redis?.stop()
    await postgres?.stop()
  })

  test('is good when flows run and stores answer; asking is quick', async (context) => {
    assert.equal(await until(red.userDir, 0, /./), 'healthy: the flows run; PostgreSQL, Redis, files answer')
    const { milliseconds } = await ask(red.userDir)
    context.diagnostic(`asked in ${Math.round(milliseconds)} ms`)
  })

  test('names a Redis that is gone, or silent, and says when it is back', async () => {
    await redis.kill()
    const line = await until(red.userDir, 1, /Redis/)
    assert.match(line, /^unhealthy: Redis of the stores "Dados" does not answer: STORE_(UNAVAILABLE|TIMEOUT)$/)
    assert.ok(!line.includes(password))
    await redis.start()
    await until(red.userDir, 0, /Redis/)
    redis.pause()
    await until(red.userDir, 1, /Redis of the stores "Dados" does not answer: STORE_TIMEOUT/)
    redis.resume()
    await until(red.userDir, 0, /Redis/)
  })

  test('says that the flows are stopped', async () => {
    const state = (state: string) =>
      fetch(`${red.url}/flows/state`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ state }),
      })
    assert.ok((await state('stop')).ok)
    assert.equal(await until(red.userDir, 1, /./), 'unhealthy: the flows are stopped')
    assert.ok((await state('start')).ok)
    await until(red.userDir, 0, /./)
  })

  test('names a missing node type', async () => {
    await deploy([...good(), { id: 'x', type: 'someone-elses\nnode', z: 'tab', x: 1, y: 1, wires: [] }])
    assert.equal(
      await until(red.userDir, 1, /./),
      'unhealthy: the flows are stopped: node types are missing: someone-elses node',
    )
    await deploy(good())
    await until(red.userDir, 0, /./)
  })

  test('names stores that are set up wrongly, and those that cannot be opened', async () => {
    await deploy(flows({ postgresUrl: postgres.url, allowAddresses: ['not an address!'] }))
    assert.match(await until(red.userDir, 1, /set up/), /^unhealthy: the stores "Dados" are set up wrongly: [A-Z_]+$/)
    await deploy(flows({ postgresUrl: 'postgresql://nobody:secret@127.0.0.1:9/none' }))
    assert.equal(
      await until(red.userDir, 1, /cannot/),
      'unhealthy: the stores "Dados" cannot be opened: STORE_UNAVAILABLE',
    )
    await deploy(good())
    await until(red.userDir, 0, /./)
  })

  test('names a PostgreSQL that is gone; after SIGTERM nobody answers', async () => {
    await postgres.stop()
    assert.match(
      await until(red.userDir, 1, /PostgreSQL/),
      /PostgreSQL of the stores "Dados" does not answer: STORE_UNAVAILABLE/,
    )
    assert.equal((await red.stop()).code, 0)
    assert.equal(existsSync(join(red.userDir, 'ysh-health.sock')), false)
    assert.match((await ask(red.userDir)).line, /^unhealthy: Node-RED is not running/)
  })
})

describe('the health of a Node-RED without an editor', { timeout: 120_000 }, () => {
  let data: EmbeddedFolder
  const userDir = newUserDir()
  before(async () => {
    data = await embeddedFolder()
  })
  after(async () => {
    await data?.remove()
    rmSync(userDir, { recursive: true, force: true, maxRetries: 5 })
  })

  for (const version of [4, 5] as const) {
    test(`Node-RED ${version} tells it, also where the one before was killed`, async () => {
      const red = await startNodeRed({
        version,
        userDir,
        flows: flows({ folder: data.path }),
        settings: { httpAdminRoot: false },
      })
      try {
        assert.equal((await fetch(`${red.url}/flows`)).status, 404)
        assert.equal(await until(userDir, 0, /./), 'healthy: the flows run; embedded PostgreSQL, files answer')
      } finally {
        await red.dispose() // SIGKILL: the socket stays behind
      }
      assert.match((await ask(userDir)).line, /not running, or not ready yet \(ECONNREFUSED\)/)
    })
  }

  test('stores that nobody uses are not opened for it', async () => {
    const red = await startNodeRed({ flows: flows({ folder: data.path }).slice(0, 2) })
    try {
      assert.equal(await until(red.userDir, 0, /./), 'healthy: the flows run; no stores are in use')
    } finally {
      await red.dispose()
    }
  })
})
