import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { languages } from '../../build/catalogue.ts'
import { formOf, rowsOf } from '../../build/fields.ts'
import { nodeSources } from '../../build/nodes.ts'
import { entries } from './package-files.ts'

const headings = {
  'en-US': { inputs: 'Inputs', outputs: 'Outputs', configuration: 'Configuration', details: 'Details' },
  'pt-BR': { inputs: 'Entradas', outputs: 'Saídas', configuration: 'Configuração', details: 'Detalhes' },
} as const

for (const { type, declaration, catalogues } of await nodeSources()) {
  const entry = entries.find(({ name }) => name === type)
  assert.ok(entry !== undefined)
  describe(`help of ${type}`, () => {
    for (const language of languages) {
      test(language, () => {
        const html = readFileSync(join(dirname(entry.file), 'locales', language, `${type}.html`), 'utf8')
        assert.match(html, new RegExp(`^<script type="text/markdown" data-help-name="${type}">\n`))
        assert.equal(html.match(/<\/script>/g)?.length, 1)
        const [intro = '', ...sections] = html.replace(/^.*\n/, '').split(/^### /m)
        // Its first paragraph is what the palette shows when the mouse rests on the node.
        assert.ok(intro.trim().length > 20, 'no introduction')
        const titles = sections.map((section) => section.split('\n')[0])
        const { inputs, outputs, configuration, details } = headings[language]
        const expected = [
          ...(declaration.category !== 'config' && (declaration.inputs ?? 1) > 0 ? [inputs] : []),
          ...((declaration.outputs?.length ?? 0) > 0 ? [outputs] : []),
          configuration,
          details,
        ]
        assert.deepEqual(titles.slice(0, expected.length), expected)
        const settings = sections[titles.indexOf(configuration)] ?? ''
        for (const { field, origin } of rowsOf(formOf(declaration))) {
          if (origin !== 'name')
            assert.ok(settings.includes(`<dt>${catalogues[language].need(`fields.${field}.label`)} `), field)
        }
        for (const [side, title] of [
          ['input', inputs],
          ['output', outputs],
        ] as const) {
          const text = sections[titles.indexOf(title)] ?? ''
          for (const property of Object.keys(declaration.messages?.[side]?.properties ?? {})) {
            assert.ok(text.includes(`payload.${property} `), property)
          }
        }
        const hasSecrets = Object.values(declaration.credentials ?? {}).some((each) => each.type === 'password')
        if (hasSecrets) assert.match(html, /secretsmanager:/, 'nothing of references to secrets')
        // Markdown would make code of it.
        assert.doesNotMatch(html, /^ {4}/m)
      })
    }
  })
}
