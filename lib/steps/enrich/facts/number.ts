import type { DateOrder } from './dates.ts'
import { type Notation, readDigits } from './decimal.ts'
import type { FactLanguage, Reading } from './fact.ts'
import { match, perAt, unitAt } from './units.ts'
import { multiplierAt, numberWordsAt, times } from './words.ts'

/** What a text is read with. */
export interface Reader {
  text: string
  language: FactLanguage
  notation: Notation
  order: DateOrder
}

/** Money that stands before a number. */
export interface Money {
  unit: string
  start: number
  end: number
}

/** A number in its text. */
export interface FoundNumber {
  readings: Reading[]
  start: number
  end: number
  /** Power of ten that a word gave it: in `5 a 10 milhões` it counts for both. */
  power: number
}

const spaced = /[1-9]\d{0,2}(?:[\u00a0\u202f\u2009]\d{3})+(?:[.,]\d+)?(?![\d])/y
const plain = /\d+(?:[.,]\d+)*/y
const dotted = /\d+(?:\.\d+){2,}/y
const single = /\d+(?:[.,]\d+)?/y
const integer = /\d+/y
const exponent = /[eE]([+-−]?\d{1,3})(?![\p{L}\d])/uy
const scientific = /\s?[x×*·⋅]\s?10(?:\^\s?\(?([-−–+]?\d{1,3})\)?|([⁻⁺]?[⁰¹²³⁴-⁹]+)|([-−]\d{1,2}(?!\d)))/y
const raisedTen = /\^\s?\(?([-−–+]?\d{1,3})\)?|([⁻⁺]?[⁰¹²³⁴-⁹]+)/y
const over = /[/⁄](\d+(?:[.,]\d+)*)(?![\d/]|-\d)/y
const vulgar: Readonly<Record<string, string>> = {
  '½': '1/2',
  '¼': '1/4',
  '¾': '3/4',
  '⅓': '1/3',
  '⅔': '2/3',
  '⅛': '1/8',
  '⅜': '3/8',
  '⅝': '5/8',
  '⅞': '7/8',
}
const ordinal = /(?:[ºªo°]|st|nd|rd|th|[ao]s?)(?![\p{L}\d])/uy
const degree = /[°º˚]\s?[CF](?![\p{L}])/uy
const times_ = /[x×](?=\s?\d|(?![\p{L}\d]))/uy
const lettered = /[\p{L}\d]+(?:[-./‑][\p{L}\d]+)*/uy
const open = /\s*\(\s*/y
const close = /\s*\)/y
const wordHere = /\p{L}+/uy
const andHalf = /\s+(?:e\s+mei[oa]|and\s+a\s+half)(?![\p{L}])/uy
const gap = /[ \t\u00a0\u202f\u2009]{0,2}/y
const nextLine = /[ \t]?\n[ \t]?/y
const ofUnit = /\s+(?:de|of)\s+/y
const hyphen = /[-‑](?=\p{L}{3})/uy

/** The number whose digits begin at a place, with sign, money, power and unit; or an identifier that begins with digits. */
export function numberAt(reader: Reader, at: number, money: Money | undefined): FoundNumber | undefined {
  const { text } = reader
  const digits = coreAt(reader, at)
  let { values, end } = digits
  const { identifier } = digits
  if (identifier !== undefined) {
    return { readings: [{ kind: 'identifier', value: identifier }], start: at, end, power: 0 }
  }
  const letter = /[\p{L}]/u.test(text[end] ?? '')
  const powered = match(exponent, text, end) ?? match(scientific, text, end)
  if (powered !== undefined) {
    values = times(values, power(powered.slice(1).find((part) => part !== undefined) ?? '0'))
    end += powered[0].length
  } else if (values[0] === '10' && /[\^⁰¹²³⁴-⁹⁻]/.test(text[end] ?? '')) {
    const raised = match(raisedTen, text, end)
    if (raised !== undefined) {
      values = times(['1'], power(raised[1] ?? raised[2] ?? '0'))
      end += raised[0].length
    }
  } else if (letter && !gluedUnit(text, end, money)) {
    const whole = match(lettered, text, at)
    if (whole !== undefined && whole[0].length > end - at) {
      return {
        readings: [{ kind: 'identifier', value: identifierForm(whole[0]) }],
        start: at,
        end: at + whole[0].length,
        power: 0,
      }
    }
  }
  const fraction = match(over, text, end)
  if (fraction !== undefined) {
    const below = readDigits(fraction[1] ?? '', reader.language, reader.notation)
    if (below.length > 0) {
      values = values.map((value) => `${value}/${below[0]}`)
      end += fraction[0].length
    }
  } else {
    const part = vulgar[text[end] ?? '']
    if (part !== undefined) {
      values = values.map((value) => `${value}+${part}`)
      end++
    }
  }
  return finish(reader, values, at, end, money)
}

