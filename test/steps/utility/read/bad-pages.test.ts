import assert from 'node:assert/strict'
import { test } from 'node:test'
import { read, recipeWith, refused, table, tr, valuesOf } from './fixture.ts'

const head = tr('Subgrupo', 'Energia (R$/kWh)')
const good = head + tr('B1', '0,65313') + tr('B2', '0,61234')
const value = (range: unknown, more: Record<string, unknown> = {}) => ({
  values: [{ header: '^energia$', unit: 'R$/MWh', range, set: { componente: 'tarifa', grandeza: 'energia' }, ...more }],
})

test('the page that is right is read', () => {
  assert.deepEqual(valuesOf(read(table(good))), ['653.13', '612.34'])
})

test('no table, none that fits, two that fit', () => {
  refused(() => read(''), 'TABLE_NOT_FOUND', 'no table at all')
  refused(() => read('<img src="tarifas.png">'), 'TABLE_NOT_FOUND')
  refused(() => read(table(good, '<h3>Outra coisa</h3>')), 'TABLE_NOT_FOUND', '"Outra coisa"', 'Energia')
  refused(() => read(table(good) + table(good)), 'TABLE_AMBIGUOUS', '2 tables', 'Energia')
  const twice = recipeWith()
  const one: unknown = recipeWith({ name: 'c' })
  assert.ok(typeof twice === 'object' && twice !== null && typeof one === 'object' && one !== null)
  const tables = ['tables' in twice ? twice.tables : [], 'tables' in one ? one.tables : []].flat()
  refused(() => read(table(good), { ...twice, tables }), 'TABLE_AMBIGUOUS', 'read as b already')
})

test('a column that is missing, two that fit, one that is two things', () => {
  refused(
    () => read(table(tr('Subgrupo', 'Valor') + tr('B1', '0,65'))),
    'COLUMN_MISSING',
    '^energia',
    'Subgrupo | Valor',
  )
  const two = tr('Subgrupo', 'Energia (R$/kWh)', 'Energia R$/kWh') + tr('B1', '0,65', '0,70')
  refused(() => read(table(two)), 'COLUMN_AMBIGUOUS', 'Energia (R$/kWh)', 'Energia R$/kWh')
  const both = recipeWith({ labels: [{ column: 'subgrupo', header: 'subgrupo|energia' }] })
  refused(() => read(table(good), both), 'COLUMN_AMBIGUOUS')
})

test('values out of range, of another scale, of no number', () => {
  const one = (text: string) => table(head + tr('B1', text))
  refused(() => read(one('653,13')), 'VALUE_RANGE', '"653,13"', '653130 R$/MWh', '50 to 2000')
  refused(() => read(one('0,00')), 'VALUE_RANGE', '"0,00"')
  refused(() => read(one('0')), 'VALUE_RANGE')
  refused(() => read(one('-0,65')), 'VALUE_RANGE')
  for (const text of [
    '0.65313',
    'isento',
    '0,65,3',
    '0,6 5313',
    '1e3',
    'NaN',
    '０,65',
    '0,',
    ',65',
    '(0,65)',
    '65 3/4',
  ]) {
    assert.throws(() => read(one(text)), { name: 'PipelineError' }, text)
  }
  refused(() => read(one('0.65313')), 'VALUE_FORMAT', '"0.65313"', 'decimal comma')
  refused(() => read(one('consulte')), 'VALUE_FORMAT', '"consulte"')
})

test('blank cells are never zero', () => {
  refused(() => read(table(head + tr('B1', '&nbsp;'))), 'VALUE_MISSING', 'B1', 'Energia')
  refused(() => read(table(`${head}<tr><td>B1</td></tr>`)), 'VALUE_MISSING')
  refused(() => read(table(head + tr('', '0,65'))), 'LABEL_MISSING', 'subgrupo')
  // a dash means "no such value": no row
  assert.deepEqual(valuesOf(read(table(head + tr('B1', '–') + tr('B2', '0,61')))), ['610'])
  assert.deepEqual(
    valuesOf(read(table(head + tr('B1', '') + tr('B2', '0,61')), recipeWith(value([50, 2000], { absent: [''] })))),
    ['610'],
  )
})

