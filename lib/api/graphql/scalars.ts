import { PipelineError } from '../../errors.ts'
import { GraphQLScalarType, Kind, type ValueNode } from '../../vendor/graphql.ts'

const maxText = 1_000

/** A number of any length, exact: as text it is digits. `what` stands in errors. */
function numeric(name: string, what: string, pattern: RegExp, description: string): GraphQLScalarType<string | number> {
  const read = (text: string): string => {
    if (text.length <= maxText && pattern.test(text)) return text
    throw new PipelineError('QUERY_VALUE', `${what} is expected, not ${JSON.stringify(text.slice(0, 40))}`)
  }
  return new GraphQLScalarType<string | number, string | number>({
    name,
    description,
    serialize: (value) => (typeof value === 'number' || typeof value === 'string' ? value : String(value)),
    parseValue: (value) =>
      read(typeof value === 'number' ? plainDigits(value) : typeof value === 'string' ? value : ''),
    parseLiteral: (node) => read(textOf(node, [Kind.INT, Kind.FLOAT, Kind.STRING])),
  })
}

/** `1e-7` as digits, the way a number is written in a filter. */
function plainDigits(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  const text = String(value)
  return text.includes('e') ? value.toFixed(Math.abs(value) < 1 ? 20 : 0).replace(/\.?0+$/, '') : text
}

/** A text of a certain form; what it is compared with is checked where the statement is made. */
function textual(name: string, description: string): GraphQLScalarType<string> {
  const read = (value: unknown): string => {
    if (typeof value === 'string' && value.length <= maxText) return value
    throw new PipelineError('QUERY_VALUE', `${name}: a text of at most ${maxText} characters is expected`)
  }
  return new GraphQLScalarType<string, string>({
    name,
    description,
    serialize: String,
    parseValue: read,
    parseLiteral: (node) => read(textOf(node, [Kind.STRING])),
  })
}

function textOf(node: ValueNode, kinds: readonly Kind[]): string {
  if ('value' in node && typeof node.value === 'string' && kinds.includes(node.kind)) return node.value
  throw new PipelineError('QUERY_VALUE', `A value of another kind is expected here, not ${node.kind}`)
}

/** Exact: text, unless numbers are asked for. */
export const Decimal = numeric(
  'Decimal',
  'A number such as 1234.56',
  /^[+-]?\d{1,30}(\.\d{1,20})?$/,
  'A decimal number. Answered as text ("0.65313"), exactly as it is held; with `numbers: number` as a JSON number, which may round. In filters a number or a text.',
)
/** int8. */
export const BigInt64 = numeric(
  'BigInt',
  'A whole number',
  /^[+-]?\d{1,18}$/,
  'A whole number of up to 18 digits. Answered as a JSON number as long as that is exact (up to 9007199254740991), else as text.',
)
export const DateText = textual('Date', 'A day, `2026-07-01`.')
export const Month = textual(
  'Month',
  'A month, answered as its first day, `2026-07-01`. In filters `2026-07` is taken too.',
)
export const Timestamp = textual(
  'Timestamp',
  'A time without a zone, as the source gives it: `2026-07-01 02:00:00`. In filters `2026-07-01T02:00` is taken too.',
)
export const DateTime = textual('DateTime', 'An instant, ISO 8601 in UTC.')
export const Cnpj = textual('Cnpj', 'A CNPJ: 14 digits. In filters its usual punctuation is taken too.')
/** What has no type of its own here; output, and input of routes that take it. */
export const JsonValue = new GraphQLScalarType<unknown, unknown>({
  name: 'JSON',
  description: 'Any JSON value.',
  serialize: (value) => value,
})
