import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readPage } from '../../../../lib/steps/utility/read/page.ts'
import { read, recipeWith, table, tr, valuesOf } from './fixture.ts'

const sheet = (html: string) => {
  const { columns, body, titles } = readPage(`<body>${html}</body>`).tables[0]?.sheet() ?? {
    columns: [],
    body: [],
    titles: [],
  }
  return { titles, columns, body: body.map(({ cells }) => cells.map(({ text }) => text)) }
}

test('spans: across, down, both, out of order, past the end', () => {
  assert.deepEqual(
    sheet(
      '<table><tr><th>a</th><th>b</th><th>c</th></tr>' +
        '<tr><td rowspan="3">1</td><td>2</td><td rowspan="2">3</td></tr><tr><td>4</td></tr><tr><td>5</td><td>6</td></tr><tr><td colspan="2" rowspan="9">7</td><td>8</td></tr></table>',
    ).body,
    [
      ['1', '2', '3'],
      ['1', '4', '3'],
      ['1', '5', '6'],
      ['7', '7', '8'],
    ],
  )
  assert.deepEqual(sheet('<table><tr><th>a</th><th>b</th></tr><tr><td>1</td></tr></table>').body, [['1', '']])
})

test('headers: thead, th, first row, two rows, a title above, units below', () => {
  const names = ['Subgrupo', 'TE Ponta', 'TE Fora']
  const two = '<tr><td rowspan="2">Subgrupo</td><td colspan="2">TE</td></tr><tr><td>Ponta</td><td>Fora</td></tr>'
  assert.deepEqual(sheet(`<table>${two}${tr('A4', '1,2', '3,4')}</table>`).columns, names)
  assert.deepEqual(sheet(`<table><thead>${two}</thead>${tr('A4', 'x', 'y')}</table>`).columns, names)
  const loose = tr('Subgrupo', 'TE', '') + tr('', 'Ponta', 'Fora')
  assert.deepEqual(sheet(`<table>${loose}${tr('A4', '1,2', '3,4')}</table>`).columns, names)
  const titled = sheet(`<table><tr><td colspan="3">Tarifas</td></tr>${two}${tr('A4', '1,2', '3,4')}</table>`)
  assert.deepEqual([titled.titles, titled.columns], [['Tarifas'], names])
  assert.deepEqual(sheet(`<table>${tr('Subgrupo', 'Energia')}${tr('', 'R$/kWh')}${tr('B1', '0,6')}</table>`).columns, [
    'Subgrupo',
    'Energia R$/kWh',
  ])
  assert.equal(sheet(`<table>${tr('Subgrupo', 'Energia')}${tr('B1', '–')}</table>`).body.length, 1)
})

test('what names a table: caption, headings in force, bold paragraphs, tabs, the paragraph above; not what is gone', () => {
  const one = '<table><tr><td>a</td><td>b</td></tr></table>'
  const near = (html: string, at = 0) => readPage(`<body>${html}</body>`).tables[at]
  assert.deepEqual(near(`<h2>A</h2><h3>B</h3>${one}`)?.near, ['B', 'A'])
  assert.deepEqual(near(`<h3>A2</h3><h3>A3</h3>${one}`)?.near, ['A3'])
  assert.deepEqual(near(`<p><strong>Branca</strong></p>${one}`)?.near, ['Branca'])
  assert.deepEqual(near(`<p>Valores em R$/kWh</p>${one}`)?.near, ['Valores em R$/kWh'])
  assert.deepEqual(near(`<a href="#x">Branca</a><div id="x" style="display:none">${one}</div>`)?.near, ['Branca'])
  assert.deepEqual(near(`<h3>A</h3>${one}${one}`, 1)?.inherited, 'A')
  assert.deepEqual(near(`<h3>A</h3>${one}${one.replace('<table>', '<table><caption>C</caption>')}`, 1)?.inherited, '')
  assert.equal(near(`${one}<p>Nota: com tributos</p>`)?.after(), 'Nota: com tributos')
  assert.equal(near(`${one}<h2>Outra</h2><p>parte</p>`)?.after(), '')
  assert.equal(near(`<div style="display:none">${one}</div>`), undefined)
  assert.deepEqual(near(`<table><tr><td><h3>A</h3></td></tr><tr><td>${one}</td></tr></table>`)?.near, ['A'])
})

test('sections: over the width, or beside blanks where the recipe says so', () => {
  const recipe = recipeWith({
    sections: '^baixa renda:$',
    labels: [{ column: 'faixa', header: '^subgrupo$' }],
    rows: [
      { match: '^normal$', count: [1, 1] },
      { match: '^baixa renda: \\| ate 30 kwh$', set: { classe: 'Baixa renda' }, count: [1, 1] },
    ],
  })
  const rows = (section: string) =>
    table(tr('Subgrupo', 'Energia R$/kWh') + tr('Normal', '0,65') + section + tr('até 30 kWh', '0,2'))
  for (const section of ['<tr><td colspan="2">Baixa renda:</td></tr>', tr('Baixa renda:', '')]) {
    const { datasets } = read(rows(section), recipe)
    assert.deepEqual(
      datasets['utility.tarifas']?.map(({ faixa, classe, valor }) => [faixa, classe, valor]),
      [
        ['Normal', undefined, '650'],
        ['até 30 kWh', 'Baixa renda', '200'],
      ],
    )
  }
})

test('where the unit stands: cell, header, caption, heading, recipe', () => {
  const say = (header: string, text: string, above = '') =>
    table(tr('Subgrupo', header) + tr('B1', text), `<h3>Tarifa convencional${above}</h3>`)
  assert.deepEqual(valuesOf(read(say('Energia', 'R$ 0,65/kWh'))), ['650'])
  assert.deepEqual(valuesOf(read(say('Energia', '0,65 R$/kWh'))), ['650'])
  assert.deepEqual(valuesOf(read(say('Energia (R$/MWh)', '1.070,48'))), ['1070.48'])
  assert.deepEqual(valuesOf(read(say('Energia', '0,65', ' (R$/kWh)'))), ['650'])
  const given = recipeWith({
    values: [
      {
        header: '^energia$',
        unit: 'R$/MWh',
        stated: 'recipe',
        pageUnit: 'R$/kWh',
        range: [50, 2000],
        set: { componente: 'te', grandeza: 'energia' },
      },
    ],
  })
  assert.deepEqual(valuesOf(read(say('Energia', '0,65'), given)), ['650'])
})
