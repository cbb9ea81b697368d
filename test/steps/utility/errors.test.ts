import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'

const utility = new URL('../../../lib/steps/utility/', import.meta.url)

test('every code of the recipes and of the reader has a row in docs/errors.md', () => {
  const documented = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8')
  const files = ['recipe.ts', 'recipes.ts', ...readdirSync(new URL('read/', utility)).map((name) => `read/${name}`)]
  const codes = files.flatMap((file) =>
    [...readFileSync(new URL(file, utility), 'utf8').matchAll(/'([A-Z]+(?:_[A-Z]+)+)'/g)].map(([, code]) => code ?? ''),
  )
  assert.ok(new Set(codes).size > 20, 'the search finds them')
  assert.deepEqual(
    codes.filter((code) => !documented.includes(`\`${code}\``)),
    [],
  )
})
