import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { credentialSecret } from '../../lib/settings/credential-secret.ts'
import { packageFolder } from '../helpers/node-red.ts'
import { code } from '../helpers/pipeline-error.ts'

/** Node-RED's own store of credentials. */
interface NodeRedCredentials {
  init(runtime: object): void
  load(credentials: object): Promise<void>
  add(id: string, values: object): Promise<void>
  get(id: string): Record<string, string> | undefined
  export(): Promise<object>
}
const credentials: NodeRedCredentials = createRequire(join(packageFolder, 'node_modules/node-red/package.json'))(
  '@node-red/runtime/lib/nodes/credentials',
)

describe("the secret of the flows' credentials", () => {
  let userDir: string
  beforeEach(() => {
    userDir = mkdtempSync(join(tmpdir(), 'ysh-credentials-'))
  })
  afterEach(() => rmSync(userDir, { recursive: true }))
  const file = () => join(userDir, 'flows_cred.json')
  const silent = { debug() {}, warn() {}, _: () => '' }
  /** Node-RED as it starts with a secret; throws what it throws. */
  async function nodeRed(secret: string): Promise<void> {
    credentials.init({
      log: silent,
      settings: { get: (name: string) => (name === 'credentialSecret' ? secret : undefined), set: async () => {} },
    })
    await credentials.load(existsSync(file()) ? JSON.parse(readFileSync(file(), 'utf8')) : {})
  }
  async function save(secret: string): Promise<void> {
    await nodeRed(secret)
    await credentials.add('node', { password: 'kept' })
    writeFileSync(file(), JSON.stringify(await credentials.export()))
  }

  test('is made once, for the owner only, and Node-RED opens with it what it closed', async () => {
    const made = credentialSecret(userDir, {})
    assert.equal(statSync(join(userDir, 'credential-secret')).mode & 0o777, 0o600)
    assert.ok(made.length >= 40)
    await save(made)
    assert.doesNotMatch(readFileSync(file(), 'utf8'), /kept|password/)
    assert.equal(credentialSecret(userDir, {}), made)
    await nodeRed(made)
    assert.equal(credentials.get('node')?.password, 'kept')
  })

  test('lost or wrong, it says the ways out, where Node-RED would start without its flows', async () => {
    const made = credentialSecret(userDir, {})
    await save(made)
    const before = readFileSync(file(), 'utf8')
    await assert.rejects(nodeRed('another secret of 16'), /decrypt/)
    rmSync(join(userDir, 'credential-secret'))
    for (const given of [undefined, 'another secret of 16']) {
      assert.throws(
        () => credentialSecret(userDir, { given }),
        code('SETTINGS_INVALID', /backup.*NODE_RED_CREDENTIAL_SECRET_PREVIOUS.*move flows_cred\.json away/),
      )
    }
    assert.equal(existsSync(join(userDir, 'credential-secret')), false)
    assert.equal(readFileSync(file(), 'utf8'), before)
  })

  test('is changed by giving the new one, with the old one made here or given as the previous', async () => {
    await save(credentialSecret(userDir, {}))
    const [first, second] = ['a first given secret', 'a second given secret']
    assert.equal(credentialSecret(userDir, { given: first }), first)
    await nodeRed(first)
    assert.equal(credentials.get('node')?.password, 'kept')
    assert.equal(credentialSecret(userDir, { given: second, previous: first }), second)
    await nodeRed(second)
    assert.equal(credentials.get('node')?.password, 'kept')
    assert.equal(statSync(file()).mode & 0o777, 0o600)
  })

  test('is long enough', () => {
    assert.throws(() => credentialSecret(userDir, { given: 'short' }), code('SETTINGS_INVALID', /16 characters/))
  })
})
