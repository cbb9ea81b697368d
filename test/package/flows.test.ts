import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { before, describe, test } from 'node:test'
import { nodeSources } from '../../build/nodes.ts'
import { subflowSources } from '../../build/subflows.ts'
import { coerce } from '../../lib/coerce.ts'
import { parser } from '../../lib/schema.ts'
import { LimitsSchema } from '../../nodes/kit/declaration.ts'
import type { FlowNode } from '../helpers/node-red.ts'
import { filesUnder, packageJson, read } from './package-files.ts'

const require = createRequire(import.meta.url)
const sources = new Map((await nodeSources()).map((source) => [source.type, source]))
const subflows = new Map(subflowSources([...sources.values()]).map((source) => [String(source.type), source]))

/** Types of Node-RED itself, from its templates. */
function coreTypes(): Set<string> {
  const core = join(dirname(require.resolve('@node-red/nodes/package.json')), 'core')
  const types = new Set(['tab', 'subflow', 'group', 'junction', 'global-config'])
  for (const entry of readdirSync(core, { recursive: true, withFileTypes: true })) {
    if (!entry.name.endsWith('.html')) continue
    const html = readFileSync(join(entry.parentPath, entry.name), 'utf8')
    for (const [, type] of html.matchAll(/data-template-name="([^"]+)"/g)) types.add(type ?? '')
  }
  return types
}
const core = coreTypes()

/** JSONata of Node-RED, by which a flow gives its settings their defaults. */
const jsonata: (expression: string) => {
  assign(name: string, value: (name: string) => string): void
  evaluate(input: object): Promise<unknown>
} = createRequire(require.resolve('@node-red/util/package.json'))('jsonata')

/** What a flow's settings are where nothing is set in the environment. */
async function defaults(nodes: readonly FlowNode[]): Promise<Map<string, unknown>> {
  const found = new Map<string, unknown>()
  for (const { env } of nodes) {
    if (!Array.isArray(env)) continue
    for (const { name, value, type } of env) {
      if (type !== 'jsonata') {
        found.set(name, value)
        continue
      }
      const expression = jsonata(value)
      expression.assign('env', () => '')
      found.set(name, await expression.evaluate({}))
    }
  }
  return found
}

const files = ['flows', 'subflows', 'examples'].flatMap((folder) => filesUnder(folder, '.json'))

describe('flows and examples', () => {
  test('there are some', () => assert.ok(files.length > 1))

  for (const file of files) {
    describe(file, () => {
      const written: FlowNode[] = JSON.parse(read(file))
      let nodes = written
      before(async () => {
        const settings = await defaults(written)
        nodes = written.map((node) => {
          const entries = Object.entries(node).map(([name, value]): [string, unknown] => {
            const [, setting] = typeof value === 'string' ? (/^\$\{(\S+)\}$/.exec(value) ?? []) : []
            if (setting === undefined) return [name, value]
            assert.ok(settings.has(setting), `${node.id}.${name}: ${setting} has no default`)
            return [name, settings.get(setting)]
          })
          return { ...Object.fromEntries(entries), id: node.id, type: node.type }
        })
      })
      const byId = new Map(written.map((node) => [node.id, node]))

      test('is a list of nodes with ids of their own', () => {
        assert.ok(Array.isArray(written))
        assert.equal(byId.size, written.length)
      })

      test('uses only nodes of Node-RED and of this package', () => {
        for (const { type } of nodes) {
          const ours = sources.has(type) || subflows.has(type)
          assert.ok(core.has(type) || ours || byId.has(type.replace(/^subflow:/, '')), type)
        }
      })

      test('names this package, so that an editor without it can say what to install', () => {
        const modules = nodes.find(({ type }) => type === 'global-config')?.modules
        assert.deepEqual(modules, { [packageJson.name]: packageJson.version })
      })

      test('begins with a comment and holds no secrets', () => {
        assert.ok(nodes.some(({ type }) => type === 'comment'))
        for (const node of nodes) assert.equal('credentials' in node, false, node.id)
      })

      test('is wired to nodes that are there', () => {
        for (const { id, z, wires } of nodes) {
          if (typeof z === 'string' && z !== '') assert.ok(byId.has(z), `${id} is on no tab`)
          if (!Array.isArray(wires)) continue
          for (const target of wires.flat()) assert.ok(byId.has(String(target)), `${id} -> ${target}`)
        }
      })

      test('has settings that their nodes take', () => {
        for (const node of nodes) {
          const source = sources.get(node.type)
          if (source === undefined) continue
          const { declaration } = source
          const given = coerce(declaration.config, node)
          for (const [name, { type, required = true }] of Object.entries(declaration.references ?? {})) {
            if (!required && (node[name] ?? '') === '') continue
            const target = nodes.find(({ id }) => id === node[name])
            assert.equal(target?.type, type, `${node.id}.${name}`)
            const known = sources.get(type)
            if (name in declaration.config.properties && target && known)
              given[name] = coerce(known.declaration.config, target)
          }
          assert.deepEqual(parser(declaration.config, node.id).problems(given), [], node.id)
          assert.deepEqual(parser(LimitsSchema, node.id).problems(coerce(LimitsSchema, node)), [], node.id)
          if (declaration.category !== 'config') {
            assert.equal((node.wires as unknown[]).length, declaration.outputs?.length ?? 0, `${node.id}: outputs`)
          }
        }
      })

      test("has a value for each property of a subflow's node, as the editor saves it", () => {
        for (const node of nodes) {
          const { module, spec } = subflows.get(node.type) ?? {}
          if (module === undefined || spec === undefined) continue
          // Node-RED starts no node of a subflow that lacks one
          for (const { name } of module.env) assert.equal(typeof node[name], 'string', `${node.id}.${name}`)
          for (const [name, { type }] of Object.entries(spec.references))
            assert.equal(nodes.find(({ id }) => id === node[name])?.type, type, `${node.id}.${name}`)
          assert.equal((node.wires as unknown[]).length, module.out.length, `${node.id}: outputs`)
        }
      })
    })
  }
})
