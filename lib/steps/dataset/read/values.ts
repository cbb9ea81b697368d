import type { Json } from '../../../stores/cache/port.ts'
import type { Row } from '../../../stores/postgres/port.ts'
import type { DescribedColumn } from './port.ts'

/** `number`: for charts and functions, a whole number too large for one stays text. `text`: every number as it is stored. */
export type Numbers = 'number' | 'text'

/** Makes a function that writes a row as JSON, with these columns and no others. */
export function plainRow(columns: readonly DescribedColumn[], numbers: Numbers): (row: Row) => Record<string, Json> {
  const fields = columns.map(({ name, type }) => ({
    name,
    write: numbers === 'text' ? asText : type === 'integer' ? asInteger : type === 'decimal' ? asDecimal : asText,
  }))
  return (row) => {
    const plain: Record<string, Json> = {}
    for (const { name, write } of fields) {
      const value = row[name]
      plain[name] = value === null || value === undefined ? null : write(value)
    }
    return plain
  }
}

/** Dates and times come as text already. */
function asText(value: unknown): Json {
  return typeof value === 'string' ? value : String(value)
}

function asDecimal(value: unknown): Json {
  return Number(value)
}

function asInteger(value: unknown): Json {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : String(value)
}
