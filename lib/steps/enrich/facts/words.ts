import { shiftDecimal } from './decimal.ts'
import { match } from './units.ts'

const small: Readonly<Record<string, number>> = {
  zero: 0,
  um: 1,
  uma: 1,
  dois: 2,
  duas: 2,
  três: 3,
  tres: 3,
  quatro: 4,
  cinco: 5,
  seis: 6,
  sete: 7,
  oito: 8,
  nove: 9,
  dez: 10,
  onze: 11,
  doze: 12,
  treze: 13,
  quatorze: 14,
  catorze: 14,
  quinze: 15,
  dezesseis: 16,
  dezessete: 17,
  dezoito: 18,
  dezenove: 19,
  vinte: 20,
  trinta: 30,
  quarenta: 40,
  cinquenta: 50,
  sessenta: 60,
  setenta: 70,
  oitenta: 80,
  noventa: 90,
  cem: 100,
  cento: 100,
  duzentos: 200,
  duzentas: 200,
  trezentos: 300,
  trezentas: 300,
  quatrocentos: 400,
  quatrocentas: 400,
  quinhentos: 500,
  quinhentas: 500,
  seiscentos: 600,
  seiscentas: 600,
  setecentos: 700,
  setecentas: 700,
  oitocentos: 800,
  oitocentas: 800,
  novecentos: 900,
  novecentas: 900,
  one: 1,
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  six: 6,
  seven: 7,
  eight: 8,
  nine: 9,
  ten: 10,
  eleven: 11,
  twelve: 12,
  thirteen: 13,
  fourteen: 14,
  fifteen: 15,
  sixteen: 16,
  seventeen: 17,
  eighteen: 18,
  nineteen: 19,
  twenty: 20,
  thirty: 30,
  forty: 40,
  fifty: 50,
  sixty: 60,
  seventy: 70,
  eighty: 80,
  ninety: 90,
}

/** Powers of ten by their names. */
const large: Readonly<Record<string, number>> = {
  mil: 3,
  milhão: 6,
  milhões: 6,
  bilhão: 9,
  bilhões: 9,
  trilhão: 12,
  trilhões: 12,
  thousand: 3,
  million: 6,
  billion: 9,
  trillion: 12,
}

const ordinals: Readonly<Record<string, number>> = {
  primeiro: 1,
  primeira: 1,
  segundo: 2,
  segunda: 2,
  terceiro: 3,
  terceira: 3,
  quarto: 4,
  quarta: 4,
  quinto: 5,
  quinta: 5,
  sexto: 6,
  sexta: 6,
  sétimo: 7,
  sétima: 7,
  oitavo: 8,
  oitava: 8,
  nono: 9,
  nona: 9,
  décimo: 10,
  décima: 10,
  first: 1,
  second: 2,
  third: 3,
  fourth: 4,
  fifth: 5,
  sixth: 6,
  seventh: 7,
  eighth: 8,
  ninth: 9,
  tenth: 10,
  twice: 2,
}

/** The number that an ordinal word says. */
export function ordinalOf(word: string): number | undefined {
  return Object.hasOwn(ordinals, word) ? ordinals[word] : undefined
}

const ones = new Set(['um', 'uma', 'one'])
const next = /(?:\s+e\s+|\s+and\s+|\s+|-)(\p{L}+)/uy

/** Words that number words, ordinals and the like begin with. */
export const numberStarts: readonly string[] = [
  ...Object.keys(small),
  ...Object.keys(ordinals),
  'mil',
  'hundred',
  'thousand',
  'million',
  'billion',
]

/** A number in words. */
export interface NumberWords {
  value: string
  end: number
  /** Nothing but `um`, `uma`, `one`: an article as likely as a number. */
  single: boolean
}

/** Whether a word can begin a number. */
export function startsNumber(word: string): boolean {
  return (
    Object.hasOwn(small, word) ||
    word === 'mil' ||
    word === 'hundred' ||
    word === 'thousand' ||
    word === 'million' ||
    word === 'billion'
  )
}

/** The number in words that begins with a word (in small letters) at a place: `vinte e cinco`, `two hundred and five`, `dois mil e quinhentos`. */
export function numberWordsAt(text: string, word: string, at: number): NumberWords | undefined {
  let total = 0
  let group = 0
  /** The last value that was added: a smaller one may follow, a larger one begins another number. */
  let room = Number.POSITIVE_INFINITY
  let end = at
  let count = 0
  let current: string | undefined = word
  let currentEnd = at + word.length
  let joined = false
  while (current !== undefined && count < 20) {
    if (Object.hasOwn(small, current)) {
      const value = small[current] ?? 0
      if (value >= room || (value === 0 && count > 0) || (joined && fits(room, value) === false)) break
      group += value
      room = value >= 100 ? 100 : value >= 20 ? 10 : 0
    } else if (current === 'hundred') {
      if (group > 9) break
      group = (group || 1) * 100
      room = 100
    } else if (Object.hasOwn(large, current)) {
      const power = large[current] ?? 0
      total += (group || 1) * 10 ** power
      group = 0
      room = 1000
    } else break
    end = currentEnd
    count++
    const following = match(next, text, currentEnd)
    current = following?.[1]?.toLowerCase()
    joined = following !== undefined && /^\s+(?:e|and)\s/u.test(following[0])
    if (following !== undefined) {
      currentEnd += following[0].length
      // two numbers in a row without a joint (`dois três`) are two numbers; `vinte e cinco`, `twenty-five`, `two hundred five` are one
      if (room === 0 && current !== undefined && Object.hasOwn(small, current)) break
    }
  }
  if (count === 0) return undefined
  return { value: String(total + group), end, single: count === 1 && ones.has(word) }
}

/** `vinte e dois` is 22, `dez e vinte` are two numbers. */
function fits(room: number, value: number): boolean {
  return value < room
}

const multiplier =
  /[\s-]+(mil|milhão|milhões|bilhão|bilhões|trilhão|trilhões|thousand|million|billion|trillion)(?![\p{L}])/iuy
const shortForm = /\s?(mi|bi|tri|mn|bn|M|B)(?![\p{L}])/uy
const kilo = /k(?![p{L}\d])/y

/** The power of ten that follows a number: `5 mil`, `1,2 million`, `5k`; with money before it also `mi`, `bi`. */
export function multiplierAt(text: string, at: number, money: boolean): { power: number; end: number } | undefined {
  const word = match(multiplier, text, at)
  if (word !== undefined) return { power: large[word[1]?.toLowerCase() ?? ''] ?? 0, end: at + word[0].length }
  if (match(kilo, text, at) !== undefined) return { power: 3, end: at + 1 }
  const short = money ? match(shortForm, text, at) : undefined
  if (short === undefined) return undefined
  const power = /^m/i.test(short[1] ?? '') ? 6 : /^b/i.test(short[1] ?? '') ? 9 : 12
  return { power, end: at + short[0].length }
}

/** A value times a named power. */
export function times(values: readonly string[], power: number): string[] {
  return values.map((value) => shiftDecimal(value, power))
}