test('a unit that nobody knows, none, or two that differ', () => {
  const under = (header: string, text = '0,65') => table(tr('Subgrupo', header) + tr('B1', text))
  refused(() => read(under('Energia')), 'UNIT_UNKNOWN', 'R$/MWh was expected')
  refused(() => read(under('Energia (US$/kWh)')), 'UNIT_UNKNOWN', 'US$/kWh')
  refused(() => read(under('Energia (centavos/kWh)')), 'UNIT_UNKNOWN', 'centavos/kWh')
  refused(() => read(under('Energia (R$/m³)')), 'UNIT_UNKNOWN', 'R$/m')
  refused(() => read(under('Energia', '0,65 xyz')), 'UNIT_UNKNOWN', '"xyz"')
  refused(() => read(under('Energia R$/kWh', '0,65 R$/MWh')), 'UNIT_CONTRADICTION', 'R$/MWh', 'R$/kWh')
  refused(
    () =>
      read(
        `<p>R$/kWh ou R$/MWh</p>${under('Energia').replace(/<h3>.*<.h3>/, '')}`,
        recipeWith({ find: { header: ['^energia$'] } }),
      ),
    'UNIT_CONTRADICTION',
  )
  refused(() => read(under('Energia (%)')), 'UNIT_CONTRADICTION', '%')
  refused(
    () => read(table(`<caption>Valores em R$/MWh</caption>${good}`)),
    'UNIT_CONTRADICTION',
    'R$/kWh',
    'Valores em R$/MWh',
  )
  const near = '<h2>Valores em US$/kWh</h2><h3>Tarifa convencional</h3>'
  refused(() => read(table(tr('Subgrupo', 'Energia') + tr('B1', '0,65'), near)), 'UNIT_UNKNOWN', 'US$/kWh')
})

test('demand under R$/kWh, whoever says it', () => {
  refused(() => read(table(head + tr('B1 demanda', '0,65'))), 'UNIT_CONTRADICTION', 'the row', 'demand')
  const elektro =
    '<tr><td>SUBGRUPO</td><td>Energia (R$/kWh)</td><td></td></tr><tr><td>DEMANDA</td><td>Ponta</td><td>Fora Ponta</td></tr>' +
    tr('A4', '0,42', '0,25')
  const recipe = recipeWith({
    labels: [{ column: 'subgrupo', header: '^subgrupo' }],
    values: [
      {
        header: '^energia ponta$',
        unit: 'R$/MWh',
        range: [50, 2000],
        set: { componente: 'te', grandeza: 'energia' },
      },
    ],
  })
  refused(() => read(table(elektro), recipe), 'UNIT_CONTRADICTION', 'header of the labels', 'SUBGRUPO DEMANDA')
  refused(() => read(table(`<caption>Demanda contratada</caption>${good}`)), 'UNIT_CONTRADICTION', 'Demanda contratada')
})

test('rows: unknown, missing, too many, twice, and labels that no entry fits', () => {
  const rules = (more: Record<string, unknown> = {}) =>
    recipeWith({
      rows: [
        { match: '^b1$', count: [1, 1] },
        { match: '^b2$', count: [1, 1] },
      ],
      ...more,
    })
  assert.deepEqual(valuesOf(read(table(good), rules())), ['653.13', '612.34'])
  refused(() => read(table(good + tr('B9', '0,65')), rules()), 'ROW_UNKNOWN', '"B9"')
  assert.equal(valuesOf(read(table(good + tr('B9', '0,65')), rules({ otherRows: 'skip' })))?.length, 2)
  refused(() => read(table(head + tr('B1', '0,65')), rules()), 'ROW_MISSING', '^b2$', '0 rows')
  refused(() => read(table(good + tr('B2', '0,65')), rules()), 'ROW_AMBIGUOUS', '2 rows')
  refused(
    () =>
      read(
        table(good),
        rules({
          rows: [
            { match: '^b', count: [1, 9] },
            { match: '1', count: [0, 9] },
          ],
        }),
      ),
    'ROW_AMBIGUOUS',
  )
  refused(() => read(table(good + tr('B2', '0,65'))), 'ROW_REPEATED', 'B2')
  refused(() => read(table(good), recipeWith({ count: [3, 9] })), 'ROW_COUNT', '2 rows', '3 to 9')
  refused(() => read(table(head)), 'ROW_COUNT', '0 rows')
  const map = recipeWith({
    labels: [{ column: 'subgrupo', header: '^subgrupo$', map: [{ match: '^b1$', value: 'B1' }] }],
  })
  refused(() => read(table(good), map), 'LABEL_UNKNOWN', '"B2"')
  const section = `${good}<tr><td colspan="2">Com tributos</td></tr>${tr('B3', '0,80')}`
  refused(() => read(table(section)), 'ROW_UNKNOWN', '"Com tributos"')
})

