import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { parse } from 'csv-parse/sync'
import {
  bytesOf,
  cleanRows,
  cleanValue,
  columnsOf,
  countRows,
  DATASETS,
  type DatasetName,
  damagedRows,
  type FileOptions,
  header,
  keptRows,
  rows,
  source,
  type WriteOptions,
} from './generate/index.ts'

const file = (dataset: DatasetName, options: FileOptions, write: WriteOptions = {}) =>
  bytesOf(source(dataset, options), write)

function parsed(bytes: Buffer, delimiter = ';'): string[][] {
  return parse(bytes, { delimiter, bom: true })
}

describe('dialects', () => {
  test('the portal writes UTF-8, all quoted, semicolons, CRLF', async () => {
    const text = (await file('agentes', { rows: 2 })).toString('utf8')
    assert.equal(text.split('\r\n').length, 4)
    assert.ok(text.startsWith('"DatGeracaoConjuntoDados";"NumCnpj";"SigPessoa";'))
    assert.ok(text.includes('"2026-09-24";"06981180000116";"CEMIG-D";"CEMIG DISTRIBUICAO S.A";"A";'))
    assert.ok(text.endsWith('"\r\n'))
  })

  test('every dataset comes back from a CSV parser as its rows, in every quoting that can hold them', async () => {
    for (const dataset of DATASETS) {
      const expected = [header(dataset), ...rows(dataset, { rows: 1200 })]
      for (const dialect of [
        {},
        { quote: 'needed' },
        { quote: 'needed', delimiter: ',', eol: '\n', bom: true },
      ] as const) {
        const bytes = await file(dataset, { rows: 1200 }, { dialect })
        assert.deepEqual(
          parsed(bytes, 'delimiter' in dialect ? ',' : ';'),
          expected,
          `${dataset} ${JSON.stringify(dialect)}`,
        )
      }
    }
  })

  test('without quotes a value loses what it cannot have, and every row keeps its fields', async () => {
    const text = (await file('gd_fotovoltaica', { rows: 1200 }, { dialect: { quote: 'none' } })).toString('utf8')
    const lines = text.trimEnd().split('\r\n')
    assert.equal(lines.length, 1201)
    assert.deepEqual(new Set(lines.map((line) => line.split(';').length)), new Set([12]))
  })

  test('windows-1252 has its own dash, Latin-1 has none, UTF-16 has two bytes', async () => {
    const utf8 = await file('samp', { rows: 60 })
    const cp1252 = await file('samp', { rows: 60 }, { dialect: { encoding: 'windows-1252' } })
    const latin1 = await file('samp', { rows: 60 }, { dialect: { encoding: 'iso-8859-1' } })
    assert.ok(utf8.includes(Buffer.from('baixa renda – faixa 03', 'utf8')))
    assert.ok(cp1252.includes(Buffer.from('baixa renda \x96 faixa 03', 'latin1')))
    assert.ok(cp1252.includes(Buffer.from('Não se aplica', 'latin1')))
    assert.ok(latin1.includes(Buffer.from('baixa renda ? faixa 03', 'latin1')))
    assert.equal(cp1252.toString('latin1').replaceAll('\x96', '–'), utf8.toString('utf8'))
    const utf16 = await file('samp', { rows: 60 }, { dialect: { encoding: 'utf-16le' } })
    assert.equal(utf16.toString('utf16le'), utf8.toString('utf8'))
  })

  test('a dot for the comma only where numbers are', async () => {
    const [, first = []] = parsed(await file('tarifas', { rows: 40 }, { dialect: { decimal: '.' } }))
    assert.deepEqual(first.slice(-2), ['550.30', '230.20'])
    const zeroes = parsed(await file('tarifas', { rows: 16 }, { dialect: { decimal: '.' } })).filter(
      (row) => row.at(-1) === '0.00',
    )
    assert.equal(zeroes.length, 2)
  })

  test('gzip and BOM', async () => {
    const plain = await file('agentes', { rows: 5 }, { dialect: { bom: true } })
    assert.deepEqual([...plain.subarray(0, 3)], [0xef, 0xbb, 0xbf])
    assert.deepEqual(
      gunzipSync(await file('agentes', { rows: 5 }, { dialect: { bom: true, container: 'gzip' } })),
      plain,
    )
  })
})

