import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { packageFolder } from '../helpers/node-red.ts'
import { entries, filesUnder, packageJson, read } from './package-files.ts'
import { registrationsIn } from './registrations.ts'

interface Semver {
  satisfies(version: string, range: string): boolean
  minVersion(range: string): { version: string }
}

const require = createRequire(import.meta.url)
const nodeRedFolder = dirname(require.resolve('node-red/package.json'))
/** Node-RED's own. */
const semver: Semver = createRequire(join(nodeRedFolder, 'package.json'))('semver')
const installed = (folder: string): { version: string; engines: { node: string } } =>
  JSON.parse(readFileSync(join(packageFolder, 'node_modules', folder, 'package.json'), 'utf8'))

// The rules of `node-red-dev validate`, which the Flow Library shows as a package's scorecard. Left out are those that need the network: whether
// other packages have the name or the types (P08, N01), and whether newer versions of the dependencies are out (D03).
describe('the Flow Library scorecard', () => {
  test('a README, without which the library refuses a package', () => assert.ok(read('README.md').length > 500))

  test('P01: a licence, with its text', () => {
    assert.equal(packageJson.license, 'MIT')
    assert.ok(existsSync(join(packageFolder, 'LICENSE')))
  })

  test('P03: repository and bugs', () => {
    assert.match(packageJson.repository?.url ?? '', /^git\+https:\/\//)
    assert.match(packageJson.bugs?.url ?? '', /^https:\/\//)
  })

  test('P04: a scoped name', () => assert.match(packageJson.name, /^@[a-z\d][\w-.]+\/[a-z\d][\w-.]*$/))

  test('P05: the keyword node-red', () => assert.ok(packageJson.keywords.includes('node-red')))

  test('P06: Node-RED 5 and 4.1 are both within node-red.version', () => {
    for (const folder of ['node-red', 'node-red-4']) {
      const { version } = installed(folder)
      assert.ok(semver.satisfies(version, packageJson['node-red'].version), version)
    }
    assert.equal(semver.satisfies('4.0.9', packageJson['node-red'].version), false)
  })

  test("P07: engines.node takes the oldest Node of Node-RED's own engines", () => {
    const oldest = semver.minVersion(installed('node-red').engines.node).version
    assert.ok(semver.satisfies(oldest, packageJson.engines.node), `${oldest} is not in ${packageJson.engines.node}`)
  })

  test('N01: types that nobody else has are told by our prefix, and are found without running anything', () => {
    for (const { name, file, html } of entries) {
      assert.match(file, /\.js$/) // the HTML of a .mjs is not found
      assert.deepEqual(
        registrationsIn(html).map(({ type }) => type),
        [name],
      )
      assert.match(name, /^ysh-[a-z0-9-]+$/)
    }
  })

  test("no property has a name that is Node-RED's own", () => {
    const own = ['id', 'type', 'wires', 'inputs', 'outputs', 'users', 'valid', 'changed']
    for (const { html } of entries) {
      for (const { type, defaults } of registrationsIn(html))
        assert.deepEqual(
          defaults.filter((name) => own.includes(name) || name.length === 1),
          [],
          type,
        )
    }
  })

  test('N02: an example for every node', () => {
    const used = new Set<string>()
    for (const file of filesUnder('examples', '.json')) {
      const nodes: unknown = JSON.parse(read(file))
      assert.ok(Array.isArray(nodes), `${file} is no list`)
      for (const node of nodes) used.add(String(node.type))
    }
    for (const { html } of entries) {
      for (const { type, literals } of registrationsIn(html)) {
        if (literals.category !== 'config') assert.ok(used.has(type), `no example uses ${type}`)
      }
    }
  })

  test('D02: no agent-base before 6 at run time', () => {
    const lock: { packages: Record<string, { version?: string; dev?: boolean }> } = JSON.parse(
      read('package-lock.json'),
    )
    for (const [path, { version = '0.0.0', dev = false }] of Object.entries(lock.packages))
      if (path.endsWith('node_modules/agent-base') && !dev) assert.ok(semver.satisfies(version, '>=6'), path)
  })

  test('D01: how many runtime dependencies', (context) => {
    const count = Object.keys(packageJson.dependencies).length
    // A warning on the scorecard, not an error: each one is a store or a format that the package exists to speak.
    if (count > 6) context.diagnostic(`${count} runtime dependencies; the scorecard warns above 6`)
    assert.ok(count <= 19, `${count} runtime dependencies`)
  })
})
