import type { DescribedColumn } from '../../steps/dataset/read/port.ts'
import type { Json } from '../../stores/cache/port.ts'
import { ByteWriter, type ColumnSource, ParquetWriter, type SchemaElement } from '../../vendor/parquet.ts'
import type { RowFormat } from './format.ts'

/** Rows of a row group. Writing one down blocks the process for some ten milliseconds; larger ones would be better for readers. */
const groupRows = 10_000

type Values = ColumnSource['data']

/** How a column is written: its place in the schema, and its values from texts. */
interface ColumnWriter {
  element: SchemaElement
  /** The library orders them wrongly: no bounds are said. */
  statistics: boolean
  values(texts: readonly Json[]): Values
}

/** Parquet: a row group is made, sent and forgotten. Decimals keep every digit, dates are dates, times have no time zone. */
export const parquet: RowFormat = {
  name: 'parquet',
  type: 'application/vnd.apache.parquet',
  numbers: 'text',
  async *write(columns, batches) {
    const writers = columns.map(writerOf)
    const bytes = new ByteWriter(1 << 20)
    const file = new ParquetWriter({
      writer: bytes,
      schema: [{ name: 'root', num_children: columns.length }, ...writers.map(({ element }) => element)],
      createdBy: '@ysh/node-red-data-pipeline',
    })
    const taken = () => {
      const copy = bytes.getBytes().slice()
      // only what is in the buffer is forgotten; the offset in the file goes on
      bytes.index = 0
      return copy
    }
    const group = (rows: readonly Record<string, Json>[]) =>
      file.write({
        rowGroupSize: groupRows,
        columnData: writers.map(({ element, statistics, values }) => ({
          ...{ name: element.name, statistics, data: values(rows.map((row) => row[element.name] ?? null)) },
        })),
      })
    let waiting: Record<string, Json>[] = []
    for await (const { rows } of batches) {
      for (const row of rows) waiting.push(row)
      if (waiting.length < groupRows) continue
      await group(waiting)
      waiting = []
      yield taken()
    }
    if (waiting.length > 0) await group(waiting)
    // With this from the start the library would take only bigints and turn each into bytes itself, ten times slower; readers need it.
    for (const { element } of writers) if (element.logical_type?.type === 'DECIMAL') element.converted_type = 'DECIMAL'
    await file.finish()
    yield taken()
  },
}

function writerOf({ name, type, scale }: DescribedColumn): ColumnWriter {
  const base = { name, repetition_type: 'OPTIONAL' as const }
  switch (type) {
    case 'integer': {
      const element: SchemaElement = { ...base, type: 'INT64' }
      return {
        element,
        statistics: true,
        values: (texts) => texts.map((text) => (text === null ? null : BigInt(String(text)))),
      }
    }
    case 'decimal':
      return scale === null ? doubleOf(base) : decimalOf(base, scale)
    case 'date':
    case 'month': {
      const element: SchemaElement = { ...base, type: 'INT32', converted_type: 'DATE', logical_type: { type: 'DATE' } }
      return {
        element,
        statistics: true,
        values: (texts) => texts.map((text) => (text === null ? null : new Date(`${String(text)}T00:00:00Z`))),
      }
    }
    case 'timestamp': {
      const logical_type = { type: 'TIMESTAMP', isAdjustedToUTC: false, unit: 'MICROS' } as const
      return {
        element: { ...base, type: 'INT64', logical_type },
        statistics: true,
        values: (texts) => texts.map(microseconds),
      }
    }
    default: {
      const element: SchemaElement = {
        ...base,
        type: 'BYTE_ARRAY',
        converted_type: 'UTF8',
        logical_type: { type: 'STRING' },
      }
      return {
        element,
        statistics: true,
        values: (texts) => texts.map((text) => (text === null ? null : String(text))),
      }
    }
  }
}

type Base = { name: string; repetition_type: 'OPTIONAL' }

/** A number that the contract does not know, so that nobody knows its scale. */
function doubleOf(base: Base): ColumnWriter {
  return {
    element: { ...base, type: 'DOUBLE' },
    statistics: true,
    values: (texts) => texts.map((text) => (text === null ? null : Number(text))),
  }
}

/** The parser takes up to 19 digits before the comma: with the scale that is more than an INT64 holds. */
function decimalOf(base: Base, scale: number): ColumnWriter {
  const precision = 19 + scale
  const length = Math.ceil((precision * Math.log2(10) + 1) / 8)
  const known = new Map<string, Uint8Array>()
  const encode = (text: string) => {
    const before = known.get(text)
    if (before !== undefined) return before
    const bytes = fixed(unscaled(text, scale), length)
    if (known.size >= groupRows) known.clear()
    known.set(text, bytes)
    return bytes
  }
  return {
    element: {
      ...base,
      ...{ type: 'FIXED_LEN_BYTE_ARRAY', type_length: length, logical_type: { type: 'DECIMAL', precision, scale } },
      ...{ precision, scale },
    },
    statistics: false,
    values: (texts) => texts.map((text) => (text === null ? null : encode(String(text)))),
  }
}

/** `-1.5` with two places is -150. */
function unscaled(text: string, scale: number): bigint {
  const [whole = '0', fraction = ''] = text.split('.')
  return BigInt(`${whole}${fraction.slice(0, scale).padEnd(scale, '0')}`)
}

/** Two's complement, the highest byte first. */
function fixed(value: bigint, length: number): Uint8Array {
  const hex = BigInt.asUintN(length * 8, value)
    .toString(16)
    .padStart(length * 2, '0')
  return Uint8Array.from(Buffer.from(hex, 'hex'))
}

/** A time without a time zone, in microseconds since 1970. */
function microseconds(text: Json): bigint | null {
  if (text === null) return null
  const [day = '', time = '00:00:00'] = String(text).split(/[ T]/)
  const [seconds = '', fraction = ''] = time.split('.')
  return BigInt(Date.parse(`${day}T${seconds}Z`)) * 1_000n + BigInt(fraction.slice(0, 6).padEnd(6, '0'))
}
