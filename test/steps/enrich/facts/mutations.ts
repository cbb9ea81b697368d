import { type Fact, type FactLanguage, factsOf } from '../../../../lib/steps/enrich/facts/facts.ts'

/** What is done to a fact. */
export const mutations = ['digit', 'sign', 'separator', 'unit', 'swap', 'year', 'word'] as const
export type Mutation = (typeof mutations)[number]

const months = {
  pt: [
    'janeiro',
    'fevereiro',
    'março',
    'abril',
    'maio',
    'junho',
    'julho',
    'agosto',
    'setembro',
    'outubro',
    'novembro',
    'dezembro',
  ],
  en: [
    'January',
    'February',
    'March',
    'April',
    'May',
    'June',
    'July',
    'August',
    'September',
    'October',
    'November',
    'December',
  ],
}
/** Units, the longer first, and what they are taken for. */
const units: ReadonlyArray<readonly [RegExp, readonly string[]]> = [
  [/R\$/, ['US$', '€']],
  [/US\$/, ['R$']],
  [/MWh(?!\p{L})/u, ['kWh', 'MW', 'GWh']],
  [/kWh(?!\p{L})/u, ['MWh', 'kW', 'Wh']],
  [/kWp(?!\p{L})/u, ['kW', 'Wp', 'MWp']],
  [/(?<!\p{L})Wp(?!\p{L})/u, ['W', 'kWp']],
  [/(?<!\p{L})kW(?!\p{L})/u, ['kWh', 'MW', 'kVA']],
  [/(?<!\p{L})W(?!\p{L})/u, ['kW', 'Wp', 'V']],
  [/(?<!\p{L})kV(?!\p{L})/u, ['V', 'kW']],
  [/(?<![\p{L}/])V(?!\p{L})/u, ['A', 'kV']],
  [/(?<![\p{L}/])A(?!\p{L}|\d)/u, ['V', 'mA']],
  [/%\/°C/, ['%']],
  [/°C/, ['°F', '%']],
  [/%/, ['‰', ' V']],
  [/m²/, ['m³', 'm']],
  [/mm²/, ['mm', 'cm²']],
  [/(?<!\p{L})mm(?!\p{L}|²)/u, ['cm', 'm']],
  [/(?<!\p{L})kg(?!\p{L})/u, ['g', 't']],
  [/(?<!\p{L})Hz/u, ['kHz']],
  [/\bdias\b/, ['meses', 'anos', 'horas']],
  [/\bdays\b/, ['months', 'years', 'hours']],
  [/\bmeses\b/, ['dias', 'anos']],
  [/\bmonths\b/, ['days', 'years']],
  [/\banos\b/, ['meses', 'dias']],
  [/\byears\b/, ['months', 'days']],
]
const words = {
  pt: ['dois', 'três', 'quatro', 'cinco', 'doze', 'sessenta'],
  en: ['two', 'three', 'four', 'five', 'twelve', 'sixty'],
}

/** A text with one fact changed, or none where that cannot be done to a fact that `random` picks. */
export function mutate(
  text: string,
  language: 'pt' | 'en',
  mutation: Mutation,
  random: () => number,
): string | undefined {
  const facts = hard(text, language)
  const fact = facts[Math.floor(random() * facts.length)]
  if (fact === undefined) return undefined
  const changed = change(fact.text, fact, language, mutation, random)
  if (changed === undefined || changed === fact.text) return undefined
  return text.slice(0, fact.start) + changed + text.slice(fact.end)
}

function hard(text: string, language: FactLanguage): Fact[] {
  return factsOf(text, language).filter((fact) => !fact.weak)
}

function pick<T>(list: readonly T[], random: () => number): T | undefined {
  return list[Math.floor(random() * list.length)]
}

function change(
  text: string,
  fact: Fact,
  language: 'pt' | 'en',
  mutation: Mutation,
  random: () => number,
): string | undefined {
  switch (mutation) {
    case 'digit': {
      const places = [...text.matchAll(/\d/g)].map((match) => match.index)
      const place = pick(places, random)
      if (place === undefined) return undefined
      const digit = (Number(text[place]) + 1 + Math.floor(random() * 9)) % 10
      return text.slice(0, place) + digit + text.slice(place + 1)
    }
    case 'sign':
      if (fact.kind !== 'number' || !/\d/.test(text) || fact.value === '0') return undefined
      if (/^[-−±]/.test(text)) return text.replace(/^[-−±]\s?/, '')
      return /^\d/.test(text) && fact.unit !== '^' ? `-${text}` : undefined
    case 'separator':
      return fact.kind === 'number' && fact.value !== '0' ? moved(text, random) : undefined
    case 'unit': {
      if (fact.kind !== 'number') return undefined
      const known = units.filter(([pattern]) => pattern.test(text))
      const unit = pick(known, random)
      return unit === undefined ? undefined : text.replace(unit[0], () => pick(unit[1], random) ?? '')
    }
    case 'swap': {
      if (fact.kind !== 'date') return undefined
      const numeric = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/.exec(text)
      // with a day beyond 12 it is the same day in the other order
      if (numeric !== null && (Number(numeric[1]) > 12 || Number(numeric[2]) > 12)) return undefined
      if (numeric !== null) return numeric[1] === numeric[2] ? undefined : `${numeric[2]}/${numeric[1]}/${numeric[3]}`
      const iso = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text)
      if (iso !== null) return iso[2] === iso[3] ? undefined : `${iso[1]}-${iso[3]}-${iso[2]}`
      const month = months[language].find((name) => text.includes(name))
      const other = pick(
        months[language].filter((name) => name !== month),
        random,
      )
      return month === undefined || other === undefined ? undefined : text.replace(month, other)
    }
    case 'year': {
      if (fact.kind !== 'date' && fact.kind !== 'act') return undefined
      const year = /(?:19|20)\d{2}/.exec(text)
      if (year === null) return undefined
      const other = Number(year[0]) + (random() < 0.5 ? -1 : 1) * (1 + Math.floor(random() * 9))
      return text.replace(year[0], String(other))
    }
    case 'word': {
      const lower = text.toLowerCase()
      const word = words[language].find((name) => new RegExp(`(?<!\\p{L})${name}(?!\\p{L})`, 'u').test(lower))
      const other = pick(
        words[language].filter((name) => name !== word),
        random,
      )
      return word === undefined || other === undefined ? undefined : lower.replace(word, other)
    }
  }
}

/** The decimal mark one place to the left or right. */
function moved(text: string, random: () => number): string | undefined {
  const number = /\d+(?:[.,]\d{3})*([.,])\d+|\d+/.exec(text)
  if (number === null) return undefined
  const mark = number[1]
  const at = number.index + (mark === undefined ? number[0].length : number[0].lastIndexOf(mark))
  if (mark === undefined)
    return number[0].length < 2 || number[0].endsWith('0')
      ? undefined
      : `${text.slice(0, at - 1)},${text.slice(at - 1)}`
  // a mark that parts thousands is not moved but dropped with the last digit
  const left = random() < 0.5
  if (left && /\d/.test(text[at - 2] ?? ''))
    return text.slice(0, at - 1) + mark + (text[at - 1] ?? '') + text.slice(at + 1)
  if (/\d/.test(text[at + 2] ?? '')) return text.slice(0, at) + (text[at + 1] ?? '') + mark + text.slice(at + 2)
  return text.slice(0, at) + text.slice(at + 1)
}
