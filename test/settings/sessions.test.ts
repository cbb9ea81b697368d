import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { WebSocket } from 'ws'
import { PipelineError } from '../../lib/errors.ts'
import { Sessions } from '../../settings/sessions.ts'
import { type SafeNodeRed, startSafe } from '../helpers/safe-node-red.ts'

describe('open sessions', () => {
  let userDir: string
  let password = 'one'
  let ended = 0
  beforeEach(() => {
    userDir = mkdtempSync(join(tmpdir(), 'ysh-sessions-'))
    password = 'one'
    ended = 0
  })
  afterEach(() => rmSync(userDir, { recursive: true }))
  const sessions = (inForce = async () => password) =>
    new Sessions({
      ...{ userDir, inForce, betweenMs: 0, waitMs: 60_000 },
      end: async () => {
        ended += 1
      },
    })

  test('end once for each new password, over restarts too; what is kept does not say it', async () => {
    await sessions().look()
    assert.equal(ended, 1) // whose they are nobody knows
    const here = sessions()
    assert.deepEqual(
      [await here.look(), await here.glance(), await sessions().glance(), ended],
      [...Array(3).fill(false), 1],
    )
    password = 'two-of-it'
    assert.deepEqual([await here.glance(), await here.glance(), ended], [true, false, 2])
    assert.equal(await sessions().look(), false)
    const file = join(userDir, 'admin-sessions.json')
    assert.equal(statSync(file).mode & 0o777, 0o600)
    assert.doesNotMatch(readFileSync(file, 'utf8'), /two-of-it/)
    writeFileSync(file, '{')
    assert.equal(await sessions().look(), true)
  })

  test('go on while the password cannot be looked up, and nobody waits long for that', async () => {
    await sessions().look()
    const away = sessions(() => Promise.reject(new PipelineError('SECRET_UNAVAILABLE', 'away')))
    assert.equal(await away.glance(), false)
    await assert.rejects(away.look())
    const silent = new Sessions({ userDir, inForce: () => new Promise(() => {}), waitMs: 5 })
    assert.equal(await silent.glance(), false)
    assert.equal(ended, 1)
  })

  test('that cannot be ended let nobody in', async () => {
    const end = () => Promise.reject(new Error('no such Node-RED'))
    const stuck = new Sessions({ userDir, inForce: async () => password, end })
    await assert.rejects(stuck.look(), /no such Node-RED/)
    assert.equal(await stuck.glance(), true)
  })
})

test('a new password ends the sessions of the real Node-RED, their sockets too, at once and over a restart', {
  timeout: 240_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ysh-sessions-'))
  const file = join(folder, 'password')
  const env = { NODE_RED_ADMIN_PASSWORD_FILE: file }
  const flows = [{ id: 'tab', type: 'tab', label: 'test' }]
  let red: SafeNodeRed | undefined
  const status = async (token: string) => {
    const headers = { authorization: `Bearer ${token}` }
    return (await fetch(`${red?.url}/flows`, { headers, signal: AbortSignal.timeout(30_000) })).status
  }
  try {
    writeFileSync(file, 'password-one')
    red = await startSafe({ env, flows })
    const one = await red.login('password-one')
    assert.equal(await status(one), 200)
    const socket = new WebSocket(`${red.url.replace('http', 'ws')}/comms`)
    await once(socket, 'open')
    socket.send(JSON.stringify({ auth: one }))
    const [said] = await once(socket, 'message')
    assert.match(String(said), /ok/)

    writeFileSync(file, 'password-two')
    const closed = once(socket, 'close')
    const two = await red.login('password-two')
    await closed
    assert.deepEqual([await status(one), await status(two)], [401, 200])

    await red.stop()
    red = await startSafe({ env, userDir: red.userDir })
    assert.equal(await status(two), 200) // the same password: nobody has to log in again
    await red.stop()
    writeFileSync(file, 'password-three')
    red = await startSafe({ env, userDir: red.userDir })
    assert.equal(await status(two), 401)
    assert.equal(await status(await red.login('password-three')), 200)
  } finally {
    await red?.dispose()
    rmSync(folder, { recursive: true, force: true })
  }
})
