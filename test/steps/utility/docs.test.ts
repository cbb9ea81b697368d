import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parseRecipe } from '../../../lib/steps/utility/recipe.ts'
import { prepareRecipe, shippedRecipes } from '../../../lib/steps/utility/recipes.ts'
import { recipeWith } from './read/fixture.ts'

const text = readFileSync(new URL('../../../docs/recipes.md', import.meta.url), 'utf8')

test('docs/recipes.md names every recipe with its pages and datasets', () => {
  for (const { recipe, pages, tables, prose } of shippedRecipes().values()) {
    const row = text.split('\n').find((line) => line.startsWith(`| \`${recipe}\``)) ?? ''
    for (const { url } of pages) assert.ok(row.includes(`<${url}>`), `${recipe}: ${url}`)
    for (const { dataset } of [...tables, ...prose]) assert.ok(row.includes(`\`${dataset}\``), `${recipe}: ${dataset}`)
  }
})

test('the examples of docs/recipes.md are valid', () => {
  const [whole = '', prose = ''] = [...text.matchAll(/```json\n([\s\S]*?)```/g)].map(([, json]) => json ?? '')
  prepareRecipe(parseRecipe(JSON.parse(whole)))
  prepareRecipe(parseRecipe(recipeWith({}, { tables: [], prose: [JSON.parse(prose)] })))
})
