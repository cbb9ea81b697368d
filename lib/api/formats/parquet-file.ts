import type { DescribedColumn } from '../../steps/dataset/read/port.ts'
import type { Json } from '../../stores/cache/port.ts'
import { ByteWriter, type ColumnSource, ParquetWriter, type SchemaElement } from '../../vendor/parquet.ts'

/** Values of a row group, and its rows at least and at most: few enough for flat memory, many enough for readers. */
const [groupValues, fewestRows, mostRows] = [200_000, 2_000, 20_000]
/** Different values of a column whose bytes are remembered. */
const mostKnown = 20_000

/** What of a column decides how it is written. */
export type ParquetColumn = Pick<DescribedColumn, 'name' | 'type' | 'scale'>

type Values = ColumnSource['data']

/** How a column is written: its place in the schema, and its values from texts. */
interface ColumnWriter {
  element: SchemaElement
  /** The library orders some wrongly: then no bounds are said. */
  statistics: boolean
  values(texts: readonly Json[]): Values
}

/**
 * Writes a Parquet file piece by piece: a row group is made, handed over and forgotten. Decimals keep every digit, dates are dates, times have
 * no time zone. A row group takes some hundred milliseconds: for a thread.
 */
export class ParquetFile {
  readonly #writers: ColumnWriter[]
  readonly #bytes = new ByteWriter(1 << 20)
  readonly #file: ParquetWriter
  readonly #groupRows: number
  #waiting: Json[][]
  #count = 0

  constructor(columns: readonly ParquetColumn[]) {
    this.#writers = columns.map(writerOf)
    this.#waiting = columns.map(() => [])
    this.#groupRows = Math.min(mostRows, Math.max(fewestRows, Math.ceil(groupValues / columns.length)))
    this.#file = new ParquetWriter({
      writer: this.#bytes,
      schema: [{ name: 'root', num_children: columns.length }, ...this.#writers.map(({ element }) => element)],
      createdBy: '@ysh/node-red-data-pipeline',
    })
  }

  /** Takes values, column by column, numbers as texts; gives what of the file has become ready, often nothing. */
  add(columns: readonly (readonly Json[])[], count: number): Uint8Array {
    this.#waiting.forEach((values, at) => {
      for (const value of columns[at] ?? []) values.push(value)
    })
    this.#count += count
    if (this.#count >= this.#groupRows) this.#group()
    return this.#taken()
  }

  /** The rest of the file. */
  end(): Uint8Array {
    if (this.#count > 0) this.#group()
    // With this from the start the library would take only bigints and turn each into bytes itself, ten times slower; readers need it.
    for (const { element } of this.#writers) {
      if (element.logical_type?.type === 'DECIMAL') element.converted_type = 'DECIMAL'
    }
    void this.#file.finish()
    return this.#taken()
  }

  #group(): void {
    // a writer without `flush` is done when this returns
    void this.#file.write({
      rowGroupSize: this.#count,
      columnData: this.#writers.map(({ element, statistics, values }, at) => ({
        ...{ name: element.name, statistics, data: values(this.#waiting[at] ?? []) },
      })),
    })
    this.#waiting = this.#waiting.map(() => [])
    this.#count = 0
  }

  #taken(): Uint8Array {
    const copy = this.#bytes.getBytes().slice()
    // only what is in the buffer is forgotten; the offset in the file goes on
    this.#bytes.index = 0
    return copy
  }
}

function writerOf({ name, type, scale }: ParquetColumn): ColumnWriter {
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
      const day = remembering((text) => Date.parse(`${text}T00:00:00Z`) / 86_400_000)
      return {
        element,
        statistics: true,
        values: (texts) => texts.map((text) => (text === null ? null : day(String(text)))),
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
  const encode = remembering((text) => fixed(text, scale, length))
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

/** The same value from the same text: columns repeat themselves, and a dictionary is quicker with equal objects. */
function remembering<T>(make: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>()
  return (text) => {
    const before = known.get(text)
    if (before !== undefined) return before
    const made = make(text)
    if (known.size >= mostKnown) known.clear()
    known.set(text, made)
    return made
  }
}

/** `-1.5` with two places is -150, as two's complement with the highest byte first. */
function fixed(text: string, scale: number, length: number): Uint8Array {
  const [whole = '0', fraction = ''] = text.split('.')
  const digits = `${whole}${fraction.slice(0, scale).padEnd(scale, '0')}`
  const about = Number(digits)
  const bytes = Buffer.alloc(length, about < 0 ? 0xff : 0)
  if (digits.length <= 14) bytes.writeIntBE(about, length - 6, 6)
  else {
    const value = BigInt.asUintN(length * 8, BigInt(digits))
    bytes.write(value.toString(16).padStart(length * 2, '0'), 'hex')
  }
  return bytes
}

/** A time without a time zone, in microseconds since 1970. */
function microseconds(text: Json): bigint | null {
  if (text === null) return null
  const [day = '', time = '00:00:00'] = String(text).split(/[ T]/)
  const [seconds = '', fraction = ''] = time.split('.')
  return BigInt(Date.parse(`${day}T${seconds}Z`)) * 1_000n + BigInt(fraction.slice(0, 6).padEnd(6, '0'))
}
