import { actAt, actStarts, provisionsAt, startsAct, startsProvision } from './acts.ts'
import { dateAtDigit, dateAtWord, dateOrderOf, type Found, isMonth, monthNames, timeAt } from './dates.ts'
import { notationOf, shiftDecimal } from './decimal.ts'
import type { Fact, FactLanguage, Reading } from './fact.ts'
import {
  type FoundNumber,
  identifierForm,
  type Money,
  numberAt,
  plainDigits,
  type Reader,
  vulgarAt,
  wordNumberAt,
} from './number.ts'
import { isSymbol, match, unitAt } from './units.ts'
import { numberStarts, ordinalOf, startsNumber } from './words.ts'

/** A text read once: its facts, and the units that stand in it without a number, as in the head of a table. */
export interface Scan {
  facts: Fact[]
  mentions: ReadonlyMap<string, readonly number[]>
}

/** A fact on the way: what its neighbours have to know. */
interface Draft {
  readings: Reading[]
  start: number
  end: number
  weak: boolean
  power: number
}

/** The facts of a text in the order of their places; they do not overlap. Linear in the text's length. */
export function factsOf(text: string, language: FactLanguage): Fact[] {
  return scan(text, language).facts
}

/** As `factsOf`, with the units that stand alone. */
export function scan(text: string, language: FactLanguage): Scan {
  const scanner = new Scanner(text, language)
  scanner.run()
  shareUnits(text, scanner.drafts)
  return { facts: scanner.drafts.map((draft) => factOf(text, draft)), mentions: scanner.mentions }
}

function factOf(text: string, draft: Draft): Fact {
  const [first, ...others] = distinct(draft.readings)
  const fact: Fact = {
    ...(first ?? { kind: 'number', value: '0' }),
    start: draft.start,
    end: draft.end,
    text: text.slice(draft.start, draft.end),
  }
  if (others.length > 0) fact.others = others
  if (draft.weak) fact.weak = true
  return fact
}

function distinct(readings: readonly Reading[]): Reading[] {
  return readings.length < 2
    ? [...readings]
    : readings.filter((reading, index) => readings.findIndex((other) => same(other, reading)) === index)
}

function same(a: Reading, b: Reading): boolean {
  return a.kind === b.kind && a.value === b.value && a.unit === b.unit
}

