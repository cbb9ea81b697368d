import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { main } from '../../lib/cli/main.ts'
import { hashSync } from '../../lib/vendor/bcrypt.ts'
import { adminAuth } from '../../settings/login.ts'
import { code } from '../helpers/pipeline-error.ts'

describe("the editor's login", () => {
  let userDir: string
  let shown: string
  beforeEach(() => {
    userDir = mkdtempSync(join(tmpdir(), 'ysh-login-'))
    shown = ''
  })
  afterEach(() => rmSync(userDir, { recursive: true }))
  const auth = (
    { password, hash }: { password?: string; hash?: string } = {},
    { isTerminal = true, user = 'admin' } = {},
  ) =>
    adminAuth({
      ...{ userDir, user, password, hash },
      showing: {
        isTerminal,
        write: (text) => {
          shown += text
        },
      },
    })
  const first = () => join(userDir, 'first-admin-password')
  const passwordIn = (text: string) => /\w{6}(-\w{6}){3}/.exec(text)?.[0] ?? ''

  test('is made at the first start and shown once on the terminal; only its hash is kept, for the owner', async () => {
    const login = auth()
    const made = passwordIn(shown)
    assert.notEqual(made, '')
    assert.deepEqual(await login.authenticate('admin', made), { username: 'admin', permissions: '*' })
    const kept = join(userDir, 'admin-login.json')
    assert.equal(statSync(kept).mode & 0o777, 0o600)
    assert.doesNotMatch(readFileSync(kept, 'utf8'), new RegExp(made))
    assert.equal(existsSync(first()), false)
    shown = ''
    const second = auth()
    assert.equal(shown, '')
    assert.notEqual(await second.authenticate('admin', made), null)
  })

  test('without a terminal it lies in a file for the owner, until the first login', async () => {
    const login = auth({}, { isTerminal: false })
    assert.match(shown, /lies in .*first-admin-password/)
    assert.equal(passwordIn(shown), '')
    assert.equal(statSync(first()).mode & 0o777, 0o600)
    const made = readFileSync(first(), 'utf8').trim()
    assert.equal(await login.authenticate('admin', 'wrong'), null)
    auth({}, { isTerminal: false })
    assert.equal(readFileSync(first(), 'utf8').trim(), made) // a restart before anybody has looked
    assert.notEqual(await login.authenticate('admin', made), null)
    assert.equal(existsSync(first()), false)
    shown = ''
    auth({}, { isTerminal: false })
    assert.equal(shown, '')
  })

  test('nobody else gets in', async () => {
    const login = auth()
    const made = passwordIn(shown)
    for (const [user, password] of [
      ['root', made],
      ['admin', made.toUpperCase()],
      ['admin', ''],
      ['admin', `${made}${'x'.repeat(100)}`],
      ['admin', { length: 1 }],
      [undefined, undefined],
    ])
      assert.equal(await login.authenticate(user, password), null)
    assert.equal(await login.users('root'), null)
  })

  test('may be given, as a password, a reference to one, or a hash; nothing is made then', async () => {
    const plain = auth({ password: 'given-password' }, { user: 'ana' })
    assert.notEqual(await plain.authenticate('ana', 'given-password'), null)
    assert.equal(await plain.authenticate('ana', 'given-passwort'), null)
    const hashed = auth({ hash: hashSync('hashed-password', 4) })
    assert.notEqual(await hashed.authenticate('admin', 'hashed-password'), null)
    assert.equal(await hashed.authenticate('admin', 'given-password'), null)
    const file = join(userDir, 'rotated')
    writeFileSync(file, 'password-one\n')
    const referred = auth({ password: `file:${file}` })
    assert.notEqual(await referred.authenticate('admin', 'password-one'), null)
    writeFileSync(file, 'password-two\n')
    assert.equal(await referred.authenticate('admin', 'password-one'), null)
    assert.notEqual(await referred.authenticate('admin', 'password-two'), null)
    rmSync(file)
    assert.equal(await referred.authenticate('admin', 'password-two'), null)
    assert.equal(existsSync(join(userDir, 'admin-login.json')), false)
    assert.throws(() => auth({ hash: 'password' }), code('SETTINGS_INVALID', /bcrypt/))
    assert.throws(() => auth({ password: 'x', hash: 'y' }), code('SETTINGS_INVALID', /not both/))
  })

  test('who lost it makes a new one by a command, which holds at once', async () => {
    const login = auth()
    const old = passwordIn(shown)
    writeFileSync(join(userDir, 'flows.json'), '[]')
    let out = ''
    const run = (env: Record<string, string>, ...args: string[]) =>
      main(['admin-password', ...args], {
        env,
        out: (text) => {
          out += text
        },
        err: (text) => {
          out += text
        },
      })
    assert.equal(await run({}, '--user-dir', userDir), 0)
    const made = passwordIn(out)
    assert.equal(await login.authenticate('admin', old), null)
    assert.notEqual(await login.authenticate('admin', made), null)
    assert.equal(await run({ NODE_RED_ADMIN_PASSWORD: 'x', NODE_RED_USER_DIR: userDir }), 2)
    assert.match(out, /given by NODE_RED_ADMIN_PASSWORD: change it there/)
    assert.equal(await run({ NODE_RED_USER_DIR: tmpdir() }), 2)
    assert.notEqual(await login.authenticate('admin', made), null)
  })

  test('made by root, it belongs to the owner of the folder', {
    skip: process.getuid?.() !== 0 && 'needs root',
  }, () => {
    spawnSync('chown', ['65534:65534', userDir])
    auth()
    assert.equal(statSync(join(userDir, 'admin-login.json')).uid, 65_534)
  })
})