test('words that the recipe does not admit, wherever they stand', () => {
  const recipe = recipeWith({ refuse: 'com tributos', rows: [{ match: 'b\\d$', count: [1, 9] }] })
  const said = (page: string) => refused(() => read(page, recipe), 'TABLE_REFUSED', '"com tributos"')
  said(table(good, '<h3>Tarifa convencional com tributos</h3>'))
  said(table(good, '<h3>Tarifa convencional</h3><p>Valores com tributos.</p>'))
  said(`${table(good)}<p>Valores com tributos.</p>`)
  said(table(`${good}<tr><td colspan="2">Valores com tributos</td></tr>`))
  assert.ok(read(`<p>Outras tarifas são com tributos.</p>${table(good)}`, recipe))
})

test('fields in the text: missing, said twice, no date', () => {
  const dated = (required = true) =>
    recipeWith({}, { fields: [{ column: 'vigencia_inicio', pattern: 'desde (?<value>\\S+)', kind: 'date', required }] })
  const page = (text: string) => `<p>${text}</p>${table(good)}`
  assert.equal(read(page('desde 22/08/2026'), dated()).datasets['utility.tarifas']?.[0]?.vigencia_inicio, '2026-08-22')
  refused(() => read(page('sempre'), dated()), 'FIELD_MISSING', 'desde')
  assert.equal(read(page('sempre'), dated(false)).datasets['utility.tarifas']?.[0]?.vigencia_inicio, undefined)
  refused(
    () => read(page('desde 22/08/2026 e desde 23/08/2026'), dated()),
    'FIELD_AMBIGUOUS',
    '2026-08-22',
    '2026-08-23',
  )
  assert.ok(read(page('desde 22/08/2026, desde 22/08/2026'.replace(',', ' ')), dated()))
  refused(() => read(page('desde 31/02/2026'), dated()), 'VALUE_FORMAT', '31/02/2026')
})

test('sentences: no part, two parts, none that fits, one in other words', () => {
  const prose = (more: Record<string, unknown> = {}) =>
    recipeWith(
      {},
      {
        tables: [],
        prose: [
          {
            name: 'icms',
            dataset: 'utility.tributos',
            after: '^icms$',
            pattern: '(?<classe>\\w+): (?<aliquota>[\\d,]+ ?%)',
            nothingElse: '\\d ?%',
            columns: [
              { column: 'classe', group: 'classe' },
              { column: 'aliquota', group: 'aliquota', kind: 'decimal', unit: '%', range: [1, 40] },
            ],
            count: [1, 9],
            set: { tributo: 'ICMS' },
            ...more,
          },
        ],
      },
    )
  const part = '<h2>ICMS</h2><p>Residencial: 12%; Rural: 17,5 %.</p><h2>Outros</h2><p>Taxa: 99%</p>'
  assert.deepEqual(
    read(part, prose()).datasets['utility.tributos']?.map(({ classe, aliquota }) => [classe, aliquota]),
    [
      ['Residencial', '12'],
      ['Rural', '17.5'],
    ],
  )
  refused(() => read('<h2>Tributos</h2>', prose()), 'SECTION_NOT_FOUND', '"Tributos"')
  refused(() => read(part + part, prose()), 'SECTION_AMBIGUOUS')
  refused(() => read('<h2>ICMS</h2><p>nada</p>', prose()), 'PROSE_COUNT', '"nada"')
  refused(() => read('<h2>ICMS</h2><p>Rural: 12%. Os demais pagam 25%.</p>', prose()), 'PROSE_UNREAD', '25%')
  refused(() => read('<h2>ICMS</h2><p>Rural: 120%.</p>', prose()), 'VALUE_RANGE', '120%')
  refused(() => read(part, prose({ count: [3, 9] })), 'PROSE_COUNT', '2 statements')
})