const tokens = /\p{L}[\p{L}\p{M}]*|\d|[½¼¾⅓⅔⅛⅜⅝⅞]|[⁻⁰¹²³⁴-⁹]+|\^[-−]?\d+|[§$€%°]/gu
const cnpj = /\d{2}\.\d{3}\.\d{3}\/\d{4}-\d{2}(?!\d)/y
const process = /\d{5}\.\d{6}\/\d{4}-\d{2}(?!\d)/y
const postal = /\d{5}-\d{3}(?![\d\p{L}])/uy
const address = /(?:https?:\/\/|www\.)[^\s<>"')\]]+/iy
const name = /[\p{L}\d₀-₉]+(?:[-.‑][\p{L}\d]+)*\+?/uy
const tail = /(?:[-.‑][\p{L}\d]+)+/uy
/** A sign before a number: no time of the day has one. */
const signed = /(?:^|[\s(])[-−]$/
const marker = /\d{1,3}[.)](?=\s|$)/y
const phases: Readonly<Record<string, string>> = {
  monofásico: '1',
  monofásica: '1',
  monofásicos: '1',
  monofásicas: '1',
  bifásico: '2',
  bifásica: '2',
  bifásicos: '2',
  bifásicas: '2',
  trifásico: '3',
  trifásica: '3',
  trifásicos: '3',
  trifásicas: '3',
}
const englishPhase = /[-\s]phase(?![\p{L}])/uy

/** Words that may begin a fact. All others are passed over at once: that is what keeps megabytes quick. */
const triggers = new Set([
  ...actStarts(),
  ...monthNames,
  ...numberStarts,
  ...Object.keys(phases),
  'single',
  'http',
  'https',
  'www',
  'q',
])
/** Characters after a word that may make it a name with digits, a unit in brackets, or money. */
const telling = new Set('-.‑$)]₀₁₂₃₄₅₆₇₈₉0123456789')

class Scanner {
  readonly drafts: Draft[] = []
  readonly mentions = new Map<string, number[]>()
  readonly #reader: Reader
  #money: Money | undefined
  /** Number of the last marker of a list. */
  #marker = 0

  constructor(text: string, language: FactLanguage) {
    this.#reader = { text, language, notation: notationOf(text), order: dateOrderOf(text, language) }
  }

  run(): void {
    const { text } = this.#reader
    tokens.lastIndex = 0
    for (let token = tokens.exec(text); token !== null; token = tokens.exec(text)) {
      const at = token.index
      const end = this.#token(token[0], at)
      // a pattern is shared, and others may have used it meanwhile
      tokens.lastIndex = Math.max(end, at + token[0].length)
    }
  }

  /** Takes what begins with a token, and returns where it ends. */
  #token(written: string, at: number): number {
    const code = written.charCodeAt(0)
    if (code >= 48 && code <= 57) return this.#digit(at)
    if ((code >= 65 && code <= 90) || (code >= 97 && code <= 122) || /^\p{L}/u.test(written))
      return this.#word(written, at)
    if (written === '§') return this.#provisions(written, at)
    if (written === '$' || written === '€' || written === '%' || written === '°') return this.#unit(at, written)
    if (/^[½¼¾⅓-⅞]/.test(written)) return this.#number(vulgarAt(this.#reader, at), at)
    const exponent = plainDigits(written.replace('^', '').replace(/[⁻−]/, '-'))
    if (!/\d/.test(exponent)) return at
    return this.#add([{ kind: 'number', value: exponent, unit: '^' }], at, at + written.length)
  }

  #digit(at: number): number {
    const { text, order } = this.#reader
    if (this.#isMarker(at))
      return this.#add([{ kind: 'number', value: String(this.#marker) }], at, at + String(this.#marker).length, true)
    for (const pattern of [cnpj, process, postal]) {
      const found = match(pattern, text, at)
      if (found !== undefined) return this.#add([{ kind: 'identifier', value: found[0] }], at, at + found[0].length)
    }
    const money = this.#moneyBefore(at)
    const found =
      money === undefined
        ? (dateAtDigit(text, at, order) ??
          (signed.test(text.slice(Math.max(0, at - 2), at)) ? undefined : timeAt(text, at)))
        : undefined
    if (found !== undefined) return this.#found(found, at)
    return this.#number(numberAt(this.#reader, at, money), at)
  }

  #word(written: string, at: number): number {
    const { text } = this.#reader
    const end = at + written.length
    const next = text[end] ?? ''
    const isUnit = isSymbol(written)
    const word = written.toLowerCase()
    if (!isUnit && !triggers.has(word) && !telling.has(next)) return end
    if ((word === 'http' || word === 'https' || word === 'www') && match(address, text, at) !== undefined) {
      const url = match(address, text, at)?.[0] ?? ''
      return /\d/.test(url) ? this.#add([{ kind: 'identifier', value: url }], at, at + url.length) : at + url.length
    }
    const phase = phases[word]
    if (phase !== undefined) return this.#add([{ kind: 'number', value: phase, unit: 'phase' }], at, end)
    if (startsAct(word)) {
      const act = actAt(text, written, at)
      if (act !== undefined) return this.#found(act, at)
    }
    if (startsProvision(word)) {
      const after = this.#provisions(written, at)
      if (after > end) return after
    }
    if (isMonth(word) || written === 'Q' || ordinalOf(word) !== undefined) {
      const date = dateAtWord(text, written, at)
      if (date !== undefined) return this.#found(date, at)
    }
    if (startsNumber(word) || word === 'single') return this.#numberWord(word, at, end)
    const ordinal = ordinalOf(word)
    if (ordinal !== undefined && !text.startsWith('-feira', end)) {
      return this.#add([{ kind: 'number', value: String(ordinal) }], at, end, true)
    }
    if (
      /[\d₀-₉]/.test(next) ||
      (/[-.‑]/.test(next) && written === written.toUpperCase() && /\d/.test(match(tail, text, end)?.[0] ?? ''))
    ) {
      return this.#name(written, at)
    }
    if (isUnit || next === '$') return this.#unit(at, written)
    if (/[[(]/.test(text[at - 1] ?? '') && /[\])]/.test(next)) return this.#unit(at, written)
    return end
  }

  #numberWord(word: string, at: number, end: number): number {
    const { text } = this.#reader
    const digit = { single: '1', two: '2', three: '3' }[word]
    const phase = digit === undefined ? undefined : match(englishPhase, text, end)
    if (digit !== undefined && phase !== undefined) {
      return this.#add([{ kind: 'number', value: digit, unit: 'phase' }], at, end + phase[0].length)
    }
    if (word === 'single') return end
    // `por cento` without a number before it
    if (word === 'cento' && /por\s$/i.test(text.slice(Math.max(0, at - 4), at))) return end
    const found = wordNumberAt(this.#reader, word, at, this.#moneyBefore(at))
    if (found === undefined) return end
    return this.#add(found.readings, found.start, found.end, found.weak, found.power)
  }

  /** A name with letters and digits: `JKM580N-72HL4`, `B1`, `CO₂`; a unit with a raised digit is none. */
  #name(written: string, at: number): number {
    const { text } = this.#reader
    const unit = isSymbol(written) ? undefined : unitAt(text, at)
    if (unit !== undefined && /[²³]$/.test(unit.unit)) return unit.end
    if (written.length === 1 && /^[xX]$/.test(written)) return at + 1
    if (written === 'e') return at + 1
    const whole = match(name, text, at)?.[0] ?? written
    return this.#add([{ kind: 'identifier', value: identifierForm(whole) }], at, at + whole.length)
  }

  #provisions(written: string, at: number): number {
    let end = at + written.length
    for (const found of provisionsAt(this.#reader.text, written, at)) {
      this.#add(found.readings, found.start, found.end)
      end = found.end
    }
    return end
  }

  /** A unit without a number before it: money for the number that follows, or the head of a table. */
  #unit(at: number, written: string): number {
    const found = unitAt(this.#reader.text, at) ?? (written === '$' ? { unit: 'US$', end: at + 1 } : undefined)
    if (found === undefined) return at + written.length
    const places = this.mentions.get(found.unit)
    if (places === undefined) this.mentions.set(found.unit, [at])
    else places.push(at)
    if (/^(?:R\$|US\$|€)/.test(found.unit)) this.#money = { unit: found.unit, start: at, end: found.end }
    return found.end
  }

  #moneyBefore(at: number): Money | undefined {
    const money = this.#money
    if (money === undefined || at - money.end > 4) return undefined
    this.#money = undefined
    if (!/^[ \t\u00a0\u202f:]*[-−–+]?[ ]?$/.test(this.#reader.text.slice(money.end, at))) return undefined
    // it has its number, so it is no head of a table
    this.mentions.get(money.unit)?.pop()
    const sign = /[-−–]/.test(this.#reader.text.slice(money.end, at))
    return sign ? { ...money, start: at, end: money.end } : money
  }

  #found(found: Found, at: number): number {
    return this.#add(found.readings, at, found.end, found.weak === true)
  }

  #number(found: FoundNumber | undefined, at: number): number {
    return found === undefined ? at : this.#add(found.readings, found.start, found.end, false, found.power)
  }

  #add(readings: Reading[], start: number, end: number, weak = false, power = 0): number {
    const last = this.drafts.at(-1)
    this.drafts.push({ readings, start: Math.max(start, last?.end ?? 0), end, weak, power })
    return end
  }

  /** Markers of a list that counts up from 1 at the starts of lines are the writer's, not the text's. */
  #isMarker(at: number): boolean {
    const { text } = this.#reader
    if (!/(?:^|\n)[ \t>*_-]{0,8}$/.test(text.slice(Math.max(0, at - 9), at)) && at !== 0) return false
    const found = match(marker, text, at)
    if (found === undefined) return false
    const number = Number(found[0].slice(0, -1))
    if (number !== 1 && number !== this.#marker + 1) return false
    this.#marker = number
    return true
  }
}

