import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodePage } from '../../../lib/steps/utility/read/charset.ts'
import { extract } from '../../../lib/steps/utility/read/extract.ts'
import { layoutChanges } from '../../../lib/steps/utility/read/layout.ts'
import { prepareRecipe, shippedRecipes } from '../../../lib/steps/utility/recipes.ts'
import { pages, sorted } from '../../pages/pages.ts'
import { latin1 } from '../../pages/server.ts'

test('each shipped recipe has its contracts, notes and a test page for each of its pages', () => {
  const tested = pages().map(({ recipe, page }) => `${recipe.recipe} ${page.page}`)
  for (const recipe of shippedRecipes().values()) {
    prepareRecipe(recipe)
    assert.ok(recipe.notes.length > 0, recipe.recipe)
    for (const { page } of recipe.pages)
      assert.ok(tested.includes(`${recipe.recipe} ${page}`), `${recipe.recipe} ${page}`)
  }
})

for (const { name, recipe, page, html, expected } of pages()) {
  const { contracts } = prepareRecipe(recipe)
  test(`${name}: the rows are those of the page`, () => {
    assert.deepEqual(sorted(extract(html, recipe, page, contracts).datasets), sorted(expected))
  })

  test(`${name}: in ISO-8859-1 the rows and the fingerprint are the same`, () => {
    const { bytes, type } = latin1(html)
    const { text, charset } = decodePage(bytes, type, recipe.charset)
    assert.equal(charset, 'windows-1252')
    const read = extract(text, recipe, page, contracts)
    assert.deepEqual(sorted(read.datasets), sorted(expected))
    assert.equal(read.fingerprint, extract(html, recipe, page, contracts).fingerprint)
  })

  test(`${name}: next year's publication has other values and the same fingerprint`, () => {
    const next = html
      .replace(/(\d,\d+?)([1-8])(?=\D)/g, (_, left: string, last: string) => `${left}${Number(last) + 1}`)
      .replace(/\b20(2[4-8])\b/g, (_, year: string) => `20${Number(year) + 1}`)
      .replaceAll('12%', '13%')
      .replaceAll('3512', '3688')
      .replaceAll('3.461', '3.599')
    const [was, is] = [extract(html, recipe, page, contracts), extract(next, recipe, page, contracts)]
    assert.notDeepEqual(is.datasets, was.datasets)
    assert.deepEqual(layoutChanges(was.layout, is.layout), [])
    assert.equal(is.fingerprint, was.fingerprint)
  })
}
