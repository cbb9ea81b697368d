import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { formOf, rowsOf } from '../../build/fields.ts'
import { nodeSources } from '../../build/nodes.ts'
import { subflowSources } from '../../build/subflows.ts'
import { entries } from './package-files.ts'
import { registrationsIn } from './registrations.ts'

const sources = await nodeSources()

describe("what the editor and the Flow Library read of each node's HTML", () => {
  test('package.json names exactly the nodes there are', () => {
    assert.deepEqual(
      entries.map(({ name }) => name).sort(),
      [...sources, ...subflowSources(sources)].map(({ type }) => type).sort(),
    )
  })

  for (const { type, declaration } of sources) {
    describe(type, () => {
      const entry = entries.find(({ name }) => name === type)
      assert.ok(entry !== undefined)
      const html = readFileSync(entry.html, 'utf8')
      const registrations = registrationsIn(entry.html)

      test('registers its type once, in literals', () => {
        assert.deepEqual(
          registrations.map((registration) => registration.type),
          [type],
        )
        const literals = registrations[0]?.literals
        if (declaration.category === 'config') assert.deepEqual(literals, { category: 'config' })
        else {
          assert.deepEqual(literals, {
            category: 'ysh',
            color: declaration.color,
            icon: declaration.icon,
            inputs: declaration.inputs ?? 1,
            outputs: declaration.outputs?.length ?? 0,
          })
        }
      })

      test('has a default for every field, and a validator with two parameters for every setting', () => {
        const rows = rowsOf(formOf(declaration))
        assert.deepEqual(
          registrations[0]?.defaults,
          rows.filter(({ origin }) => origin !== 'credential').map(({ field }) => field),
        )
        assert.deepEqual(registrations[0]?.credentials, Object.keys(declaration.credentials ?? {}))
        const checked = rows.filter(({ origin }) => origin === 'config' || origin === 'limit').map(({ field }) => field)
        assert.deepEqual(registrations[0]?.validators, Object.fromEntries(checked.map((field) => [field, 2])))
      })

      test('has a template with an input for every field', () => {
        const templates = [...html.matchAll(/data-template-name="([^"]+)"/g)].map(([, name]) => name)
        assert.deepEqual(templates, [type])
        const prefix = declaration.category === 'config' ? 'node-config-input' : 'node-input'
        for (const { field, widget } of rowsOf(formOf(declaration))) {
          assert.ok(html.includes(`id="${prefix}-${field}${widget === 'list' ? '-list' : ''}"`), field)
        }
      })

      test('takes its colours from the theme', () => {
        const style = /<style>([\s\S]*?)<\/style>/.exec(html)?.[1] ?? ''
        const values = [...style.matchAll(/:\s*([^;{}]+);/g)].map(([, value = '']) =>
          value.replaceAll(/var\(--red-ui-[\w-]+\)/g, ''),
        )
        assert.ok(values.length > 20)
        for (const value of values)
          assert.doesNotMatch(value, /#|rgb|hsl|var\(|\b(white|black|red|grey|gray|silver|blue|green)\b/i)
      })

      if (declaration.icon !== undefined) {
        test('brings its icon, in the dark of node labels on transparent (white is too faint on these colours), 40 by 60', () => {
          const icon = join(dirname(entry.file), 'icons', declaration.icon ?? '')
          assert.ok(existsSync(icon))
          const svg = readFileSync(icon, 'utf8')
          assert.match(svg, /width="40"/)
          assert.match(svg, /height="60"/)
          const colours = [...svg.matchAll(/(?:fill|stroke)="([^"]+)"/g)].map(([, colour]) => colour?.toLowerCase())
          for (const colour of colours) assert.ok(['none', '#333'].includes(colour ?? ''), colour)
        })
      }
    })
  }
})