describe('damage', () => {
  const count = async (damage: WriteOptions['damage'], test: (row: string[]) => boolean) => {
    const bytes = await file('agentes', { rows: 500 }, { damage })
    const all: string[][] = parse(bytes, { delimiter: ';', relax_column_count: true })
    return all.slice(1).filter(test).length
  }
  test('spoils exactly as many rows as it says', async () => {
    assert.equal(damagedRows(500, 0.03), 15)
    assert.equal(await count({ kind: 'ragged', share: 0.03 }, (row) => row.length === 7), 15)
    assert.equal(await count({ kind: 'ragged', share: 0.03, how: 'long' }, (row) => row.length === 10), 15)
    assert.equal(await count({ kind: 'blank', share: 0.03 }, (row) => row[1] === ''), 15)
    assert.equal(await count({ kind: 'bad-date', share: 0.03 }, (row) => row[0] === '2026-02-31'), 15)
    assert.equal(keptRows(501, 0.5), 250)
    assert.equal(await count({ kind: 'keep', share: 0.5 }, () => true), 250)
  })
})

describe('clean values', () => {
  test('are PostgreSQL literals', () => {
    const decimal = (text: string, scale: number) => cleanValue({ source: 'x', type: 'decimal', scale }, text)
    assert.equal(decimal(',00', 2), '0.00')
    assert.equal(decimal('-,5', 2), '-0.50')
    assert.equal(decimal('8,9999999999999995E-9', 9), '0.000000009')
    assert.equal(decimal('214,53560037400001', 9), '214.535600374')
    assert.equal(decimal('2,345', 2), '2.35')
    assert.equal(decimal('-2,345', 2), '-2.35')
    assert.equal(decimal('-,004', 2), '0.00')
    assert.equal(decimal('1400', 2), '1400.00')
    assert.equal(cleanValue({ source: 'x', type: 'date', nullBeforeYear: 1901 }, '1900-01-03'), null)
    assert.equal(cleanValue({ source: 'x', type: 'date' }, '02/09/2009'), '2009-09-02')
    assert.equal(cleanValue({ source: 'x', type: 'month' }, '09/2026'), '2026-09-01')
    assert.equal(cleanValue({ source: 'x', type: 'month' }, '01/07/2027'), '2027-07-01')
    assert.equal(cleanValue({ source: 'x', type: 'cnpj' }, '37121669900   '), '00037121669900')
    assert.equal(cleanValue({ source: 'x', type: 'text' }, ' a\0 \u0096 b '), 'a – b')
    assert.equal(cleanValue({ source: 'x', type: 'text', nulls: ['Não há'] }, 'Não há'), null)
    assert.equal(cleanValue({ source: 'x', type: 'text' }, '   '), null)
  })

  test('every cell of every dataset has one', () => {
    for (const dataset of DATASETS) {
      let count = 0
      for (const row of cleanRows(dataset, { rows: 1500 })) count += Number(row.length === columnsOf(dataset).length)
      assert.equal(count, countRows(dataset, { rows: 1500 }), dataset)
    }
  })

  test('columns are those wanted, in their order', () => {
    const columns = [
      { source: 'VLRTUSD', type: 'decimal', scale: 3 },
      { source: 'unknown', type: 'text' },
      { source: 'SigAgente', type: 'text' },
    ] as const
    assert.deepEqual(cleanRows('tarifas', { rows: 40, columns }).next().value, ['550.300', null, 'Ceraçá'])
  })
})
