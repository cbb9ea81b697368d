import assert from 'node:assert/strict'
import { test } from 'node:test'
import { load } from 'cheerio'
import { decodePage } from '../../../../lib/steps/utility/read/charset.ts'
import { visibleText } from '../../../../lib/steps/utility/read/dom.ts'
import { fingerprint, lasting, layoutChanges, sayChanges, termsOf } from '../../../../lib/steps/utility/read/layout.ts'
import {
  parseDate,
  parseDecimal,
  parseInteger,
  parseMonth,
  shift,
  withoutFootnotes,
} from '../../../../lib/steps/utility/read/number.ts'
import { clean, fold, Pattern, quote } from '../../../../lib/steps/utility/read/text.ts'
import { powerBetween, quantityInWords, statedUnits, withoutUnits } from '../../../../lib/steps/utility/read/unit.ts'
import { refused } from './fixture.ts'

test('text: spaces of all kinds, soft hyphens, accents, dashes', () => {
  assert.equal(clean('\u00a00,65\u200b\u202f kWh\u00ad '), '0,65 kWh')
  assert.equal(fold('São – José′'), 'Sao - Jose′')
  assert.equal(fold('Composição'.normalize('NFC')).length, 'Composição'.length)
  assert.equal(new Pattern('^composição – b1$').test('COMPOSICAO — B1'), true)
  assert.deepEqual(
    new Pattern('(?<value>\\p{L}+) \\d').all('Março 1, abril 2').map(({ groups }) => groups.value),
    ['Março', 'abril'],
  )
  const twice = new Pattern('com tributos')
  assert.ok(twice.test('valores com tributos'))
  assert.equal(twice.all('valores com tributos').length, 1)
  assert.equal(quote('abcdef', 4), '"abc…"')
})

test('numbers: a decimal comma, thousands, signs; never a guess', () => {
  const known: [string, string | undefined][] = [
    ['0,65313', '0.65313'],
    ['1.234,50', '1234.5'],
    ['1.234.567', '1234567'],
    ['12', '12'],
    ['−4,11', '-4.11'],
    ['- 4,11', '-4.11'],
    ['0,30217000', '0.30217'],
    ['-0,00', '0'],
    ['0.65313', undefined],
    ['0.650', undefined],
    ['12.34', undefined],
    ['1.23,4', undefined],
    ['1,234.5', undefined],
    ['', undefined],
    [',5', undefined],
    ['5,', undefined],
    ['1 234,5', undefined],
    ['0,65 0,70', undefined],
  ]
  for (const [text, value] of known) assert.equal(parseDecimal(text), value, text)
  assert.equal(parseDecimal('1,234.50', 'dot'), '1234.5')
  assert.equal(parseDecimal('0,65', 'dot'), undefined)
  assert.equal(shift('0.65313', 3), '653.13')
  assert.equal(shift('653.13', -3), '0.65313')
  assert.equal(shift('-1.5', 3), '-1500')
  assert.equal(shift('0.000001', 3), '0.001')
  for (const text of ['0,65*', '0,65 (1)', '0,65¹', '0,65 [a] **', '0,65†'])
    assert.equal(withoutFootnotes(text), '0,65')
  for (const text of ['1º', '1ª', '1°', '1º.', '1']) assert.equal(parseInteger(text), '1')
  assert.equal(parseInteger('1.024'), '1024')
  assert.equal(parseInteger('1,5'), undefined)
})

test('dates and months', () => {
  for (const text of ['22/08/2026', '22.08.26', '2026-08-22', '22 de agosto de 2026', '22 de AGO de 2026'])
    assert.equal(parseDate(text), '2026-08-22', text)
  assert.equal(parseDate('1º de março de 2026'), '2026-03-01')
  for (const text of ['31/02/2026', '22 de agostinho de 2026', '8/2026', '00/00/0000', '2026-13-01', '1/1/1800'])
    assert.equal(parseDate(text), undefined, text)
  for (const text of [
    '07/2026',
    '7/26',
    'jul/26',
    'Julho de 2026',
    'julho/2026',
    'julho 2026',
    '2026-07',
    '15/07/2026',
    'jul.-26',
  ])
    assert.equal(parseMonth(text), '2026-07-01', text)
  for (const text of ['13/2026', 'julio/2026', '2026', 'jul']) assert.equal(parseMonth(text), undefined, text)
})

