import type { Quantity } from './vocabulary.ts'

/** A unit and what it takes to get to the canonical one. */
interface Unit {
  canonical: string
  factor: number
  /** Added after the factor; for °F. */
  offset?: number
}

/** Units by their plain form: small letters, no spaces, no dots. */
const units: Readonly<Record<string, Unit>> = {
  w: { canonical: 'W', factor: 1 },
  wp: { canonical: 'W', factor: 1 },
  kw: { canonical: 'W', factor: 1000 },
  kwp: { canonical: 'W', factor: 1000 },
  wac: { canonical: 'W', factor: 1 },
  wdc: { canonical: 'W', factor: 1 },
  va: { canonical: 'VA', factor: 1 },
  kva: { canonical: 'VA', factor: 1000 },
  v: { canonical: 'V', factor: 1 },
  vdc: { canonical: 'V', factor: 1 },
  vac: { canonical: 'V', factor: 1 },
  vcc: { canonical: 'V', factor: 1 },
  vca: { canonical: 'V', factor: 1 },
  kv: { canonical: 'V', factor: 1000 },
  a: { canonical: 'A', factor: 1 },
  adc: { canonical: 'A', factor: 1 },
  aac: { canonical: 'A', factor: 1 },
  acc: { canonical: 'A', factor: 1 },
  ma: { canonical: 'A', factor: 0.001 },
  '%': { canonical: '%', factor: 1 },
  '%/k': { canonical: '%/°C', factor: 1 },
  '%/°c': { canonical: '%/°C', factor: 1 },
  '%/c': { canonical: '%/°C', factor: 1 },
  '%°c': { canonical: '%/°C', factor: 1 },
  'mv/°c': { canonical: 'mV/°C', factor: 1 },
  'mv/k': { canonical: 'mV/°C', factor: 1 },
  'v/°c': { canonical: 'mV/°C', factor: 1000 },
  'v/k': { canonical: 'mV/°C', factor: 1000 },
  'ma/°c': { canonical: 'mA/°C', factor: 1 },
  'ma/k': { canonical: 'mA/°C', factor: 1 },
  'a/°c': { canonical: 'mA/°C', factor: 1000 },
  'a/k': { canonical: 'mA/°C', factor: 1000 },
  'w/°c': { canonical: 'W/°C', factor: 1 },
  'w/k': { canonical: 'W/°C', factor: 1 },
  '°c': { canonical: '°C', factor: 1 },
  c: { canonical: '°C', factor: 1 },
  '°f': { canonical: '°C', factor: 5 / 9, offset: -160 / 9 },
  mm: { canonical: 'mm', factor: 1 },
  cm: { canonical: 'mm', factor: 10 },
  m: { canonical: 'mm', factor: 1000 },
  in: { canonical: 'mm', factor: 25.4 },
  inch: { canonical: 'mm', factor: 25.4 },
  inches: { canonical: 'mm', factor: 25.4 },
  kg: { canonical: 'kg', factor: 1 },
  g: { canonical: 'kg', factor: 0.001 },
  lb: { canonical: 'kg', factor: 0.45359237 },
  lbs: { canonical: 'kg', factor: 0.45359237 },
  hz: { canonical: 'Hz', factor: 1 },
}

/** Canonical units that a quantity may have; the first is the one that is meant when none is printed. */
const allowed: Readonly<Record<Quantity, readonly string[]>> = {
  power: ['W', 'VA'],
  apparentPower: ['VA', 'W'],
  voltage: ['V'],
  current: ['A'],
  percent: ['%'],
  temperature: ['°C'],
  coefficient: ['%/°C', 'mV/°C', 'mA/°C', 'W/°C'],
  length: ['mm'],
  weight: ['kg'],
  frequency: ['Hz'],
  count: [],
  ratio: [],
  text: [],
}

function plain(unit: string): string {
  return unit
    .replace(/[℃]|[˚º]\s?C|°\s?C/g, '°C')
    .replace(/[℉]|[˚º]\s?F|°\s?F/g, '°F')
    .replace(/[\s.[\]()]/g, '')
    .toLowerCase()
}

/** Whether a text is a unit and nothing else, also in brackets: `[V]`, `(%/K)`, `A DC`. */
export function isUnit(text: string): boolean {
  return plain(text) in units
}

/** The unit as it is known, if a value of this quantity may have it. */
export function unitFor(text: string, quantity: Quantity): Unit | undefined {
  const unit = units[plain(text)]
  if (unit === undefined) return undefined
  // per degree, whatever the font made of the degree sign
  return allowed[quantity].includes(unit.canonical) ? unit : undefined
}

/** The unit that values of a quantity are given in. */
export function canonicalUnit(quantity: Quantity): string | undefined {
  return allowed[quantity][0]
}

/** A number in the canonical unit, without the dust of binary fractions. */
export function convert(value: number, unit: Unit): number {
  return Number((value * unit.factor + (unit.offset ?? 0)).toPrecision(10))
}

/** Matches the unit right after a number. */
export const unitPattern =
  /^\s?(%\s?\/\s?(?:[°˚º]?\s?[CK]|℃|\S(?=$|[\s(]))|[mk]?[VAW]\s?\/\s?(?:[°˚º]\s?C|℃|K)|%|℃|℉|[°˚º]\s?[CF]|k?VA|kWp?|Wp|Wac|Wdc|W|k?V\s?(?:dc|ac|cc|ca)?|mA|A\s?(?:dc|ac|cc)?|mm|cm|m|inches|inch|in|kg|g|lbs|Ibs|lb|Hz)(?![A-Za-z²³])/i

/** The unit in a label: `Voc (V)`, `Pmax [W]`, `Vmp/V`, `Pmax (Wp)`. */
export function unitInLabel(label: string, quantity: Quantity): string | undefined {
  for (const match of label.matchAll(/[[(]([^\])]{1,10})[\])]/g)) {
    const inside = match[1]?.trim() ?? ''
    if (unitFor(inside, quantity) !== undefined) return inside
    const slashed = /\/\s?(\S{1,4})$/.exec(inside)?.[1]
    if (slashed !== undefined && unitFor(slashed, quantity) !== undefined && !isUnit(inside)) return slashed
  }
  const end = /[/,]\s?(%|k?Wp?|V|A|mm|kg)$/.exec(label.trim())?.[1]
  return end !== undefined && unitFor(end, quantity) !== undefined ? end : undefined
}
