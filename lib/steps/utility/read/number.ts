import { fold } from '../../../fold.ts'
/** Which character begins the decimals. Brazilian pages write a comma; a dot then groups thousands. */
export type DecimalMark = 'comma' | 'dot'

const grammar = {
  comma: /^(\d{1,3}(?:\.\d{3})+|\d+)(?:,(\d+))?$/,
  dot: /^(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d+))?$/,
}

/** What stood at the end of a number to point at a note: `*`, `¹`, `(1)`, `[a]`. */
const footnote = /\s*(?:\*+|[†‡§]+|[¹²³⁰⁴-⁹]+|\((?:\d{1,2}|[a-z]|\*+)\)|\[(?:\d{1,2}|[a-z])\])$/iu

/** Removes marks of footnotes from the end of a text. */
export function withoutFootnotes(text: string): string {
  let bare = text
  for (let next = bare.replace(footnote, ''); next !== bare; next = bare.replace(footnote, '')) bare = next
  return bare.trimEnd()
}

/**
 * A number as pages write it, as a plain decimal: "1.234,50" is "1234.5". Undefined for what is no number under this mark: a dot
 * that does not group thousands ("0.65" with a comma expected) is not guessed at.
 */
export function parseDecimal(text: string, mark: DecimalMark = 'comma'): string | undefined {
  const signed = /^([+\-\u2212\u2013])?\s?(.*)$/u.exec(text)
  const [, sign = '', digits = ''] = signed ?? []
  const match = grammar[mark].exec(digits)
  if (match === null) return undefined
  const [, whole = '', fraction = ''] = match
  // "0.650" is no grouping of thousands: somebody writes decimals with a dot.
  if (/^0\d*[.,]/.test(whole)) return undefined
  return plain(sign !== '' && sign !== '+', whole.replace(/[.,]/g, ''), fraction)
}

/** `value` times ten to the `power`, exactly. */
export function shift(value: string, power: number): string {
  const negative = value.startsWith('-')
  const [whole = '', fraction = ''] = value.replace('-', '').split('.')
  if (power >= 0) {
    const padded = fraction.padEnd(power, '0')
    return plain(negative, whole + padded.slice(0, power), padded.slice(power))
  }
  const padded = whole.padStart(1 - power, '0')
  return plain(negative, padded.slice(0, power), padded.slice(power) + fraction)
}

/** One spelling for one number: no leading zeros, no trailing ones in the decimals, no negative zero. */
function plain(negative: boolean, whole: string, fraction: string): string {
  const left = whole.replace(/^0+(?=\d)/, '')
  const right = fraction.replace(/0+$/, '')
  const value = right === '' ? left : `${left}.${right}`
  return negative && value !== '0' ? `-${value}` : value
}

/** An ordinal or whole number: `1º`, `2ª`, `3`, `1.024`. */
export function parseInteger(text: string): string | undefined {
  const bare = withoutFootnotes(text).replace(/\s?[ºª°]\.?$/u, '')
  const value = parseDecimal(bare)
  return value === undefined || value.includes('.') ? undefined : value
}

const months = ['jan', 'fev', 'mar', 'abr', 'mai', 'jun', 'jul', 'ago', 'set', 'out', 'nov', 'dez']

/** A date as `YYYY-MM-DD`: `22/08/2024`, `22.08.24`, `2024-08-22`, `22 de agosto de 2024`. Undefined for what is none. */
export function parseDate(text: string): string | undefined {
  const numbers = /^(\d{1,2})[/.-](\d{1,2})[/.-](\d{2}|\d{4})$/.exec(text)
  const words = /^(\d{1,2})[ºo°]?\s+de\s+(\p{L}{3,})\s+de\s+(\d{4})$/iu.exec(text)
  const iso = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text)
  if (iso !== null) return real(Number(iso[1]), Number(iso[2]), Number(iso[3]))
  if (numbers !== null) return real(year(numbers[3] ?? ''), Number(numbers[2]), Number(numbers[1]))
  if (words !== null) return real(Number(words[3]), month(words[2] ?? ''), Number(words[1]))
  return undefined
}

/** A month as the date of its first day: `07/2026`, `jul/26`, `julho de 2026`, `julho 2026`, `2026-07`. */
export function parseMonth(text: string): string | undefined {
  const numbers = /^(\d{1,2})[/.-](\d{4}|\d{2})$/.exec(text)
  const words = /^(\p{L}{3,})\.?(?:\s*[/.-]\s*|\s+de\s+|\s+)(\d{4}|\d{2})$/iu.exec(text)
  const iso = /^(\d{4})-(\d{2})$/.exec(text)
  if (iso !== null) return real(Number(iso[1]), Number(iso[2]), 1)
  if (numbers !== null) return real(year(numbers[2] ?? ''), Number(numbers[1]), 1)
  if (words !== null) return real(year(words[2] ?? ''), month(words[1] ?? ''), 1)
  return parseDate(text)?.replace(/\d\d$/, '01')
}

/** Number of a month by its Portuguese name or its first three letters; 0 for no month. */
function month(name: string): number {
  const letters = fold(name).toLowerCase()
  const full = ['janeiro', 'fevereiro', 'marco', 'abril', 'maio', 'junho', 'julho', 'agosto', 'setembro', 'outubro']
  const names = [...full, 'novembro', 'dezembro']
  return letters.length === 3 ? months.indexOf(letters) + 1 : names.indexOf(letters) + 1
}

const year = (digits: string) => (digits.length === 2 ? 2_000 + Number(digits) : Number(digits))

function real(y: number, m: number, d: number): string | undefined {
  if (y < 1900 || y > 2200) return undefined
  const date = new Date(Date.UTC(y, m - 1, d))
  if (date.getUTCMonth() !== m - 1 || date.getUTCDate() !== d) return undefined
  return date.toISOString().slice(0, 10)
}