const range = /^\s*(?:a|à|até|to|through|up to|[-–—~…]|\.\.\.?)\s*[-−+]?$/u
const list = /^\s*(?:,|e|and|ou|or|x|×|\/|, and|, or)\s*[-−+±]?$/u

/** In `10 a 20 kWh` and `5 to 10 million` what the last number says counts for the first as well, in `R$ 5 a 10` the other way round. */
function shareUnits(text: string, drafts: Draft[]): void {
  for (let i = drafts.length - 2; i >= 0; i--) {
    const first = drafts[i]
    const second = drafts[i + 1]
    if (first === undefined || second === undefined || second.start - first.end > 8) continue
    const between = text.slice(first.end, second.start)
    const isRange = range.test(between)
    if (!isRange && !list.test(between)) continue
    shareDates(first, second, isRange)
    const a = first.readings[0]
    const b = second.readings[0]
    if (a?.kind !== 'number' || b?.kind !== 'number') continue
    const bare = first.readings
    const unit = a.unit === undefined ? second.readings.find((reading) => reading.unit !== undefined)?.unit : undefined
    const large = isRange && second.power > 0 && first.power === 0 ? second.power : 0
    if (unit !== undefined && unit !== '^') {
      const shared = bare.map((reading) => ({ ...reading, unit }))
      first.readings = isRange && b.unit !== undefined ? [...shared, ...bare] : [...bare, ...shared]
    }
    if (large > 0)
      first.readings = [...first.readings, ...first.readings.map((reading) => scaled(reading, large, reading.unit))]
    if (isRange && b.unit === undefined && a.unit !== undefined && /^(?:R\$|US\$|€)/.test(a.unit)) {
      const money = a.unit
      second.readings = [...second.readings.map((reading) => ({ ...reading, unit: money })), ...second.readings]
    }
  }
}