/** A number in words that begins with a word at a place. */
export function wordNumberAt(
  reader: Reader,
  word: string,
  at: number,
  money: Money | undefined,
): (FoundNumber & { weak: boolean }) | undefined {
  const words = numberWordsAt(reader.text, word, at)
  if (words === undefined) return undefined
  const found = finish(reader, [words.value], at, words.end, money)
  return { ...found, weak: words.single && found.readings[0]?.unit === undefined }
}

/** A fraction in one character. */
export function vulgarAt(reader: Reader, at: number): FoundNumber | undefined {
  const value = vulgar[reader.text[at] ?? '']
  return value === undefined ? undefined : finish(reader, [value], at, at + 1, undefined)
}

function coreAt(reader: Reader, at: number): { values: string[]; end: number; identifier?: string } {
  const { text, language, notation } = reader
  for (const pattern of [spaced, plain]) {
    const found = match(pattern, text, at)?.[0]
    if (found === undefined) continue
    const values = readDigits(found, language, notation)
    if (values.length > 0) return { values, end: at + found.length }
  }
  const section = match(dotted, text, at)?.[0]
  if (section !== undefined) return { values: [], end: at + section.length, identifier: section }
  const first = match(single, text, at)?.[0] ?? ''
  const whole = match(integer, text, at)?.[0] ?? ''
  // `1,2,3` is a list, `1.5,2.5` two decimals
  const list = /^\d+,\d+,/.test(text.slice(at, at + first.length + 1)) ? whole : first
  return { values: readDigits(list, language, notation), end: at + list.length }
}

/** Whether the letters right after a number are its unit, an ordinal or the like, and not a part of a name. */
function gluedUnit(text: string, end: number, money: Money | undefined): boolean {
  if (match(ordinal, text, end) !== undefined || match(times_, text, end) !== undefined) return true
  if (multiplierAt(text, end, money !== undefined) !== undefined) return true
  const unit = unitAt(text, end)
  return (
    unit !== undefined &&
    !/[\p{L}\d]/u.test(text[unit.end] ?? '') &&
    !/^-\p{L}*\d/u.test(text.slice(unit.end, unit.end + 6))
  )
}

function finish(reader: Reader, values: string[], at: number, from: number, money: Money | undefined): FoundNumber {
  const { text } = reader
  let end = from
  let powers = 0
  end = inBrackets(reader, values, end)
  const multiplier = multiplierAt(text, end, money !== undefined)
  let amounts = values
  if (multiplier !== undefined && !values.some((value) => /[/+]/.test(value))) {
    powers = multiplier.power
    amounts = times(values, powers)
    end = inBrackets(reader, amounts, multiplier.end)
  }
  const halve = () => {
    const half = match(andHalf, text, end)
    if (half === undefined || !amounts.every((value) => /^\d+$/.test(value))) return
    amounts = amounts.map((value) => `${value}.5`)
    end += half[0].length
  }
  halve()
  if (match(degree, text, end) === undefined) end += match(ordinal, text, end)?.[0].length ?? 0
  let unit: string | undefined
  if (money !== undefined) {
    const below = perAt(text, end)
    unit = below === undefined ? money.unit : `${money.unit}/${below.unit}`
    end = below?.end ?? end
  } else {
    const found = unitAfter(text, end, powers > 0)
    unit = found?.unit
    end = found?.end ?? end
  }
  halve()
  const sign = signBefore(text, money?.start ?? at)
  const start = sign.start
  const readings = amounts.map((value): Reading => {
    const signed = sign.sign === '' || value === '0' ? value : sign.sign + value
    return unit === undefined ? { kind: 'number', value: signed } : { kind: 'number', value: signed, unit }
  })
  return { readings, start, end, power: powers }
}

