import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { DuckDBInstance } from '@duckdb/node-api'
import { parse } from 'csv-parse/sync'
import { csv } from '../../lib/api/formats/csv.ts'
import { formatFor, type RowFormat } from '../../lib/api/formats/format.ts'
import { ndjson } from '../../lib/api/formats/ndjson.ts'
import { parquet } from '../../lib/api/formats/parquet.ts'
import type { DescribedColumn } from '../../lib/steps/dataset/read/port.ts'
import type { Json } from '../../lib/stores/cache/port.ts'

const column = (name: string, type: DescribedColumn['type'], scale: number | null = null): DescribedColumn => ({
  ...{ name, type, scale, unit: null, description: null, nullable: true, from: 'column' },
})
const columns = [
  column('texto', 'text'),
  column('inteiro', 'integer'),
  column('valor', 'decimal', 2),
  column('fino', 'decimal', 12),
  column('livre', 'decimal'),
  column('dia', 'date'),
  column('mes', 'month'),
  column('hora', 'timestamp'),
  column('cnpj', 'cnpj'),
]
const hard: Record<string, Json>[] = [
  {
    ...{ texto: 'a "b", c\r\nd;é🌞', inteiro: '9223372036854775807', valor: '-9223372036854775807.99' },
    ...{ fino: '0.000000000001', livre: '1.5', dia: '1899-12-31', mes: '2026-07-01' },
    ...{ hora: '2026-07-01 02:03:04.000005', cnpj: '00000000000191' },
  },
  Object.fromEntries(columns.map(({ name }) => [name, null])),
  {
    ...{ texto: '', inteiro: '-1', valor: '0.00', fino: '-1.000000000000', livre: '-0.25', dia: '2024-02-29' },
    ...{ mes: '1990-01-01', hora: '1969-12-31 23:59:59', cnpj: '12345678000195' },
  },
]

async function* batches(all: readonly Record<string, Json>[], size = 2) {
  for (let at = 0; at < all.length; at += size) yield { rows: all.slice(at, at + size) }
}

async function bytesOf(format: RowFormat, all: readonly Record<string, Json>[], of = columns): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of format.write(of, batches(all))) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

describe('row formats, read back by others', { timeout: 120_000 }, () => {
  let folder: string
  let duck: DuckDBInstance
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'api-formats-'))
    duck = await DuckDBInstance.create()
  })
  after(async () => {
    duck.closeSync()
    await rm(folder, { recursive: true, force: true })
  })

  async function query(bytes: Buffer, sql: string) {
    const file = join(folder, 'rows.parquet')
    await writeFile(file, bytes)
    const connection = await duck.connect()
    try {
      return (await connection.runAndReadAll(sql.replace('FILE', `'${file}'`))).getRowObjectsJson()
    } finally {
      connection.closeSync()
    }
  }

  it('CSV: quoted right, every digit, a missing value apart from an empty text', async () => {
    const text = (await bytesOf(csv, hard)).toString()
    assert.ok(text.startsWith('texto,inteiro,valor,'))
    assert.ok(!text.startsWith('\ufeff'))
    const read: string[][] = parse(text, { record_delimiter: '\r\n' })
    assert.deepEqual(
      read[1],
      columns.map(({ name }) => hard[0]?.[name]),
    )
    assert.match(text, /\r\n,{8}\r\n"",-1,/)
    const one = (await bytesOf(csv, [{ texto: null }], columns.slice(0, 1))).toString()
    assert.equal(one, 'texto\r\n""\r\n')
  })

  it('NDJSON: a line for each row', async () => {
    const lines = (await bytesOf(ndjson, hard)).toString().trimEnd().split('\n')
    assert.deepEqual(
      lines.map((line) => JSON.parse(line)),
      hard,
    )
    assert.equal((await bytesOf(ndjson, [])).length, 0)
  })

  it('Parquet: types and values as DuckDB reads them', async () => {
    const bytes = await bytesOf(parquet, hard)
    const types = await query(bytes, 'select column_name, column_type from (describe select * from FILE)')
    assert.deepEqual(
      types.map(({ column_type }) => column_type),
      [...['VARCHAR', 'BIGINT', 'DECIMAL(21,2)', 'DECIMAL(31,12)', 'DOUBLE', 'DATE', 'DATE', 'TIMESTAMP', 'VARCHAR']],
    )
    const rows = await query(bytes, 'select * replace (livre::varchar as livre) from FILE')
    const expected = hard.map((row) => ({
      ...row,
      ...(row.hora === '2026-07-01 02:03:04.000005' || row.hora === null ? {} : { hora: String(row.hora) }),
    }))
    assert.deepEqual(rows, expected)
  })

  it('Parquet: many row groups, and no rows at all', async () => {
    const many = Array.from({ length: 25_001 }, (_, at) => ({
      ...{ texto: `linha ${at % 100}`, inteiro: String(at), valor: `${at}.25`, dia: '2026-01-01', hora: null },
    }))
    const chunks: Buffer[] = []
    for await (const chunk of parquet.write(columns, batches(many, 1_000))) chunks.push(Buffer.from(chunk))
    assert.equal(chunks.length, 3, 'each group is sent when it is made')
    const [row] = await query(
      Buffer.concat(chunks),
      "select count(*) as n, sum(inteiro) as s, sum(valor) as v, count(hora) as h, count(distinct texto) as t from FILE where valor >= 0 and dia = '2026-01-01'",
    )
    assert.deepEqual(row, { n: '25001', s: String((25_000 * 25_001) / 2), v: '312518750.25', h: '0', t: '100' })
    const [none] = await query(await bytesOf(parquet, []), 'select count(*) as n from FILE')
    assert.deepEqual(none, { n: '0' })
  })

  it('is chosen by name, else by Accept', () => {
    const cases: [string | undefined, string | undefined, string | undefined][] = [
      [undefined, undefined, 'json'],
      ['*/*', undefined, 'json'],
      ['text/csv', undefined, 'csv'],
      ['application/json;q=0.5, text/csv', undefined, 'csv'],
      ['text/html, application/xhtml+xml, */*;q=0.8', undefined, 'json'],
      ['application/jsonl', undefined, 'ndjson'],
      ['application/vnd.apache.parquet', undefined, 'parquet'],
      ['image/png', undefined, undefined],
      ['image/png', 'parquet', 'parquet'],
      ['text/csv', 'json', 'json'],
    ]
    for (const [accept, name, expected] of cases) {
      const format = formatFor(accept, name)
      assert.equal(typeof format === 'object' ? format.name : format, expected, `${accept} ${name}`)
    }
  })
})
