import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { languages } from '../../build/catalogue.ts'
import { nodeSources } from '../../build/nodes.ts'
import { subflowSources } from '../../build/subflows.ts'
import type { FlowNode } from '../helpers/node-red.ts'
import { entries, filesUnder, read } from './package-files.ts'
import { registrationsIn } from './registrations.ts'

const subflows = subflowSources(await nodeSources())
type Definition = Pick<(typeof subflows)[number]['module'], 'in' | 'out' | 'color' | 'icon' | 'category' | 'env'>

const headings = {
  'en-US': ['Configuration', 'Details', 'References'],
  'pt-BR': ['Configuração', 'Detalhes', 'Referências'],
} as const

test('every file of subflows/ is a node of the palette', () => {
  assert.deepEqual(
    subflows.map(({ declaration }) => `subflows/${declaration.file}`),
    filesUnder('subflows', '.json'),
  )
})

for (const { type, declaration, catalogues, module, spec } of subflows) {
  describe(`the node ${type}`, () => {
    const entry = entries.find(({ name }) => name === type)
    assert.ok(entry !== undefined)
    const editable: FlowNode[] = JSON.parse(read(`subflows/${declaration.file}`))
    const definition = editable.find((node): node is FlowNode & Definition => node.type === 'subflow')
    assert.ok(definition !== undefined)
    const built: typeof module = JSON.parse(readFileSync(join(dirname(entry.file), 'subflow.json'), 'utf8'))

    test('is built from the editable subflow: the same nodes, wires, ports and looks', () => {
      assert.deepEqual(built, module)
      const shape = ({ id, type, wires, name }: FlowNode) => ({ id, type, wires, name })
      const inside = editable.filter((node) => node.z === built.id && node.type !== 'comment')
      assert.ok(inside.length > 0)
      assert.deepEqual(built.flow.map(shape), inside.map(shape))
      const { in: inputs, out, color, icon, category } = definition
      assert.deepEqual(
        [built.in, built.out, built.color, built.icon, built.category],
        [inputs, out, color, icon, category],
      )
      assert.equal(built.meta.type, type)
    })

    test('brings no config node of its own, and has a property for all that its nodes take from outside', () => {
      const configs = editable.filter((node) => node.z === undefined && node.type !== 'subflow').map(({ id }) => id)
      const names = new Set(built.env.map(({ name }) => name))
      const used = new Set<string>()
      for (const node of built.flow) {
        assert.equal(node.z, built.id)
        for (const [property, value] of Object.entries(node)) {
          assert.equal(configs.includes(String(value)), false, `${node.id}.${property}`)
          const [, name] = /^\$\{(\S+)\}$/.exec(String(value)) ?? []
          if (name === undefined) continue
          assert.ok(names.has(name), `${node.id}.${property} asks for ${name}`)
          used.add(name)
        }
      }
      assert.deepEqual(
        [...names].filter((name) => !used.has(name)),
        [],
      )
      for (const [name, { type }] of Object.entries(spec.references)) {
        const property = built.env.find((each) => each.name === name)
        assert.deepEqual([property?.type, property?.ui.type], [type, 'conf-types'])
      }
    })

    test('stands in literals for the Flow Library', () => {
      const [registration, ...more] = registrationsIn(entry.html)
      assert.deepEqual(more, [])
      assert.equal(registration?.type, type)
      assert.deepEqual(registration?.literals, {
        ...{ category: 'ysh', color: module.color, icon: module.icon },
        ...{ inputs: module.in.length, outputs: module.out.length },
      })
      assert.deepEqual(registration?.defaults, ['name', ...module.env.map(({ name }) => name)])
      assert.match(read(`subflows/${declaration.file}`), /"icon": "font-awesome\//)
    })

    test('has the same texts in both languages, none missing and none unused', () => {
      const chosen = [...Object.keys(spec.references), ...module.env.map(({ name }) => name)]
      const own = new Set(definition.env.map(({ name }) => name))
      const needed = new Set([
        'label',
        ...spec.outputs.map((output) => `outputs.${output}`),
        ...chosen.map((name) => `fields.${name}.help`),
        ...chosen.filter((name) => !own.has(name)).map((name) => `fields.${name}.label`),
      ])
      for (const language of languages)
        assert.deepEqual(catalogues[language].keys().sort(), [...needed].sort(), language)
      for (const { name, ui } of module.env)
        for (const language of languages) assert.ok((ui.label[language] ?? '').length > 1, `${name}: ${language}`)
    })

    for (const language of languages) {
      test(`has its help in ${language}`, () => {
        const html = readFileSync(join(dirname(entry.file), 'locales', language, `${type}.html`), 'utf8')
        assert.match(html, new RegExp(`^<script type="text/markdown" data-help-name="${type}">\n`))
        assert.equal(html.match(/<\/script>/g)?.length, 1)
        const [intro = '', ...sections] = html.replace(/^.*\n/, '').split(/^### /m)
        assert.ok(intro.trim().length > 20)
        assert.deepEqual(
          sections.map((section) => section.split('\n')[0]),
          headings[language],
        )
        for (const { ui } of module.env)
          assert.ok(sections[0]?.includes(`<dt>${ui.label[language]} `), ui.label[language])
        assert.doesNotMatch(html, /^ {4}/m)
      })
    }
  })
}
