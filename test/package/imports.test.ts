import assert from 'node:assert/strict'
import { posix } from 'node:path'
import { describe, test } from 'node:test'
import { filesUnder, read } from './package-files.ts'

interface Import {
  from: string
  to: string
  /** `import type`: gone at run time. */
  typeOnly: boolean
}

const statement =
  /(?:^|\n)\s*(?:import|export)\s+(type\s+)?[^'"`;]*?from\s*['"]([^'"]+)['"]|(?:^|[^.\w])import\s*\(\s*['"]([^'"]+)['"]\s*\)|(?:^|\n)import\s+['"]([^'"]+)['"]/g

const imports: Import[] = ['lib', 'nodes', 'build', 'settings', 'lambda'].flatMap((folder) =>
  filesUnder(folder, '.ts').flatMap((from) =>
    [...read(from).matchAll(statement)].map(([, type, named, dynamic, bare]) => {
      const target = named ?? dynamic ?? bare ?? ''
      const to = target.startsWith('.') ? posix.join(posix.dirname(from), target) : target
      return { from, to, typeOnly: type !== undefined }
    }),
  ),
)

/** The imports that go from files below one folder to something that matches. */
const going = (from: string, to: RegExp) => imports.filter((each) => each.from.startsWith(from) && to.test(each.to))
const shown = (found: Import[]) => found.map(({ from, to }) => `${from} -> ${to}`)

describe('imports go one way', () => {
  test('the graph was read', () => {
    assert.ok(imports.length > 200)
    assert.ok(imports.some(({ from, to }) => from === 'nodes/kit/step-node.ts' && to === 'lib/steps/step.ts'))
  })

  test('nothing under lib/ knows Node-RED or the nodes', () => {
    assert.deepEqual(shown(going('lib/', /^(nodes|build|test)\/|^@?node-red|^@types\/node-red/)), [])
  })

  test('the settings use the package, and no code of it uses them', () => {
    assert.ok(going('settings/', /^lib\//).length > 0)
    assert.deepEqual(shown(going('settings/', /^(nodes|build|test)\//)), [])
    assert.ok(going('lambda/', /^lib\//).length > 0)
    assert.deepEqual(shown(going('lambda/', /^(nodes|settings|build|test)\//)), [])
    assert.deepEqual(shown(going('lib/', /^lambda\//)), [])
    assert.deepEqual(shown([...going('lib/', /^settings\//), ...going('nodes/', /^settings\//)]), [])
  })

  test('stores and net use neither runs nor steps; runs use no steps; models use only net', () => {
    const real = (found: Import[]) => shown(found.filter((each) => !each.typeOnly))
    assert.deepEqual(real(going('lib/stores/', /^lib\/(steps|runs)\//)), [])
    assert.deepEqual(real(going('lib/net/', /^lib\/(steps|runs|stores)\//)), [])
    assert.deepEqual(real(going('lib/runs/', /^lib\/steps\//)), [])
    assert.deepEqual(shown(going('lib/governor/', /^lib\/(?!governor\/|[^/]+$)/)), [])
    assert.deepEqual(real(going('lib/models/', /^lib\/(steps|runs|stores)\//)), [])
    assert.deepEqual(
      real(going('lib/', /^lib\/models\//).filter(({ from }) => !/^lib\/(steps|models)\//.test(from))),
      [],
    )
  })

  test('whoever counts knows the meter, which knows nobody: what reads and sends metrics is for the nodes', () => {
    const meter = going('lib/metrics/', /^(?!lib\/metrics\/[^/]+$|lib\/errors\.ts$|node:)/)
    assert.deepEqual(shown(meter.filter(({ from }) => /^lib\/metrics\/[^/]+$/.test(from))), [])
    const deep = going('lib/', /^lib\/(metrics\/\w+\/|vendor\/prometheus)/)
    assert.deepEqual(shown(deep.filter(({ from }) => !from.startsWith('lib/metrics/'))), [])
  })

  test('backups use the stores, what runs know and secrets; only the command line and the nodes use them', () => {
    const below = /^lib\/(backup|runs|stores|secrets)\/|^lib\/[^/]+$|^node:/
    assert.ok(going('lib/backup/', /./).length > 30)
    assert.deepEqual(shown(going('lib/backup/', /./).filter(({ to }) => !below.test(to))), [])
    assert.deepEqual(
      shown(going('lib/', /^lib\/backup\//).filter(({ from }) => !/^lib\/(backup|cli)\//.test(from))),
      [],
    )
  })

  test('the API uses steps and what is below them; only the nodes use it; nobody but lib/vendor names a library that the build inlines', () => {
    const below =
      /^lib\/(api|steps|runs|stores|net|models|vendor)\/|^lib\/metrics\/[^/]+$|^lib\/[^/]+$|^(?!lib\/|nodes\/|build\/|test\/)/
    assert.deepEqual(shown(going('lib/api/', /./).filter(({ to }) => !below.test(to))), [])
    assert.deepEqual(shown(going('lib/', /^lib\/api\//).filter(({ from }) => !/^lib\/(api|cli)\//.test(from))), [])
    assert.deepEqual(shown(going('lib/vendor/', /^\.|^(lib|nodes|build)\//)), [])
    const vendored = new Set(going('lib/vendor/', /./).map(({ to }) => to))
    assert.ok(vendored.size > 3)
    assert.deepEqual(shown(imports.filter(({ from, to }) => !from.startsWith('lib/vendor/') && vendored.has(to))), [])
  })

  test('the nodes use no part of Node-RED but what it hands them', () => {
    assert.deepEqual(shown(going('nodes/', /^@?node-red/)), [])
  })

  test("nothing that runs in a browser uses Node's modules, and nothing in Node uses the editor's", () => {
    // The rules of the flow check and the compiler that they ask are for both, and use nothing but themselves.
    const shared = /^lib\/(flow-check\/|portable\/(plan\/(?!schema)|canonical\.ts$)|errors\.ts$)/
    const both = [...going('lib/flow-check/', /./), ...going('lib/portable/plan/', /./)]
    const own = both.filter(({ from, typeOnly }) => from !== 'lib/portable/plan/schema.ts' && !typeOnly)
    assert.deepEqual(shown(own.filter(({ to }) => !shared.test(to))), [])
    const editor = imports
      .filter(({ from }) => from.includes('/editor/') || from.endsWith('/editor.ts'))
      .filter(({ from }) => from.startsWith('nodes/'))
    assert.deepEqual(
      shown(
        editor.filter(
          ({ to, typeOnly }) => !typeOnly && (to.startsWith('node:') || (to.startsWith('lib/') && !shared.test(to))),
        ),
      ),
      [],
    )
    const runtime = imports.filter(
      ({ from }) => from.startsWith('nodes/') && !editor.some((each) => each.from === from),
    )
    assert.deepEqual(shown(runtime.filter(({ to, typeOnly }) => !typeOnly && /editor(\.ts|\/)/.test(to))), [])
  })
})
