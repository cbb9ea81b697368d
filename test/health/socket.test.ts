import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { health } from '../../lib/health/command.ts'
import { askHealth, healthSocket, serveHealth } from '../../lib/health/socket.ts'

const folder = mkdtempSync(join(tmpdir(), 'ysh-health-'))
after(() => rmSync(folder, { recursive: true, force: true }))
let usualDir: string | undefined
const well = async () => ({ healthy: true, line: 'the flows run' })

async function command(args: string[], env: Record<string, string> = {}) {
  const said: string[] = []
  const code = await health(args, {
    env,
    out: (text) => said.push(text),
    err: (text) => said.push(`! ${text}`),
    usualDir: () => usualDir,
  })
  return { code, said: said.join('\n') }
}

describe('the health socket', () => {
  test('gives its line to whoever asks, to this user only, and is gone when it ends', async () => {
    const path = join(folder, 'a.sock')
    const end = await serveHealth(path, well)
    assert.equal(statSync(path).mode & 0o777, 0o600)
    assert.deepEqual(await command([path]), { code: 0, said: 'healthy: the flows run' })
    assert.deepEqual(await command([], { YSH_HEALTH_SOCKET: path }), { code: 0, said: 'healthy: the flows run' })
    end()
    assert.equal(existsSync(path), false)
    assert.deepEqual(await command([path]), {
      code: 1,
      said: 'unhealthy: Node-RED is not running, or not ready yet (ENOENT)',
    })
  })

  test('is 1 for what is not well, also where looking fails', async () => {
    const path = join(folder, 'b.sock')
    const end = await serveHealth(path, async () => ({ healthy: false, line: 'the flows are stopped' }))
    assert.deepEqual(await command([path]), { code: 1, said: 'unhealthy: the flows are stopped' })
    end()
    const broken = await serveHealth(path, () => Promise.reject(new Error('postgresql://user:secret@host')))
    assert.deepEqual(await command([path]), { code: 1, said: 'unhealthy: the health could not be looked at' })
    broken()
  })

  test('takes the place of a killed process, and not of a living one', async () => {
    const path = join(folder, 'c.sock')
    const program = `require('node:net').createServer((s) => s.on('error', () => {}).end('healthy: another\\n')).listen(${JSON.stringify(path)}, () => console.log('up'))`
    const other = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(other.stdout, 'data')
    await assert.rejects(serveHealth(path, well), { code: 'EADDRINUSE' })
    assert.equal((await askHealth(path, 1_000)).line, 'another')
    other.kill('SIGKILL')
    await once(other, 'exit')
    assert.equal(existsSync(path), true)
    assert.equal((await askHealth(path, 1_000)).line, 'Node-RED is not running, or not ready yet (ECONNREFUSED)')
    const end = await serveHealth(path, well)
    assert.equal((await askHealth(path, 1_000)).healthy, true)
    end()
  })

  test('does not wait for one that is silent, that says something else, or too much', async () => {
    const path = join(folder, 'd.sock')
    let say = ''
    const server = createServer((socket) => {
      socket.on('error', () => {}) // who has read enough hangs up
      if (say !== '') socket.end(say)
    }).listen(path)
    await once(server, 'listening')
    assert.equal((await askHealth(path, 200)).line, 'Node-RED does not answer within 0.2 s')
    for (const text of ['HTTP/1.1 200 OK\r\n', 'healthy: cut off', `healthy: ${'x'.repeat(100_000)}`]) {
      say = text
      assert.deepEqual(await askHealth(path, 2_000), { healthy: false, line: 'Node-RED ended before it answered' })
    }
    server.close()
  })

  test('is where the environment says, else in the user folder', async () => {
    assert.equal(healthSocket({ YSH_HEALTH_SOCKET: '/tmp/x.sock' }, '/data'), '/tmp/x.sock')
    assert.equal(healthSocket({ YSH_HEALTH_SOCKET: ' ' }, '/data'), join('/data', 'ysh-health.sock'))
    assert.equal(healthSocket({}, undefined), undefined)
    assert.equal((await command([])).code, 2)
    usualDir = '/nowhere'
    assert.match((await command([])).said, /^unhealthy: Node-RED is not running/)
    usualDir = undefined
    assert.equal((await command(['a', 'b'])).code, 2)
    assert.equal((await command(['--help'])).code, 2)
  })
})
