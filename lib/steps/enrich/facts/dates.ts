import type { FactLanguage, Reading } from './fact.ts'
import { match } from './units.ts'
import { ordinalOf } from './words.ts'

const months: Readonly<Record<string, number>> = {
  janeiro: 1,
  fevereiro: 2,
  março: 3,
  marco: 3,
  abril: 4,
  maio: 5,
  junho: 6,
  julho: 7,
  agosto: 8,
  setembro: 9,
  outubro: 10,
  novembro: 11,
  dezembro: 12,
  january: 1,
  february: 2,
  march: 3,
  april: 4,
  may: 5,
  june: 6,
  july: 7,
  august: 8,
  september: 9,
  october: 10,
  november: 11,
  december: 12,
}

const short: Readonly<Record<string, number>> = {
  jan: 1,
  fev: 2,
  feb: 2,
  mar: 3,
  abr: 4,
  apr: 4,
  mai: 5,
  jun: 6,
  jul: 7,
  ago: 8,
  aug: 8,
  set: 9,
  sep: 9,
  sept: 9,
  out: 10,
  oct: 10,
  nov: 11,
  dez: 12,
  dec: 12,
}

/** Something found at a place. */
export interface Found {
  readings: Reading[]
  end: number
  weak?: true
}

/** Names of months, in full and in short. */
export const monthNames: readonly string[] = [...Object.keys(months), ...Object.keys(short)]

/** Whether a word (in small letters) names a month in full or in short. */
export function isMonth(word: string): boolean {
  return Object.hasOwn(months, word) || Object.hasOwn(short, word)
}

function monthOf(word: string): number | undefined {
  const key = word.toLowerCase().replace(/\.$/, '')
  return Object.hasOwn(months, key) ? months[key] : Object.hasOwn(short, key) ? short[key] : undefined
}

/** Which order a text writes the numbers of a date in. */
export interface DateOrder {
  dayFirst: boolean
  monthFirst: boolean
}

/** The order that numeric dates of a text have, from those where day and month cannot be mistaken. Looks at the start of a text only. */
export function dateOrderOf(text: string, language: FactLanguage): DateOrder {
  const found = { dayFirst: false, monthFirst: false }
  for (const [, first, second] of text
    .slice(0, 200_000)
    .matchAll(/(?<!\d)(\d{1,2})\/(\d{1,2})\/(?:\d{4}|\d{2})(?!\d)/g)) {
    if (Number(first) > 12) found.dayFirst = true
    else if (Number(second) > 12) found.monthFirst = true
  }
  if (language === 'pt') return { dayFirst: true, monthFirst: found.monthFirst && !found.dayFirst }
  if (language === 'en')
    return { dayFirst: found.dayFirst && !found.monthFirst, monthFirst: !found.dayFirst || found.monthFirst }
  return { dayFirst: found.dayFirst || !found.monthFirst, monthFirst: found.monthFirst || !found.dayFirst }
}