test('documents: each address once, too few are an error', () => {
  const recipe = (least: number) => recipeWith({}, { documents: { text: 'resolucao', count: [least, 9] } })
  const links =
    '<a href="/a.pdf">Resolução 1</a><a href="a.pdf#2">Resolução 1, p. 2</a><a href="b.pdf">Cartilha</a>' +
    '<a href="javascript:x.pdf">Resolução</a><a href="http://[">Resolução</a>'
  assert.deepEqual(
    read(links + table(good), recipe(1)).documents.map(({ url }) => url),
    ['https://exemplo.com.br/a.pdf'],
  )
  refused(() => read(links + table(good), recipe(2)), 'DOCUMENT_COUNT', '1 documents')
})

test('a part that the page does not have', () => {
  refused(() => read(table(good), recipeWith({}, { within: '#tarifas' })), 'SECTION_NOT_FOUND', '#tarifas')
  assert.ok(read(`<div id="tarifas">${table(good)}</div>${table(good)}`, recipeWith({}, { within: '#tarifas' })))
})

test('parts that only a program shows are read where they are asked for; one part inside another is read once', () => {
  const within = recipeWith({}, { within: '.t' })
  assert.ok(read(`<div class="t" hidden>${table(good)}</div>`, within))
  assert.ok(read(`<div class="t"><p>x</p><div class="t">${table(good)}</div></div>`, within))
  assert.ok(read(`</body></html><body style="visibility: hidden">${table(good)}`))
  assert.ok(read(`<div><b>${table(good)}</b></div>`))
})

test('hostile pages: huge spans, huge tables, deep nesting, rubbish', { timeout: 60_000 }, () => {
  const wide = tr('B1', '0,65').replace('<td>', '<td colspan="1000000000">')
  refused(() => read(table(head + wide)), 'TABLE_TOO_LARGE', '100000')
  assert.deepEqual(valuesOf(read(table(good.replace('<td>B2', '<td rowspan="1000000000">B2')))), ['653.13', '612.34'])
  assert.deepEqual(valuesOf(read(table(`<tr><td colspan="1000000000">Título</td></tr>${good}`))), ['653.13', '612.34'])
  const rows = Array.from({ length: 25_000 }, (_, n) => tr(`B${n}`, '0,65', 'x', 'y', 'z'))
  refused(() => read(table(tr('Subgrupo', 'Energia R$/kWh', 'a', 'b', 'c') + rows.join(''))), 'TABLE_TOO_LARGE')
  const many = head + Array.from({ length: 20_000 }, (_, n) => tr(`B${n}`, '0,65')).join('')
  assert.equal(valuesOf(read(table(many), recipeWith({ count: [1, 50_000] })))?.length, 20_000)
  for (const tag of ['div', 'b', 'span']) {
    refused(() => read(`<${tag}>`.repeat(20_000) + table(good)), 'PAGE_TOO_DEEP', '500')
  }
  refused(() => read('<table><tr><td>'.repeat(5_000)), 'PAGE_TOO_DEEP')
  for (const text of [
    '\u0000\u0001\ufffd\u0002',
    '\u0089PNG\r\n\u001a\n',
    '<'.repeat(5_000),
    '<table><tr><td colspan="-1" rowspan="x">',
  ]) {
    refused(() => read(text), 'TABLE_NOT_FOUND')
  }
  const spans = table(`${head}<tr><td rowspan="0">B1</td><td colspan="0">0,65</td></tr>`)
  assert.deepEqual(valuesOf(read(spans)), ['650'])
})
