import { canonicalUnit, convert, unitFor, unitPattern } from './units.ts'
import type { Entry } from './vocabulary.ts'

/** A value that was read. */
export interface ReadValue {
  value: string
  unit: string
  num?: number | number[]
  canonical?: { unit: string; num: number | number[] }
  /** The unit is not printed anywhere. */
  assumed: boolean
}

interface Token {
  value: number
  unit: string
  start: number
  end: number
}

/** Whether numbers of a document are written with a comma before the decimals. */
export type Decimal = 'comma' | 'point'

/** A number as printed; three digits after a single sign are thousands only where the value is large. */
export function numberOf(text: string, decimal: Decimal, large: boolean): number | undefined {
  const plain = text.replace(/[−–—]/g, '-').replace(/[\s≥≤<>~≈±+']/g, '')
  const signs = plain.replace(/[^.,]/g, '')
  let digits = plain
  if (signs.includes('.') && signs.includes(',')) {
    const last = signs.at(-1) ?? '.'
    digits = plain.replaceAll(last === ',' ? '.' : ',', '').replace(last, '.')
  } else if (signs.length > 1) digits = plain.replace(/[.,]/g, '')
  else if (signs.length === 1) {
    const [whole = '', rest = ''] = plain.split(signs)
    const other = (signs === ',') === (decimal === 'point')
    const thousands =
      rest.length === 3 && /^-?[1-9]\d{0,2}$/.test(whole) && (large || other) && (large || whole.length > 2)
    digits = thousands ? whole + rest : `${whole}.${rest}`
  }
  const value = Number(digits)
  return digits === '' || Number.isNaN(value) ? undefined : value
}

const numberPattern = /\d{1,3}(?:[ ]\d{3})+(?![\d])(?:[.,]\d+)?|\d+(?:[.,]\d+)*/g

/** The numbers of a text with the units right after them. A dash after a number or a unit parts a range, and is no sign. */
function tokensOf(text: string, decimal: Decimal, large: boolean): Token[] {
  const tokens: Token[] = []
  let from = 0
  for (const match of text.matchAll(numberPattern)) {
    const start = match.index
    // a digit in a word, such as DC1 or IP65, is no value
    if (/[A-Za-z]$/.test(text.slice(0, start))) continue
    const before = text.slice(from, start)
    const negative =
      /[-−–]\s?$/.test(before) &&
      (tokens.length === 0 || /[~/(…]\s*[-−–]\s?$|(?:to|até|a|and|\.\.)\s*[-−–]\s?$/.test(before))
    const value = numberOf(match[0], decimal, large)
    if (value === undefined) continue
    const end = start + match[0].length
    const unit = unitPattern.exec(text.slice(end))?.[1]?.trim() ?? ''
    from = end + (unit === '' ? 0 : text.slice(end).indexOf(unit) + unit.length)
    tokens.push({ value: negative ? -value : value, unit, start, end: from })
  }
  return tokens
}

/** Reads a value of an entry; `unit` is what its own column or its label says. Undefined when it is no value of this kind. */
export function readValue(
  raw: string,
  entry: Entry,
  unit: string | undefined,
  decimal: Decimal,
): ReadValue | undefined {
  const text = raw
    .replace(/\u00a0/g, ' ')
    .replace(/(?<![a-zA-Z])[¹²³⁴-⁹]+\)?$|\*+$/u, '')
    .trim()
  if (text === '' || /^[-–—/]$/.test(text)) return undefined
  if (entry.value !== undefined && !entry.value.test(text)) return undefined
  if (entry.quantity === 'text') return { value: text, unit: '', assumed: false }
  const { quantity } = entry
  const large =
    quantity === 'power' ||
    quantity === 'apparentPower' ||
    quantity === 'length' ||
    (quantity === 'voltage' && entry.electrical === undefined)
  const tokens = tokensOf(text, decimal, large)
  const first = tokens[0]
  if (first === undefined) return undefined
  if (quantity === 'count') {
    const num = tokens.length === 1 ? first.value : countOf(text, tokens)
    return { value: text, unit: '', ...(num === undefined ? {} : { num }), assumed: false }
  }
  const fitting = tokens.filter((token) => unitFor(token.unit, quantity) !== undefined || degree(token.unit, quantity))
  const hint =
    unit !== undefined && (unitFor(unit, quantity) !== undefined || degree(unit, quantity))
      ? unit.replace(/^[[(]|[\])]$/g, '').trim()
      : undefined
  const used = chosen(tokens, text, entry)
  const outside = fitting.filter((token) => used.includes(token) || !insideBrackets(text, token.start))
  const own = outside.at(-1)?.unit ?? (hint === undefined ? fitting.at(-1)?.unit : undefined)
  if (own === undefined && hint === undefined && tokens.some((token) => token.unit !== '')) return undefined
  // AM 1.5 is no temperature
  if (quantity === 'temperature' && own === undefined && hint === undefined) return undefined
  const printed = own ?? hint ?? ''
  const num = used.length === 1 ? (used[0]?.value ?? first.value) : used.map((token) => token.value)
  const known = unitFor(printed, quantity) ?? (degree(printed, quantity) ? unitFor('%/°C', quantity) : undefined)
  const fallback = canonicalUnit(quantity)
  const canonical = (() => {
    const better = inCanonical(tokens, quantity, used, text, printed)
    if (better !== undefined) return better
    if (known !== undefined) return { unit: known.canonical, num: each(num, (value) => convert(value, known)) }
    return fallback === undefined ? undefined : { unit: fallback, num }
  })()
  return {
    value: withoutUnit(text, used, tokens),
    unit: printed,
    num,
    ...(canonical === undefined ? {} : { canonical }),
    assumed: printed === '',
  }
}

/** A coefficient per something that is a degree sign in a font that does not say so. */
function degree(unit: string, quantity: Entry['quantity']): boolean {
  return quantity === 'coefficient' && /^%\s?\//.test(unit)
}

function each(num: number | number[], change: (value: number) => number): number | number[] {
  return Array.isArray(num) ? num.map(change) : change(num)
}

/** Where both are printed, `48.5 lbs (22.0 kg)`, the one that needs no conversion. */
function inCanonical(
  tokens: readonly Token[],
  quantity: Entry['quantity'],
  used: readonly Token[],
  text: string,
  hint: string,
) {
  if (quantity === 'length' || used.length !== 1) return undefined
  const own = unitFor(used[0]?.unit === '' ? hint : (used[0]?.unit ?? ''), quantity)
  const plain = tokens.find((token) => unitFor(token.unit, quantity)?.factor === 1)
  const unit = plain === undefined ? undefined : unitFor(plain.unit, quantity)
  if (own === undefined || own.factor === 1 || plain === undefined || unit === undefined) return undefined
  // (43 ± 3 °C): the first number of its bracket
  const bracket = text.lastIndexOf('(', plain.start)
  const first = bracket < 0 ? plain : (tokens.find((token) => token.start > bracket) ?? plain)
  return { unit: unit.canonical, num: first.value }
}

/** Which numbers are the value: the ends of a range, the parts of a list, three dimensions, or the first one. */
function chosen(tokens: readonly Token[], text: string, entry: Entry): Token[] {
  const first = tokens[0]
  if (first === undefined) return []
  if (entry.shape === 'dimensions') return dimensions(tokens, text)
  if (entry.shape === 'range') return tokens.slice(0, 2)
  const second = tokens[1]
  const between = second === undefined ? '' : text.slice(first.end, second.start)
  // parts for each input: 11 A / 10 A, DC1: 15 A, DC2: 10 A; a bracket only explains
  const listed = tokens.filter((token) => !insideBrackets(text, token.start))
  if (entry.kind === 'inverter' && entry.quantity === 'current' && listed.length > 1 && /[/;,+]/.test(between))
    return listed
  return [first]
}

function insideBrackets(text: string, at: number): boolean {
  const before = text.slice(0, at)
  return before.split('(').length > before.split(')').length
}

function dimensions(tokens: readonly Token[], text: string): Token[] {
  const metric = tokens.findIndex((token) => /^mm$/i.test(token.unit))
  const groups: Token[][] = []
  for (const token of tokens) {
    const group = groups.at(-1)
    const last = group?.at(-1)
    const between = last === undefined ? '' : text.slice(last.end, token.start)
    if (group !== undefined && group.length < 3 && /^[^\d()]{0,12}$/.test(between) && /[x×*ˣ/X]/.test(between))
      group.push(token)
    else groups.push([token])
  }
  const whole = groups.filter((group) => group.length === 3)
  const inMm = whole.find((group) => group.some((token) => tokens.indexOf(token) === metric))
  return inMm ?? whole[0] ?? tokens.slice(0, 1)
}

function countOf(text: string, tokens: readonly Token[]): number | undefined {
  if (/;|:/.test(text)) {
    // Parallel inputs: 1; separate inputs: 2
    const named = tokens.length > 1 && /\p{L}{4}/u.test(text)
    return named ? Math.max(...tokens.map((token) => token.value)) : undefined
  }
  return tokens[0]?.value
}

/** The text without the unit at its end; parts that each have one keep theirs. */
function withoutUnit(text: string, used: readonly Token[], tokens: readonly Token[]): string {
  const last = tokens.at(-1)
  if (last === undefined || last.unit === '' || last.end !== text.length) return text
  const range = used.length === 2 && !/[/;,]/.test(text)
  return used.length === 1 || range ? text.slice(0, text.length - last.unit.length).trim() : text
}
