import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { isBuiltin } from 'node:module'
import { basename, dirname, join, posix } from 'node:path'
import { describe, test } from 'node:test'
import { parse } from 'acorn'
import { packageFolder } from '../helpers/node-red.ts'
import { filesUnder, packageJson, read } from './package-files.ts'

/** Bytes; more than half again as large as it is today wants a look. */
const mostPacked = 3_000_000

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
  const [packed]: [{ size: number; unpackedSize: number; files: { path: string; size: number }[] }] = JSON.parse(
    stdout || stderr,
  )
  const files = new Set(packed.files.map(({ path }) => path))
  const under = (folder: string) => [...files].filter((file) => file.startsWith(`${folder}/`))

  test('is as large as it has to be', (context) => {
    const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(2)} MB`
    const largest = packed.files.toSorted((a, b) => b.size - a.size).slice(0, 3)
    context.diagnostic(
      `${files.size} files, ${megabytes(packed.size)} packed, ${megabytes(packed.unpackedSize)} unpacked; ` +
        largest.map(({ path, size }) => `${path} ${megabytes(size)}`).join(', '),
    )
    assert.ok(packed.size < mostPacked, megabytes(packed.size))
  })

  test('brings what package.json says: all of `files`, README and licence, the command, each plugin', () => {
    for (const entry of packageJson.files) {
      if (entry.startsWith('!')) assert.deepEqual(under(entry.slice(1)), [], entry)
      else assert.ok(files.has(entry) || under(entry).length > 0, entry)
    }
    // licences of what the build inlines
    for (const name of ['typebox', 'jose', 'graphql', 'hyparquet-writer', 'rate-limiter-flexible'])
      assert.match(read('dist/THIRD-PARTY-NOTICES.txt'), new RegExp(`^${name} \\d`, 'm'))
    for (const file of ['README.md', 'LICENSE', 'package.json', ...Object.values(packageJson['node-red'].plugins)])
      assert.ok(files.has(file), file)
    for (const command of Object.values(packageJson.bin)) {
      assert.ok(files.has(command), command)
      assert.match(read(command), /^#!\/usr\/bin\/env node\n/)
    }
  })

  test('runs nothing when it is installed', () => {
    const atInstall = ['preinstall', 'install', 'postinstall', 'prepare']
    assert.deepEqual(
      Object.keys(packageJson.scripts).filter((name) => atInstall.includes(name)),
      [],
    )
    assert.equal(files.has('binding.gyp'), false)
  })

  test('has the same keys in the texts of both languages, as built', () => {
    const keysOf = (value: unknown, prefix = ''): string[] =>
      typeof value === 'object' && value !== null
        ? Object.entries(value).flatMap(([key, inner]) => keysOf(inner, `${prefix}.${key}`))
        : [prefix]
    const english = [...files].filter((file) => /^dist\/.*\/locales\/en-US\/[^/]+\.json$/.test(file))
    assert.equal(english.length, Object.keys(packageJson['node-red'].nodes).length)
    for (const file of english) {
      const other = file.replace('/en-US/', '/pt-BR/')
      assert.deepEqual(keysOf(JSON.parse(read(other))).sort(), keysOf(JSON.parse(read(file))).sort(), other)
    }
  })

  test('names nothing in its documents that it does not bring', () => {
    const dead: string[] = []
    let links = 0
    for (const file of [...files].filter((path) => path.endsWith('.md'))) {
      for (const [, target = ''] of read(file).matchAll(/\]\(([^)\s]+)\)/g)) {
        const [path = ''] = target.split('#')
        if (path === '' || /^[a-z]+:/.test(path)) continue
        links += 1
        const full = posix.join(posix.dirname(file), path)
        if (!files.has(full) && under(full.replace(/\/$/, '')).length === 0) dead.push(`${file}: ${target}`)
      }
    }
    assert.deepEqual(dead, [])
    assert.ok(links > 20, `${links} links: the search is broken`)
  })

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

  test('holds the examples, flows and subflows, and none of the sources, tests and maps', () => {
    for (const file of ['examples', 'flows', 'subflows'].flatMap((folder) => filesUnder(folder, '.json')))
      assert.ok(files.has(file), file)
    // the import dialog shows these and nothing else
    const offered = { flows: 'Pipelines', subflows: 'Subflows to edit' }
    for (const [folder, name] of Object.entries(offered)) {
      for (const file of filesUnder(folder, '.json')) assert.ok(files.has(join('examples', name, basename(file))), file)
    }
    assert.deepEqual(
      under('examples').filter((file) => !file.endsWith('.json')),
      [],
    )
    const foreign = [...files].filter(
      (file) =>
        /^(test|bench|build|nodes|lib|node_modules|demo|chaos|docs\/images)\//.test(file) ||
        /\.(ts|map|tsbuildinfo|log|tgz|env)$/.test(file) ||
        /(^|\/)(\.|test|tests|__tests__|assembly)(\/|$)/.test(file),
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
        if (!target.startsWith('.') && !isBuiltin(target)) needed.set(name, file)
      }
    }
    assert.ok(needed.has('pg') && needed.has('ajv'), 'the imports were read')
    for (const [name, file] of needed) {
      assert.ok(name in packageJson.dependencies || optional.has(name), `${file} imports ${name}`)
    }
  })
})