function scaled(reading: Reading, power: number, unit: string | undefined): Reading {
  const value = /[/+]/.test(reading.value) ? reading.value : shiftDecimal(reading.value, power)
  return unit === undefined ? { kind: 'number', value } : { kind: 'number', value, unit }
}

/** `15 a 20 de março de 2024`, `March 15 to 20`, `15 de março a 20 de março de 2024`: the other date gives what one leaves out. */
function shareDates(first: Draft, second: Draft, isRange: boolean): void {
  const a = first.readings[0]
  const b = second.readings[0]
  const whole = /^(\d{4}|-)-(\d{2})-(\d{2})$/
  if (a?.kind === 'number' && a.unit === undefined && b?.kind === 'date') {
    const day = /^([12]?\d|3[01])$/.exec(a.value)?.[0]
    const date = whole.exec(b.value)
    if (day !== undefined && day !== '0' && date !== null) {
      const reading: Reading = { kind: 'date', value: `${b.value.slice(0, -2)}${day.padStart(2, '0')}` }
      first.readings = isRange ? [reading, a] : [a, reading]
    }
  } else if (a?.kind === 'date' && b?.kind === 'date' && a.value.startsWith('--')) {
    const year = /^\d{4}/.exec(b.value)?.[0]
    if (year !== undefined && /^--\d{2}/.test(a.value))
      first.readings = [a, { kind: 'date', value: `${year}${a.value.slice(1)}` }]
  } else if (a?.kind === 'date' && b?.kind === 'number' && b.unit === undefined && isRange) {
    const day = /^([12]?\d|3[01])$/.exec(b.value)?.[0]
    if (day !== undefined && day !== '0' && whole.test(a.value)) {
      second.readings = [{ kind: 'date', value: `${a.value.slice(0, -2)}${day.padStart(2, '0')}` }, b]
    }
  }
}