const iso = /(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}:\d{2})(?::\d{2}(?:[.,]\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?(?![\d-])/y
const isoMonth = /(\d{4})-(0[1-9]|1[0-2])(?![\d-])/y
const numeric = /(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})(?![\d/]|[.-]\d)/y
const monthYear = /(0?[1-9]|1[0-2])\/((?:19|20)\d{2})(?![\d/])/y
const yearFirst = /(\d{4})\/(\d{2})\/(\d{2})(?![\d/])/y
const dayMonth = /(\d{1,2})(?:º|°|ª|o|st|nd|rd|th)?(?:\s+de\s+|\s+of\s+|\s+|[-/])(\p{L}{3,9}\.?)(?![\p{L}])/uy
const yearAfter = /(?:\s+(?:de|of)\s+|,?\s+|[-/]|\s+del?\s+)((?:1[89]|20|21)\d{2})(?![\d/]|[.,]\d)/y
const shortYear = /[-/'’]\s?(\d{2})(?![\d/])/y
const dayAfter = /\.?\s+(\d{1,2})(?:st|nd|rd|th)?(?![\d\p{L}%°º]|[.,/:]\d|\s?(?:%|[kMG]?Wh?\b))/uy
const quarterDigits = /([1-4])\s?([TQ])\s?(\d{4}|\d{2})(?![\d\p{L}])/uy
const halfDigits = /([12])\s?([SH])\s?(\d{4}|\d{2})(?![\d\p{L}])/uy
const quarterWords = /(?:[ºªo°]|st|nd|rd|th)?\s+(trimestre|semestre|bimestre|quarter|half|semester)(?![\p{L}])/iuy
const periodYear = /(?:\s+(?:de|do ano de|of|in)\s+|,?\s+|\/)((?:19|20)\d{2})(?![\d/]|[.,]\d)/y
const quarterFirst = /([1-4])(?:\s+|[-/]|\s+(?:de|of)\s+)?((?:19|20)\d{2}|['’]?\d{2})?(?![\d\p{L}]|[.,]\d)/uy

function two(value: number): string {
  return String(value).padStart(2, '0')
}

function isDay(year: number, month: number, day: number): boolean {
  return month >= 1 && month <= 12 && day >= 1 && day <= new Date(Date.UTC(year, month, 0)).getUTCDate()
}

function fullYear(digits: string): number {
  return digits.length === 4 ? Number(digits) : Number(digits) < 80 ? 2000 + Number(digits) : 1900 + Number(digits)
}

function date(value: string): Reading {
  return { kind: 'date', value }
}

/** A date that begins with a digit: `12/03/2024`, `2024-03-12`, `12 de março de 2024`, `03/2024`, `1º trimestre de 2024`, `4T23`. */
export function dateAtDigit(text: string, at: number, order: DateOrder): Found | undefined {
  const isoDate = match(iso, text, at) ?? match(yearFirst, text, at)
  if (isoDate !== undefined) {
    const [whole, year = '', month = '', day = '', time] = isoDate
    if (isDay(Number(year), Number(month), Number(day))) {
      const readings = [date(`${year}-${month}-${day}`)]
      // the time of an ISO date is a fact of its own, in the same place
      return { readings, end: at + (time === undefined ? whole.length : 10) }
    }
  }
  const isoYearMonth = match(isoMonth, text, at)
  if (isoYearMonth !== undefined && /^(?:19|20)/.test(isoYearMonth[0])) {
    return { readings: [date(`${isoYearMonth[1]}-${isoYearMonth[2]}`)], end: at + isoYearMonth[0].length }
  }
  const numbers = match(numeric, text, at)
  if (numbers !== undefined) {
    const [whole, a = '', mark, b = '', y = ''] = numbers
    const year = fullYear(y)
    const dayFirst = isDay(year, Number(b), Number(a)) ? `${year}-${two(Number(b))}-${two(Number(a))}` : undefined
    const monthFirst = isDay(year, Number(a), Number(b)) ? `${year}-${two(Number(a))}-${two(Number(b))}` : undefined
    const readings: Reading[] = []
    // points and hyphens are how dates are written where the day comes first
    if (dayFirst !== undefined && (order.dayFirst || mark !== '/' || monthFirst === undefined))
      readings.push(date(dayFirst))
    if (monthFirst !== undefined && ((order.monthFirst && mark === '/') || dayFirst === undefined))
      readings.push(date(monthFirst))
    if (readings.length > 0 && (y.length === 4 || mark === '/')) return { readings, end: at + whole.length }
  }
  const ofYear = match(monthYear, text, at)
  if (ofYear !== undefined) {
    return { readings: [date(`${ofYear[2]}-${two(Number(ofYear[1]))}`)], end: at + ofYear[0].length }
  }
  return dayBeforeMonth(text, at) ?? periodAtDigit(text, at)
}

function dayBeforeMonth(text: string, at: number): Found | undefined {
  const found = match(dayMonth, text, at)
  if (found === undefined) return undefined
  const [whole, day = '', name = ''] = found
  const month = monthOf(name)
  if (month === undefined || Number(day) < 1 || Number(day) > 31) return undefined
  const inFull = Object.hasOwn(months, name.toLowerCase())
  // `5 may` and `12 set` are no dates without a year
  const end = at + whole.length
  const year = match(yearAfter, text, end) ?? (inFull ? undefined : match(shortYear, text, end))
  if (year === undefined) {
    if (!inFull || name === 'may' || name === 'march') return undefined
    return { readings: [date(`--${two(month)}-${two(Number(day))}`)], end }
  }
  const y = fullYear(year[1] ?? '')
  if (!isDay(y, month, Number(day))) return undefined
  return { readings: [date(`${y}-${two(month)}-${two(Number(day))}`)], end: end + year[0].length }
}

function periodAtDigit(text: string, at: number): Found | undefined {
  const quarter = match(quarterDigits, text, at)
  if (quarter !== undefined) {
    return { readings: [date(`${fullYear(quarter[3] ?? '')}-Q${quarter[1]}`)], end: at + quarter[0].length }
  }
  const half = match(halfDigits, text, at)
  if (half !== undefined)
    return { readings: [date(`${fullYear(half[3] ?? '')}-H${half[1]}`)], end: at + half[0].length }
  const digit = /[1-6]/.exec(text[at] ?? '')?.[0]
  return digit === undefined || /\d/.test(text[at + 1] ?? '') ? undefined : periodAfter(text, Number(digit), at + 1)
}

/** A part of a year after its ordinal: `1º trimestre de 2024`, `first quarter of 2024`. */
function periodAfter(text: string, number: number, at: number): Found | undefined {
  const word = match(quarterWords, text, at)
  if (word === undefined) return undefined
  const name = word[1]?.toLowerCase() ?? ''
  const letter = name === 'trimestre' || name === 'quarter' ? 'Q' : name === 'bimestre' ? 'B' : 'H'
  if (number > (letter === 'Q' ? 4 : letter === 'B' ? 6 : 2)) return undefined
  const end = at + word[0].length
  const year = match(periodYear, text, end)
  if (year === undefined)
    return letter === 'H' && name === 'half' ? undefined : { readings: [date(`--${letter}${number}`)], end }
  return { readings: [date(`${year[1]}-${letter}${number}`)], end: end + year[0].length }
}

/** A date that begins with a word: `março de 2024`, `March 12, 2024`, `mar/24`, `Q1 2024`, `primeiro trimestre de 2024`. `at` is after the word. */
export function dateAtWord(text: string, written: string, start: number): Found | undefined {
  const word = written.toLowerCase()
  const after = start + word.length
  const ordinal = ordinalOf(word)
  if (ordinal !== undefined) return periodAfter(text, ordinal, after)
  if (written === 'Q') {
    const quarter = match(quarterFirst, text, after)
    if (quarter === undefined) return undefined
    const year = quarter[2]?.replace(/['’]/, '')
    const value = year === undefined ? `--Q${quarter[1]}` : `${fullYear(year)}-Q${quarter[1]}`
    const end = after + quarter[0].length
    return { readings: [date(value)], end: year === undefined ? after + 1 : end }
  }
  const month = monthOf(word)
  if (month === undefined) return undefined
  const inFull = Object.hasOwn(months, word)
  const isName = /^\p{Lu}/u.test(written)
  const day = isName ? match(dayAfter, text, after) : undefined
  const end = after + (text[after] === '.' && !inFull ? 1 : 0)
  if (day !== undefined) {
    const dayNumber = Number(day[1])
    const dayEnd = after + day[0].length
    const year = match(yearAfter, text, dayEnd)
    const y = year === undefined ? undefined : Number(year[1])
    if (y !== undefined && isDay(y, month, dayNumber)) {
      return { readings: [date(`${y}-${two(month)}-${two(dayNumber)}`)], end: dayEnd + (year?.[0].length ?? 0) }
    }
    if (y === undefined && isDay(2024, month, dayNumber) && inFull) {
      return { readings: [date(`--${two(month)}-${two(dayNumber)}`)], end: dayEnd }
    }
  }
  const year = match(yearAfter, text, end) ?? (inFull ? match(shortYear, text, end) : match(shortYear, text, end))
  if (year !== undefined && (isName || inFull || /^[-/]/.test(year[0]))) {
    return { readings: [date(`${fullYear(year[1] ?? '')}-${two(month)}`)], end: end + year[0].length }
  }
  if (!inFull || ((word === 'march' || word === 'may') && !isName)) return undefined
  return { readings: [date(`--${two(month)}`)], end: after, ...(word === 'may' ? { weak: true as const } : {}) }
}

const clock =
  /([01]?\d|2[0-4]):([0-5]\d)(?::[0-5]\d)?(?:\s?([ap])\.?\s?m\b\.?)?(?:\s?h(?![\p{L}])|\s+(?:horas|hours)(?![\p{L}]))?(?![\d:])/iuy
const brazilian = /([01]?\d|2[0-4])\s?h\s?([0-5]\d)(?:\s?min)?(?![\d\p{L}])/uy
const twelve = /(1[0-2]|0?[1-9])\s?([ap])\.?\s?m(?![\p{L}])\.?/iuy
const wholeHour = /([01]?\d|2[0-4])\s?(?:h|hs|horas?)(?![\p{L}\d/])/uy

/** A time of the day: `14:30`, `14h30`, `2:30 p.m.`, `6 pm`; `18h` may be a time or a duration. */
export function timeAt(text: string, at: number): Found | undefined {
  const exact = match(clock, text, at) ?? match(brazilian, text, at)
  if (exact !== undefined) {
    const hour = halfDay(Number(exact[1]), exact[3])
    return { readings: [{ kind: 'time', value: `${two(hour)}:${exact[2]}` }], end: at + exact[0].length }
  }
  const half = match(twelve, text, at)
  if (half !== undefined) {
    return {
      readings: [{ kind: 'time', value: `${two(halfDay(Number(half[1]), half[2]))}:00` }],
      end: at + half[0].length,
    }
  }
  const hours = match(wholeHour, text, at)
  if (hours === undefined) return undefined
  const value = String(Number(hours[1]))
  return {
    readings: [
      { kind: 'number', value, unit: 'h' },
      { kind: 'time', value: `${two(Number(value))}:00` },
    ],
    end: at + hours[0].length,
  }
}

function halfDay(hour: number, half: string | undefined): number {
  if (half === undefined) return hour
  return (hour % 12) + (half.toLowerCase() === 'p' ? 12 : 0)
}
