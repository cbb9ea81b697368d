import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { parse } from 'acorn'
import { packageFolder } from '../helpers/node-red.ts'
import { filesUnder, packageJson, read } from './package-files.ts'

/** What a module imports, statically and at run time, where it says so in a literal. */
function sourcesIn(node: unknown): string[] {
  if (typeof node !== 'object' || node === null) return []
  const inner = Object.values(node).flatMap(sourcesIn)
  if (!('type' in node) || !/^(Import|Export)/.test(String(node.type)) || !('source' in node)) return inner
  const { source } = node
  const value = typeof source === 'object' && source !== null && 'value' in source ? source.value : undefined
  return typeof value === 'string' ? [value, ...inner] : inner
}

describe('the packed package', { timeout: 120_000 }, () => {
  const { stdout, stderr } = spawnSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    encoding: 'utf8',
    cwd: packageFolder,
    timeout: 100_000,
  })
  const packed: [{ files: { path: string }[] }] = JSON.parse(stdout || stderr)
  const files = new Set(packed[0].files.map(({ path }) => path))

  test('holds every node with its form, texts, help and icon', () => {
    for (const [name, file] of Object.entries(packageJson['node-red'].nodes)) {
      const folder = dirname(file)
      for (const part of [
        file,
        join(folder, `${name}.html`),
        ...['en-US', 'pt-BR'].flatMap((language) => [
          join(folder, 'locales', language, `${name}.json`),
          join(folder, 'locales', language, `${name}.html`),
        ]),
      ]) {
        assert.ok(files.has(part), part)
      }
      for (const icon of filesUnder(`nodes/${name}/icons`, '.svg')) assert.ok(files.has(join('dist', icon)), icon)
    }
  })

  test('holds what the code reads beside itself', () => {
    for (const ending of ['.json', '.sql', '.wasm']) {
      for (const file of filesUnder('lib', ending).filter((path) => !path.includes('assembly'))) {
        assert.ok(files.has(join('dist', file)), file)
      }
    }
  })

  test('holds the examples and flows, and none of the sources and tests', () => {
    for (const file of [...filesUnder('examples', '.json'), ...filesUnder('flows', '.json')])
      assert.ok(files.has(file), file)
    const foreign = [...files].filter(
      (file) => /^(test|bench|build|nodes|lib|node_modules|docs\/images)\//.test(file) || /(?<!\.d)\.ts$/.test(file),
    )
    assert.deepEqual(foreign, [])
  })

  test('needs nothing at run time that is no dependency of it', () => {
    const optional = new Set(Object.keys(packageJson.optionalDependencies ?? {}))
    for (const name of Object.keys(packageJson.peerDependencies ?? {})) optional.add(name)
    const needed = new Map<string, string>()
    for (const file of filesUnder('dist', '.js')) {
      for (const target of sourcesIn(parse(read(file), { ecmaVersion: 'latest', sourceType: 'module' }))) {
        const name = /^(@[^/]+\/)?[^/]+/.exec(target)?.[0] ?? target
        if (!target.startsWith('.') && !target.startsWith('node:')) needed.set(name, file)
      }
    }
    assert.ok(needed.has('pg') && needed.has('ajv'), 'the imports were read')
    for (const [name, file] of needed) {
      assert.ok(name in packageJson.dependencies || optional.has(name), `${file} imports ${name}`)
    }
  })
})
