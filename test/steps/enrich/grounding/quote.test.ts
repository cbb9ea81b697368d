import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  findQuote,
  type GroundedValue,
  type RestOptions,
  valueRestsOn,
} from '../../../../lib/steps/enrich/grounding/grounding.ts'

describe('a quote in its source', () => {
  const found: ReadonlyArray<readonly [why: string, quote: string, source: string, span: string]> = [
    ['word for word', 'tarifa de 5 V', 'A tarifa de 5 V vale.', 'tarifa de 5 V'],
    ['white space', 'potência  máxima\n585 W', 'A potência máxima 585\u00a0W.', 'potência máxima 585\u00a0W'],
    ['a space before a unit', '585W de potência', 'São 585 W de potência.', '585 W de potência'],
    ['case', 'TARIFA RESIDENCIAL', 'A Tarifa Residencial vale.', 'Tarifa Residencial'],
    ['hyphenation', 'energia fotovoltaica', 'A energia fotovol-\ntaica cresce.', 'energia fotovol-\ntaica'],
    ['soft hyphens', 'energia fotovoltaica', 'A energia foto\u00advoltaica cresce.', 'energia foto\u00advoltaica'],
    ['quotes and dashes', '"alínea" - 5', 'a “alínea” – 5 diz', 'alínea” – 5'],
    ['raised digits', 'área de 5 m2', 'com área de 5 m² total', 'área de 5 m²'],
    ['marks around it', '“prazo de 30 dias”', 'o prazo de 30 dias corre', 'prazo de 30 dias'],
    ['a minus of another form', '-0,29 %/°C', 'é −0,29 %/°C', '−0,29 %/°C'],
    ['a number after a dash', '5 kWh por mês', 'custo – 5 kWh por mês', '5 kWh por mês'],
    ['the whole number further on', '5 V', 'de 585 V a 5 V', '5 V'],
  ]
  for (const [why, quote, source, span] of found) {
    test(why, () => {
      const place = findQuote(quote, source)
      assert.ok(place, 'not found')
      assert.equal(source.slice(place.start, place.end).replace(/^["“]/, ''), span)
    })
  }

  const absent: ReadonlyArray<readonly [why: string, quote: string, source: string]> = [
    ['another word', 'tarifa comercial', 'A tarifa residencial vale.'],
    ['another digit', 'tarifa de 6 V', 'A tarifa de 5 V vale.'],
    ['an end of a number', '5 W', 'São 585 W.'],
    ['the start of a number', 'São 58', 'São 585 W.'],
    ['decimals cut off', 'São 0', 'São 0,5 W.'],
    ['the sign left out', '0,29 %/°C', 'é -0,29 %/°C'],
    ['a part of a word', 'sistema trif', 'o sistema trifásico'],
    ['one word without a digit', 'tarifa', 'A tarifa vale.'],
    ['nothing', '', 'A tarifa vale.'],
    ['marks only', '... "', 'A tarifa vale... "sim"'],
    ['words left out', 'tarifa vale', 'A tarifa não vale.'],
    ['a list made a decimal', 'de 10,20 V', 'de 10, 20 V'],
    ['two numbers made one', 'de 1020 V', 'de 10 20 V'],
  ]
  for (const [why, quote, source] of absent)
    test(`not: ${why}`, () => assert.equal(findQuote(quote, source), undefined))
})

describe('a value and its quote', () => {
  const cases: ReadonlyArray<readonly [value: GroundedValue, quote: string, rests: boolean, options?: RestOptions]> = [
    [585, 'potência de 585 Wp', true],
    [585, 'potência de 585 Wp', true, { unit: 'Wp' }],
    [585, 'potência de 585 Wp', false, { unit: 'kWp' }],
    [0.61791, 'B1 Residencial 0,61791', true, { unit: 'R$/kWh' }],
    [0.29, 'é -0,29 %/°C', false],
    [-0.29, 'é -0,29 %/°C', true],
    [1234, 'são 1.234 kWh', true],
    [1.234, 'são 1.234 kWh', false],
    [0.0015, 'são 1,5e-3', true],
    [30, 'prazo de trinta dias', true],
    [220, 'em 127/220 V', true],
    [2024, 'em 12/03/2024', true],
    [5, 'em 12/03/2024', false],
    ['2024-03-12', 'em 12 de março de 2024', true],
    ['2024-12-03', 'em 12/03/2024', false],
    ['REN 1.000/2021', 'Resolução Normativa nº 1.000, de 7 de dezembro de 2021', true],
    ['REN 1.000/2022', 'Resolução Normativa nº 1.000, de 7 de dezembro de 2021', false],
    ['Residencial Baixa Renda', 'Residencial baixa renda até 30 kWh', true],
    ['residencial rural', 'Residencial baixa renda', false],
    ['585 Wp', 'potência de 585 Wp', true],
    ['585 W', 'potência de 585 Wp', false],
    ['monocristalino', 'Módulo monocris-\ntalino', true],
    ['', 'Módulo', false],
    [null, 'Módulo', false],
    [true, 'tem proteção', true],
    [true, ' ', false],
    ['verde', 'sem acréscimo neste mês', true, { enumerated: true }],
    ['verde', '', false, { enumerated: true }],
    [[127, 220], 'em 127 V ou 220 V', true],
    [[127, 380], 'em 127 V ou 220 V', false],
  ]
  for (const [value, quote, rests, options] of cases) {
    test(`${JSON.stringify(value)} ${rests ? 'rests' : 'does not rest'} on ${quote}${options === undefined ? '' : ` ${JSON.stringify(options)}`}`, () => {
      assert.equal(valueRestsOn(value, quote, 'pt', options), rests)
    })
  }
})
