import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Catalogue, languages, readTexts } from '../../build/catalogue.ts'
import { formOf, rowsOf } from '../../build/fields.ts'
import { kitTexts, type NodeSource, nodeSources, root } from '../../build/nodes.ts'
import { filesUnder, read } from './package-files.ts'

const sources = await nodeSources()
const kit = Object.fromEntries(
  languages.map((language) => [language, new Catalogue(kitTexts(language), `kit ${language}`)]),
)

/** Keys that a node's form, ports, help and code ask for. */
function needed({ declaration }: NodeSource): Set<string> {
  const keys = new Set(['label', ...(declaration.texts ?? [])])
  for (const part of formOf(declaration)) if ('section' in part) keys.add(`sections.${part.section}`)
  for (const { field, widget, rules } of rowsOf(formOf(declaration))) {
    keys.add(`fields.${field}.label`)
    if (widget === 'select') for (const choice of rules.choices ?? []) keys.add(`fields.${field}.options.${choice}`)
  }
  for (const output of declaration.outputs ?? []) keys.add(`outputs.${output}`)
  for (const side of ['input', 'output'] as const) {
    const properties = declaration.messages?.[side]?.properties
    for (const property of Object.keys(properties ?? {})) keys.add(`${side}.${property}`)
    if (properties !== undefined) keys.add(`${side}.run`)
  }
  return keys
}

/** Keys that a field may have. */
const mayHave = /^fields\.[^.]+\.(tip|placeholder|help|invalid)$/

const parameters = (text: string) => [...text.matchAll(/__(\w+)__/g)].map(([, name]) => name).sort()

for (const source of sources) {
  describe(`texts of ${source.type}`, () => {
    const { type, declaration, catalogues } = source
    const own = Object.fromEntries(
      languages.map((language) => [
        language,
        new Catalogue(readTexts(new URL(`nodes/${type}/locales/${language}/${type}.json`, root)), type),
      ]),
    )

    test('are the same keys, with the same parameters, in all languages', () => {
      assert.deepEqual(own['pt-BR']?.keys().sort(), own['en-US']?.keys().sort())
      for (const key of catalogues['en-US'].keys()) {
        assert.deepEqual(parameters(catalogues['pt-BR'].need(key)), parameters(catalogues['en-US'].need(key)), key)
      }
    })

    test('none is missing', () => {
      for (const language of languages)
        for (const key of needed(source)) assert.ok(catalogues[language].find(key), `${language}: ${key}`)
      for (const { field, origin } of rowsOf(formOf(declaration))) {
        if (origin !== 'name')
          assert.doesNotThrow(() => catalogues['en-US'].need(`fields.${field}.help`, `fields.${field}.tip`))
      }
    })

    test('none is unused', () => {
      const fields = new Set(rowsOf(formOf(declaration)).map(({ field }) => field))
      const keys = needed(source)
      const unused = own['en-US']
        ?.keys()
        .filter((key) => !keys.has(key) && !(mayHave.test(key) && fields.has(key.split('.')[1] ?? '')))
      assert.deepEqual(unused, [])
    })

    test('what the code asks for by name is declared, and what is declared is asked for', () => {
      const code = filesUnder(`nodes/${type}`, '.ts')
        .filter((file) => !file.endsWith('/declaration.ts'))
        .map(read)
        .join('\n')
      const asked = [...code.matchAll(/['"`]((?:status|list)\.[\w.-]+)['"`]/g)].map(([, key]) => key ?? '')
      for (const key of asked) assert.ok(catalogues['en-US'].find(key), `the code asks for ${key}`)
      for (const key of declaration.texts ?? []) {
        const parent = key.slice(0, key.lastIndexOf('.') + 1)
        assert.ok(code.includes(`${key}'`) || code.includes(`\`${parent}\${`), `nothing asks for ${key}`)
      }
    })

    test('statuses fit the canvas', () => {
      for (const language of languages) {
        for (const key of catalogues[language].keys().filter((each) => each.startsWith('status.'))) {
          const text = catalogues[language].need(key).replaceAll(/__\w+__/g, '')
          assert.ok(text.length < 20, `${language} ${key}: ${text}`)
        }
      }
    })
  })
}

describe('texts of the kit', () => {
  test('are the same keys in all languages, and each is used', () => {
    assert.deepEqual(kit['pt-BR']?.keys().sort(), kit['en-US']?.keys().sort())
    const code = [...filesUnder('nodes', '.ts'), ...filesUnder('build', '.ts')].map(read).join('\n')
    for (const key of kit['en-US']?.keys() ?? []) {
      const [group = '', name = ''] = key.split('.')
      const used =
        group === 'check'
          ? code.includes(`says('${name}'`)
          : group === 'palette' || group === 'fields' || group === 'input' || group === 'output' || group === 'sections'
            ? code.includes(`'${name}'`) || code.includes(`${name}:`) || code.includes(`.${name}`)
            : code.includes(`'${key}'`)
      assert.ok(used, key)
    }
  })
})