function unitAfter(text: string, at: number, large: boolean): { unit: string; end: number } | undefined {
  const space = match(gap, text, at)?.[0].length ?? 0
  const direct = unitAt(text, at + space)
  if (direct !== undefined) return direct
  const joined = match(hyphen, text, at)
  if (joined !== undefined) {
    const unit = unitAt(text, at + 1)
    if (unit !== undefined) return unit
  }
  if (large) {
    const of = match(ofUnit, text, at)
    const unit = of === undefined ? undefined : unitAt(text, at + of[0].length)
    if (unit !== undefined) return unit
  }
  // a line that breaks between a number and its unit
  const line = match(nextLine, text, at)
  if (line === undefined) return undefined
  const unit = unitAt(text, at + line[0].length)
  return unit !== undefined && unit.unit.length > 1 && unit.unit !== '%' ? unit : undefined
}

/** The end after the same value again in brackets: `30 (trinta) dias`, `trinta (30) dias`, `R$ 5,00 (cinco reais)`. */
function inBrackets(reader: Reader, values: readonly string[], at: number): number {
  const { text } = reader
  const bracket = match(open, text, at)
  if (bracket === undefined) return at
  const inside = at + bracket[0].length
  const word = match(wordHere, text, inside)?.[0].toLowerCase()
  let end: number | undefined
  if (word !== undefined) {
    const words = numberWordsAt(text, word, inside)
    if (words !== undefined && values.includes(words.value)) end = words.end
  } else {
    const digits = match(plain, text, inside)?.[0]
    const same = digits === undefined ? [] : readDigits(digits, reader.language, reader.notation)
    if (digits !== undefined && same.some((value) => values.includes(value))) end = inside + digits.length
  }
  if (end === undefined) return at
  const unit = unitAfter(text, end, false)
  for (const from of [end, unit?.end ?? end]) {
    const closing = match(close, text, from)
    if (closing !== undefined) return from + closing[0].length
  }
  return at
}

/** The sign before a number or its money. A hyphen between letters or digits is none; nor is one with a space after it, which may be a bullet. */
function signBefore(text: string, at: number): { sign: string; start: number } {
  const before = text.slice(Math.max(0, at - 14), at)
  const glued = /(?:^|[^\p{L}\d°%)\].,–-])([-−–‑±+]|\+\s?\/\s?[-−])$/u.exec(before)
  const apart = /([±−]|\+\s?\/\s?[-−])\s$/.exec(before)
  const mark = glued?.[1] ?? apart?.[1]
  if (mark !== undefined) {
    const start = at - (glued === null ? (apart?.[0].length ?? 0) : mark.length)
    if (mark === '±' || mark.startsWith('+/') || /^\+\s/.test(mark)) return { sign: '±', start }
    return { sign: mark === '+' ? '' : '-', start }
  }
  const word = /(?:^|[^\p{L}])((?:pelo|ao)\s+)?(menos|minus|negative)\s$/iu.exec(before)
  const name = word?.[2]?.toLowerCase()
  if (name === 'minus' || name === 'negative') return { sign: '-', start: at - name.length - 1 }
  if (name === 'menos' && word?.[1] === undefined && /^[\d.,]+\s?°/.test(text.slice(at, at + 12)))
    return { sign: '-', start: at - 6 }
  return { sign: '', start: at }
}

const superscripts = '⁰¹²³⁴⁵⁶⁷⁸⁹'

function power(text: string): number {
  const digits = [...text].map((letter) => {
    const index = superscripts.indexOf(letter)
    return index >= 0
      ? String(index)
      : letter === '⁻' || letter === '−' || letter === '–'
        ? '-'
        : letter === '⁺'
          ? ''
          : letter
  })
  return Number(digits.join('').replace('+', ''))
}

/** Superscript digits written plainly. */
export function plainDigits(text: string): string {
  return text.replace(/[⁰¹²³⁴-⁹]/g, (letter) => String(superscripts.indexOf(letter)))
}

/** An identifier as it is compared: capitals, plain hyphens and digits. */
export function identifierForm(text: string): string {
  return text
    .replace(/[‐‑‒–−]/g, '-')
    .replace(/[₀-₉]/g, (letter) => String(letter.charCodeAt(0) - 0x2080))
    .toUpperCase()
}
