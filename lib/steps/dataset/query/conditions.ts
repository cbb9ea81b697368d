import { PipelineError } from '../../../errors.ts'
import { quoteIdentifier as q } from '../../../stores/postgres/port.ts'
import { type Condition, type Operator, operators } from './schema.ts'

/** A column of the dataset's view. */
export interface QueryColumn {
  name: string
  /** Type by the contract, or by the view where the contract does not have it. */
  type: 'text' | 'integer' | 'decimal' | 'date' | 'month' | 'timestamp' | 'cnpj'
}

/** SQL types of columns and of the values bound for them, which are sent as text. */
export const sqlTypes = {
  text: 'text',
  cnpj: 'text',
  integer: 'int8',
  decimal: 'numeric',
  date: 'date',
  month: 'date',
  timestamp: 'timestamp',
} as const satisfies Record<QueryColumn['type'], string>

/** Reads a condition as the form has it: `column operator value`, lists with `|`. Throws QUERY_CONDITION. */
export function readCondition(text: string): Condition {
  // the longest operator first: "not in" is no "not"
  const known = [...operators].sort((a, b) => b.length - a.length)
  const space = text.indexOf(' ')
  const column = text.slice(0, space)
  const rest = text.slice(space + 1).trim()
  const op = known.find((each) => rest === each || rest.startsWith(`${each} `))
  if (space < 1 || op === undefined) throw wrong(text, `an operator is expected: ${operators.join(', ')}`)
  const value = rest.slice(op.length).trim()
  if (op === 'is null' || op === 'is not null') {
    if (value !== '') throw wrong(text, `${op} takes no value`)
    return { column, op }
  }
  if (value === '') throw wrong(text, `${op} needs a value`)
  return { column, op, value: isList(op) ? value.split('|').map((part) => part.trim()) : value }
}

/**
 * The SQL of conditions, blank for none; all values are in `values`, none in the text. `column` finds a column or throws. Throws QUERY_CONDITION,
 * QUERY_VALUE.
 */
export function whereClause(
  conditions: readonly Condition[],
  column: (name: string) => QueryColumn,
  values: unknown[],
): string {
  const bind = (value: unknown, type: string) => `$${values.push(value)}::${type}`
  const parts = conditions.map((condition) => {
    const { op, value } = condition
    // It becomes part of the statement, and not everybody who calls has checked it.
    if (!operators.includes(op)) throw wrong(condition.column, `an operator is expected: ${operators.join(', ')}`)
    const of = column(condition.column)
    const name = q(of.name)
    const cast = sqlTypes[of.type]
    const shown = `${of.name} ${op}`
    // Byte order, as in sorting: the same on every server, and in every part.
    const compared = cast === 'text' ? `${name} collate "C"` : name
    if (op === 'is null' || op === 'is not null') {
      if (value !== undefined) throw wrong(shown, 'it takes no value')
      return `${name} ${op}`
    }
    if (value === undefined) throw wrong(shown, 'it needs a value')
    if (isList(op)) {
      if (!Array.isArray(value)) throw wrong(shown, 'it needs a list')
      const list = value.map((each) => typed(of, each))
      if (op !== 'between') return `${op === 'in' ? '' : 'not '}${name} = any(${bind(list, `${cast}[]`)})`
      const [low, high, ...more] = list
      if (high === undefined || more.length > 0) throw wrong(shown, 'it needs two values')
      return `${compared} between ${bind(low, cast)} and ${bind(high, cast)}`
    }
    if (Array.isArray(value)) throw wrong(shown, 'it needs a single value')
    if (op === 'contains' || op === 'begins') {
      if (cast !== 'text') throw wrong(shown, `the column is no text, but ${of.type}`)
      const text = String(value)
      return op === 'begins'
        ? `starts_with(${name}, ${bind(text, 'text')})`
        : `strpos(${small(name)}, ${small(bind(text, 'text'))}) > 0`
    }
    return `${compared} ${op} ${bind(typed(of, value), cast)}`
  })
  return parts.join(' and ')
}

/** In small letters; a database in the locale C does not know those with accents. */
function small(sql: string): string {
  return `lower(translate(${sql}, 'ÁÀÂÃÉÊÍÓÔÕÚÜÇ', 'áàâãéêíóôõúüç'))`
}

function isList(op: Operator): boolean {
  return op === 'in' || op === 'not in' || op === 'between'
}

const forms: Record<QueryColumn['type'], { pattern: RegExp; expected: string }> = {
  text: { pattern: /^[^\0]*$/, expected: 'a text' },
  cnpj: { pattern: /^\d{1,14}$/, expected: 'a CNPJ' },
  integer: { pattern: /^[+-]?\d{1,18}$/, expected: 'a whole number' },
  decimal: { pattern: /^[+-]?\d{1,30}(\.\d{1,20})?$/, expected: 'a number such as 1234.56' },
  date: { pattern: /^\d{4}-\d{2}-\d{2}$/, expected: 'a date such as 2026-07-01' },
  month: { pattern: /^\d{4}-\d{2}-\d{2}$/, expected: 'a month such as 2026-07' },
  timestamp: {
    pattern: /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?)?$/,
    expected: 'a time such as 2026-07-01T02:00',
  },
}

/** A value as its column has it, as text. Throws QUERY_VALUE. */
export function typed({ name, type }: QueryColumn, value: string | number): string {
  const given = String(value).trim()
  const text =
    type === 'cnpj'
      ? given.replaceAll(/[./-]/g, '').padStart(14, '0')
      : type === 'month' && /^\d{4}-\d{2}$/.test(given)
        ? `${given}-01`
        : type === 'text'
          ? String(value)
          : given
  const { pattern, expected } = forms[type]
  const real = !['date', 'month', 'timestamp'].includes(type) || isTime(text)
  if (pattern.test(text) && real) return text
  throw new PipelineError(
    'QUERY_VALUE',
    `${name} is compared with ${JSON.stringify(value)}, but ${expected} is expected`,
  )
}

/** Whether there is such a day, and such a time if one is given. PostgreSQL knows no year 0. */
export function isTime(text: string): boolean {
  const [day = '', time = '00:00'] = text.split(/[T ]/)
  const at = new Date(`${day}T${time}Z`)
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(day) && !day.startsWith('0000')
}

function wrong(condition: string, problem: string): PipelineError {
  return new PipelineError('QUERY_CONDITION', `The condition "${condition.slice(0, 200)}" is wrong: ${problem}`)
}