test('units: stated, unknown, converted', () => {
  const stated = (text: string) => statedUnits(text).units
  assert.deepEqual(stated('Energia R$/kWh'), ['R$/kWh'])
  assert.deepEqual(stated('TE (R$ / MWh)'), ['R$/MWh'])
  assert.deepEqual(stated('reais por kW'), ['R$/kW'])
  assert.deepEqual(stated('Demanda R$/Kw'), ['R$/kW'])
  assert.deepEqual(stated('Alíquota (%)'), ['%'])
  assert.deepEqual(stated('Preço (R$)'), ['R$'])
  assert.deepEqual(stated('Consumo de 30 kWh'), [])
  assert.deepEqual(statedUnits('US$/kWh').unknown, ['US$/kWh'])
  assert.deepEqual(statedUnits('R$/mil kWh').unknown, ['R$/mil'])
  assert.equal(withoutUnits('Energia (R$/kWh)'), 'Energia')
  assert.equal(withoutUnits('Energia - em R$/kWh'), 'Energia')
  assert.equal(withoutUnits('R$/kWh'), '')
  assert.equal(withoutUnits('Demanda [R$/kW] ponta'), 'Demanda ponta')
  assert.equal(powerBetween('R$/kWh', 'R$/MWh'), 3)
  assert.equal(powerBetween('R$/MWh', 'R$/kWh'), -3)
  assert.equal(powerBetween('R$/kW', 'R$/MWh'), undefined)
  assert.equal(quantityInWords('DEMANDA'), 'demand')
  assert.equal(quantityInWords('Consumo mensal'), 'energy')
  assert.equal(quantityInWords('Demanda e energia'), undefined)
})

test('what a reader sees: notes, hidden and struck out parts, digits of another size', () => {
  const seen = (html: string) => visibleText(load(html, null, false).root().contents().toArray())
  assert.equal(seen('0,65<sup>1</sup>'), '0,65')
  assert.equal(seen('0,65<a href="#n">*</a>'), '0,65')
  assert.equal(seen('0,65<small>1</small>'), '0,65⋮1')
  assert.equal(seen('0,65<span class="nota">1</span>'), '0,65⋮1')
  assert.equal(seen('0,65<sup>13</sup>'), '0,65⋮13')
  assert.equal(seen('<span>0,6</span><b>5</b>'), '0,65')
  assert.equal(seen('1<sup>o</sup>'), '1o')
  assert.equal(seen('a<br>b<p>c</p>d'), 'a b c d')
  assert.equal(
    seen('<del>0,60</del> <span style="display:none">0,61</span><i hidden>9</i>0,62<script>1</script>'),
    '0,62',
  )
  assert.equal(seen('<span style="text-decoration: line-through">0,60</span> 0,62'), '0,62')
})

test('character sets: declared, found out, contradicted', () => {
  const latin = Buffer.from('tarifação', 'latin1')
  const utf8 = Buffer.from('tarifação')
  const decoded = (bytes: Uint8Array, type = '', given?: 'utf-8' | 'windows-1252') => decodePage(bytes, type, given)
  assert.deepEqual(decoded(latin, 'text/html; charset=ISO-8859-1'), { text: 'tarifação', charset: 'windows-1252' })
  assert.equal(decoded(latin).text, 'tarifação')
  assert.equal(decoded(utf8).text, 'tarifação')
  assert.equal(decoded(Buffer.concat([Buffer.from('<meta charset="latin1">'), latin])).charset, 'windows-1252')
  assert.equal(decoded(Buffer.from('\ufefftarifação'), 'text/html; charset=latin1').text, 'tarifação')
  assert.equal(decoded(Buffer.from([0x96, 0x80])).text, '–€')
  refused(() => decoded(latin, 'text/html; charset=utf-8'), 'PAGE_CHARSET', 'utf-8', 'tarifaç')
  refused(() => decoded(utf8, 'text/html; charset=iso-8859-1'), 'PAGE_CHARSET', 'iso-8859-1')
  refused(() => decoded(utf8, 'text/html; charset=utf-16'), 'PAGE_CHARSET', 'utf-16')
  assert.equal(decoded(utf8, 'text/html; charset=iso-8859-1', 'utf-8').text, 'tarifação')
  assert.equal(decoded(new Uint8Array()).text, '')
})

test('layout: what passes is left out, what tells is kept, changes are said in words', () => {
  assert.equal(lasting('Vigência: 22/08/2025 a 21/08/2026'), lasting('Vigência: 22/08/2026 a 21/08/2027'))
  assert.equal(lasting('Resolução nº 3.374/2024'), lasting('Resolução nº 3.512/2025'))
  assert.equal(lasting('Tributos de julho de 2026'), lasting('Tributos de março de 2027'))
  assert.equal(lasting('Tributos 07/2026 (jul/26)'), lasting('Tributos 08/2026 (ago/26)'))
  assert.notEqual(lasting('A3 69 kV'), lasting('A4 25 kV'))
  assert.deepEqual(termsOf(['Valores com os tributos', 'Tabela anterior', 'Tarifa sem impostos']), [
    'anterior',
    'com os tributos',
    'sem impostos',
  ])
  const layout = (header: string[]) => ({
    tables: {
      b: { heading: 'h', header, places: { v: 1 }, rows: [], sections: [], terms: [], absent: {} },
    },
    fields: [],
    prose: {},
  })
  const [was, is] = [layout(['a', 'b']), layout(['a', 'c', 'b'])]
  assert.equal(fingerprint(was), fingerprint(layout(['a', 'b'])))
  assert.notEqual(fingerprint(was), fingerprint(is))
  assert.deepEqual(layoutChanges(was, was), [])
  assert.match(sayChanges(layoutChanges(was, is)), /header 2 was "b", is "c"; .*header 3 is new: "b"/)
})
