import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRecipe } from '../../../lib/steps/utility/recipe.ts'
import { pageOf, prepareRecipe, shippedRecipe, utilityContracts } from '../../../lib/steps/utility/recipes.ts'
import { recipeWith, refused } from './read/fixture.ts'

const parse = (table: Record<string, unknown> = {}, whole: Record<string, unknown> = {}) =>
  parseRecipe(recipeWith(table, whole))

test('a recipe that is wrong is refused with every reason', () => {
  refused(() => parseRecipe({}), 'RECIPE_INVALID', 'recipe', 'pages')
  refused(() => parse({ find: {} }), 'RECIPE_INVALID', 'find')
  refused(
    () => parse({ find: { heading: '(' }, sections: '[' }),
    'RECIPE_INVALID',
    'find is no regular',
    'sections is no',
  )
  refused(() => parse({}, { tables: [] }), 'RECIPE_INVALID', 'reads nothing')
  refused(() => parse({ other: 1 }), 'RECIPE_INVALID', 'other')
  const pages = [1, 2].map(() => ({ page: 'um', url: 'https://exemplo.com.br/' }))
  refused(() => parse({}, { pages }), 'RECIPE_INVALID', 'page um stands twice')
  refused(() => parse({}, { fields: [{ column: 'ato', pattern: 'lei' }] }), 'RECIPE_INVALID', '(?<value>')
  const stated = { header: 'x', stated: 'recipe', unit: 'R$/MWh', range: [0, 1] }
  const wide = { header: 'x', unit: 'R$/MWh', range: [1, 2000] }
  refused(() => parse({ values: [wide] }), 'RECIPE_INVALID', 'a thousand times')
  refused(
    () => parse({ values: [{ ...wide, range: [90, 60] }], count: [3, 2] }),
    'RECIPE_INVALID',
    '90 to 60',
    '3 to 2',
  )
  refused(() => parse({ values: [stated] }), 'RECIPE_INVALID', 'pageUnit')
})

test('a recipe and its contracts must fit', () => {
  const prepare = (table: Record<string, unknown>, whole: Record<string, unknown> = {}) =>
    prepareRecipe(parse(table, whole))
  refused(() => prepare({ dataset: 'utility.nada' }), 'RECIPE_INVALID', 'utility.nada, which has no contract')
  refused(() => prepare({ set: { tabela: 'b', cor: 'azul' } }), 'RECIPE_INVALID', 'no column cor')
  refused(() => prepare({ set: {} }), 'RECIPE_INVALID', 'needs tabela')
  const field = { column: 'ato', pattern: '(?<value>lei)', dataset: 'utility.tributos' }
  refused(() => prepare({}, { fields: [field] }), 'RECIPE_INVALID', 'nothing fills utility.tributos')
  const contract = structuredClone(utilityContracts().get('utility.tarifas'))
  refused(() => prepare({}, { contracts: [contract] }), 'RECIPE_INVALID', 'cannot be replaced')
  refused(
    () => prepare({}, { contracts: [{ ...contract, dataset: 'aneel.tarifas2' }] }),
    'RECIPE_INVALID',
    'not for pages',
  )
  assert.deepEqual(
    [...prepare({}, { contracts: [{ ...contract, dataset: 'utility.outra' }] }).contracts.keys()],
    ['utility.tarifas'],
  )
})

test('names that there are not', () => {
  refused(() => shippedRecipe('enel'), 'RECIPE_UNKNOWN', 'celesc-tarifas')
  const cpfl = shippedRecipe('cpfl-tributos')
  refused(() => pageOf(cpfl, ''), 'PAGE_UNKNOWN', 'piratininga, paulista')
  refused(() => pageOf(cpfl, 'sul'), 'PAGE_UNKNOWN', 'no page "sul"')
  assert.equal(pageOf(shippedRecipe('celesc-tarifas'), '').page, 'celesc')
})
