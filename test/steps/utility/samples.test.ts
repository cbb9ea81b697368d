import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { extract } from '../../../lib/steps/utility/read/extract.ts'
import { pageOf, prepareRecipe, shippedRecipe } from '../../../lib/steps/utility/recipes.ts'
import { samplePath, without } from '../aneel/samples.ts'
import { refused } from './read/fixture.ts'

const file = 'govbr-aneel-ranking-continuidade-2025-trecho.html'
const recipe = shippedRecipe('aneel-ranking-continuidade')
const page = pageOf(recipe, '')
const { contracts } = prepareRecipe(recipe)

test('the real excerpt of the ranking: two tables without names are refused', { skip: without(file) }, () => {
  const html = readFileSync(samplePath(file), 'utf8')
  refused(() => extract(html, recipe, page, contracts), 'TABLE_NOT_FOUND', 'Posição no Ranking | DGC | Sigla')
})

test('the real excerpt of the ranking, with its two names, is read to the last row', { skip: without(file) }, () => {
  const html = readFileSync(samplePath(file), 'utf8')
    .replace(
      /<p>Trecho real[^<]*<\/p>/,
      '<p>Concessionárias de grande porte (mais de 400 mil unidades consumidoras)</p>',
    )
    .replace('<p>texto</p>', '<p>Concessionárias de menor porte (até 400 mil unidades consumidoras)</p>')
  const rows = extract(html, recipe, page, contracts).datasets['utility.ranking_continuidade'] ?? []
  assert.deepEqual(
    rows.map(({ porte, posicao, dgc, sigla, regiao }) => [porte, posicao, dgc, sigla, regiao].join(' ')),
    [
      'grande porte 1 0.54 CPFL SANTA CRUZ SE',
      'grande porte 2 0.56 NEOENERGIA COSERN NE',
      'grande porte 3 0.59 EQUATORIAL PA NO',
      'grande porte 4 0.6 CPFL PIRATININGA SE',
      'grande porte 32 0.96 EQUATORIAL GO CO',
      'grande porte 33 0.98 EQUATORIAL CEEE SU',
      'menor porte 1 0.31 MUXENERGIA SU',
      'menor porte 1 0.31 RORAIMA ENERGIA NO',
      'menor porte 3 0.43 ENERGISA AC NO',
      'menor porte 4 0.46 UHENPAL SU',
      'menor porte 17 1.07 DCELT SU',
      'menor porte 18 1.36 COOPERALIANÇA SU',
    ],
  )
  assert.equal(rows[10]?.empresa, 'DCELT DISTRIBUIDORA CATARINENSE DE ENERGIA ELETRICA S/A')
})
