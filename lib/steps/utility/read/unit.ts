import { clean, fold, remembered } from './text.ts'

/** The units that values of pages may have. ANEEL's files give energy in R$/MWh, most distributors' pages in R$/kWh. */
export const units = ['R$/kWh', 'R$/MWh', 'R$/kW', '%', 'R$', 'h'] as const
export type Unit = (typeof units)[number]

/** What a price is paid for. */
export type Quantity = 'energy' | 'demand'

const meaning: Record<Unit, { quantity: Quantity | undefined; power: number }> = {
  'R$/kWh': { quantity: 'energy', power: 0 },
  'R$/MWh': { quantity: 'energy', power: -3 },
  'R$/kW': { quantity: 'demand', power: 0 },
  '%': { quantity: undefined, power: 0 },
  R$: { quantity: undefined, power: 0 },
  h: { quantity: undefined, power: 0 },
}

/** The power of ten that takes a value of one unit to another; undefined when they measure different things. */
export function powerBetween(from: Unit, to: Unit): number | undefined {
  if (from === to) return 0
  const [a, b] = [meaning[from], meaning[to]]
  if (a.quantity === undefined || a.quantity !== b.quantity) return undefined
  return a.power - b.power
}

/** What a unit pays for. */
export function quantityOf(unit: Unit): Quantity | undefined {
  return meaning[unit].quantity
}

// Money by something (also a sort of money or a something that is not ours), a per cent sign.
const expression =
  /(R\$|US\$|U\$|centavos|reais|¢)\s*(?:\/|por)\s*\(?\s*(\p{L}[\p{L}\d²³]*)|(%|por cento)|\((R\$|h|horas)\)|\bem (horas|reais)\b/giu

/** The units that a text states, each once; what looks like a unit and is none of ours stands in `unknown`. */
export const statedUnits = remembered((text: string): { units: readonly Unit[]; unknown: readonly string[] } => {
  const found = new Set<Unit>()
  const unknown = new Set<string>()
  for (const match of fold(text).matchAll(expression)) {
    const [whole, money, per, percent, bracketed, worded] = match
    const unit =
      money !== undefined && per !== undefined
        ? /^(R\$|reais)$/i.test(money)
          ? perUnit(per)
          : undefined
        : percent !== undefined
          ? '%'
          : /^(R\$|reais)$/i.test(bracketed ?? worded ?? '')
            ? 'R$'
            : 'h'
    if (unit === undefined) unknown.add(whole.trim())
    else found.add(unit)
  }
  return { units: [...found], unknown: [...unknown] }
})

/** A header without the units it states: "Energia (R$/kWh)" is "Energia". */
export function withoutUnits(text: string): string {
  // positions in the folded text are those in the text itself
  let left = ''
  let from = 0
  for (const match of fold(text).matchAll(expression)) {
    left += text.slice(from, match.index)
    from = match.index + match[0].length
  }
  return clean((left + text.slice(from)).replace(/[([]\s*(?:em)?\s*[)\]]|[\s:,–-]+(?:em)?\s*[)\]]?$|[([]\s*$/giu, ''))
}

function perUnit(per: string): Unit | undefined {
  const name = per.toLowerCase()
  return name === 'kwh' ? 'R$/kWh' : name === 'mwh' ? 'R$/MWh' : name === 'kw' ? 'R$/kW' : undefined
}

/** What the words of a header or a row say is paid for; undefined when they say neither or both. */
export function quantityInWords(text: string): Quantity | undefined {
  const folded = fold(text)
  const demand = /\bdemandas?\b/i.test(folded)
  const energy = /\b(energias?|consumo)\b/i.test(folded)
  return demand === energy ? undefined : demand ? 'demand' : 'energy'
}
