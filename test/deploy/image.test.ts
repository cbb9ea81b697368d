import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../helpers/redis-server.ts'
import { type Container, engine, startContainer } from './container.ts'
import { buildImageRoot, furnish, type ImageRoot } from './image-root.ts'

const memoryBytes = 512 * 2 ** 20
const graceMs = 45_000
const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`

describe('the image, built and run as its Dockerfile says', { timeout: 400_000 }, () => {
  let image: ImageRoot
  let container: Container | undefined
  const volume = mkdtempSync(join(tmpdir(), 'ysh-volume-'))
  let port = 0
  const start = async () => {
    container = await startContainer({
      root: image.folder,
      volume,
      memoryBytes,
      env: {
        PORT: String(port),
        NODE_RED_ADMIN_USER: 'admin',
        NODE_RED_ADMIN_PASSWORD_HASH: '$2a$08$zZWtXTja0fB1pzD4sHCMyOCMYz2Z6dNbM6tl8sJogENOMcxWV9DN.',
        NODE_RED_CREDENTIAL_SECRET: 'a secret for the credentials',
      },
    })
    return container
  }
  /** Waits for HEALTHCHECK to say yes. */
  const healthy = async (running: Container) => {
    const started = performance.now()
    for (;;) {
      const { code, line } = running.health()
      if (code === 0) return { line, milliseconds: performance.now() - started }
      if (performance.now() - started > 90_000) assert.fail(`never healthy: ${line}\n${running.output()}`)
      await sleep(500)
    }
  }
  const du = (path: string) => Number(spawnSync('du', ['-sb', path], { encoding: 'utf8' }).stdout.split('\t')[0])
  before(async () => {
    image = buildImageRoot()
    furnish(image.folder)
    if (engine.isolated) chownSync(volume, 1000, 1000)
    port = await freePort()
  })
  after(async () => {
    await container?.kill()
    image?.remove()
    rmSync(volume, { recursive: true, force: true, maxRetries: 5 })
  })

  test('is small', (context) => {
    const app = du(join(image.folder, 'app'))
    context.diagnostic(
      `${megabytes(app)}, ${megabytes(du(join(image.folder, 'app', 'template')))} of it the empty database`,
    )
    for (const line of image.output.trim().split('\n')) context.diagnostic(line)
    assert.ok(app < 260e6, megabytes(app))
  })

  test('holds no secrets, no sources and no tests of ours', () => {
    const ours = join(image.folder, 'app/node_modules/@ysh/node-red-data-pipeline')
    for (const name of ['test', 'lib', 'nodes', 'build', 'secrets', '.git', 'node_modules'])
      assert.equal(existsSync(join(ours, name)), false, name)
    for (const name of ['dist/cli.js', 'deploy/settings.cjs', 'flows/daily.json', 'LICENSE'])
      assert.ok(existsSync(join(ours, name)), name)
  })

  test('starts on an empty volume: as PID 1, as user 1000, without capabilities, on a read-only root', async (context) => {
    if (!engine.isolated) context.diagnostic(`run plainly, NOT isolated: ${engine.why}`)
    const running = await start()
    const { line, milliseconds } = await healthy(running)
    assert.equal(line, 'healthy: the flows run; embedded PostgreSQL, files answer')
    if (engine.isolated) {
      const status = running.status()
      assert.equal(status.NSpid?.split(/\s+/).at(-1), '1')
      assert.equal(status.Uid, '1000\t1000\t1000\t1000')
      assert.equal(status.NoNewPrivs, '1')
      for (const set of ['CapEff', 'CapPrm', 'CapBnd', 'CapInh', 'CapAmb'])
        assert.equal(status[set], '0000000000000000', set)
    }
    assert.doesNotMatch(running.output(), /EROFS|EACCES|EPERM|Cannot find module|unhandled/i)
    const memory = running.memory()
    context.diagnostic(`healthy ${(milliseconds / 1_000).toFixed(1)} s after its start`)
    if (memory === undefined)
      context.diagnostic('limited by prlimit: NO control group could be made, so nothing was measured')
    else {
      await sleep(3_000)
      const { now, most } = running.memory() ?? memory
      context.diagnostic(
        `${megabytes(now)} resident at rest, ${megabytes(most)} at most with page cache, of ${megabytes(memoryBytes)}`,
      )
      assert.ok(now < 400e6, megabytes(now))
    }
  })

  test('serves the editor to who logs in, and nothing to others', async () => {
    const url = `http://127.0.0.1:${port}`
    assert.equal((await fetch(`${url}/`)).status, 200)
    assert.equal((await fetch(`${url}/flows`)).status, 401)
    const body = new URLSearchParams({
      ...{ client_id: 'node-red-admin', grant_type: 'password', scope: '*' },
      ...{ username: 'admin', password: 'password' },
    })
    const answer = await fetch(`${url}/auth/token`, { method: 'POST', body })
    const login: { access_token: string } = JSON.parse(await answer.text())
    const flows = await fetch(`${url}/flows`, { headers: { authorization: `Bearer ${login.access_token}` } })
    assert.equal(flows.status, 200)
  })

  test('ends orderly on SIGTERM, within the grace time of compose.yaml', async (context) => {
    assert.ok(container)
    const { code, signal, milliseconds } = await container.stop(graceMs)
    context.diagnostic(`ended in ${(milliseconds / 1_000).toFixed(1)} s`)
    assert.deepEqual({ code, signal }, { code: 0, signal: null }, container.output())
    assert.match(container.output(), /(Stopped flows|Fluxos interrompidos)/)
    assert.equal(existsSync(join(volume, 'ysh-data/postgres/lock.json')), false)
    if (engine.isolated) assert.equal(statSync(join(volume, 'flows.json')).uid, 1000)
  })

  test('starts again on the same volume, also after it was killed', async (context) => {
    const before = readFileSync(join(volume, 'flows.json'), 'utf8')
    for (const _ of ['after SIGTERM', 'after SIGKILL']) {
      const running = await start()
      const { milliseconds } = await healthy(running)
      context.diagnostic(`healthy ${(milliseconds / 1_000).toFixed(1)} s after its start`)
      await running.kill()
    }
    assert.equal(readFileSync(join(volume, 'flows.json'), 'utf8'), before)
  })
})
