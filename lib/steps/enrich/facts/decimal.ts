import type { FactLanguage } from './fact.ts'

/** A plain decimal without needless zeros: `007,50` read with a comma is `7.5`. */
export function plainDecimal(whole: string, fraction: string): string {
  const digits = whole.replace(/^0+(?=\d)/, '')
  const rest = fraction.replace(/0+$/, '')
  return rest === '' ? digits || '0' : `${digits || '0'}.${rest}`
}

/** A plain decimal times a power of ten, exactly. Keeps a sign in front. */
export function shiftDecimal(value: string, power: number): string {
  const sign = /^[-±]/.exec(value)?.[0] ?? ''
  const [whole = '0', fraction = ''] = value.slice(sign.length).split('.')
  // more than this is no number of a document, and would take memory that the text did not
  if (Math.abs(power) > 400) return `${value}e${power}`
  if (power >= 0) {
    const moved = fraction.padEnd(power, '0')
    return sign + plainDecimal(whole + moved.slice(0, power), moved.slice(power))
  }
  const padded = whole.padStart(1 - power, '0')
  return sign + plainDecimal(padded.slice(0, power), padded.slice(power) + fraction)
}

/** Which marks a text writes its decimals with, where that can be told. */
export interface Notation {
  comma: boolean
  point: boolean
}

/** Decimals that cannot be thousands. A section number (`7.1`) is none: there must be a unit, a leading zero or more digits. */
const telling = /(?<![\d.,])(\d+)([.,])(\d+)(?![\d.,])(\s?(?:%|°|[kMG]?Wh?p?\b|k?V|A\b|mm|kg|Hz))?/g

/** Looks at the start of a text only: one document keeps to one notation. */
export function notationOf(text: string): Notation {
  const found: Notation = { comma: false, point: false }
  for (const match of text.slice(0, 200_000).matchAll(telling)) {
    const [, whole = '', mark, fraction = '', unit] = match
    if (fraction.length === 3 && whole.length <= 3 && whole !== '0') continue
    if (fraction.length < 2 && unit === undefined && whole !== '0') continue
    if (mark === ',') found.comma = true
    else found.point = true
    if (found.comma && found.point) break
  }
  return found
}

/**
 * The readings of digits with separators, the likeliest first. None when it is no single number (`1.2.3`, `1,2,3`). Where a single mark stands
 * before three digits the language decides, unless the text plainly writes the other way: then both are possible.
 */
export function readDigits(text: string, language: FactLanguage, notation: Notation): string[] {
  const core = text.replace(/[\u00a0\u202f\u2009]/g, '')
  const marks = core.replace(/\d/g, '')
  if (marks === '') return [plainDecimal(core, '')]
  const last = marks.at(-1) ?? ''
  const other = last === ',' ? '.' : ','
  const decimalAt = core.lastIndexOf(last)
  if (marks.includes(other)) {
    const whole = core.slice(0, decimalAt)
    if (marks.lastIndexOf(last) !== marks.indexOf(last) || !isGrouped(whole, other)) return []
    return [plainDecimal(whole.replaceAll(other, ''), core.slice(decimalAt + 1))]
  }
  const grouped = isGrouped(core, last)
  if (marks.length > 1) return grouped ? [core.replaceAll(last, '')] : []
  const decimal = plainDecimal(core.slice(0, decimalAt), core.slice(decimalAt + 1))
  if (!grouped) return [decimal]
  const thousands = core.replace(last, '')
  const groupMark = language === 'en' ? ',' : '.'
  const own = last === groupMark ? thousands : decimal
  const otherWay = last === groupMark ? decimal : thousands
  const ownMark = language === 'en' ? notation.point : notation.comma
  const contrary = language === 'en' ? notation.comma : notation.point
  return language === 'any' || (contrary && !ownMark) ? [own, otherWay] : [own]
}

function isGrouped(text: string, mark: string): boolean {
  const groups = text.split(mark)
  const [first = '', ...rest] = groups
  return /^[1-9]\d{0,2}$/.test(first) && rest.length > 0 && rest.every((group) => group.length === 3)
}
