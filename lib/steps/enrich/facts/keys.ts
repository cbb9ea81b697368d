import { shiftDecimal } from './decimal.ts'
import type { Fact, Reading } from './fact.ts'
import { withoutPrefix } from './units.ts'

/** All readings of a fact, the likeliest first. */
export function readingsOf(fact: Fact): readonly Reading[] {
  return fact.others === undefined ? [fact] : [fact, ...fact.others]
}

/** What two readings share if and only if they say the same. */
export function keyOf(reading: Reading): string {
  return keyFor(reading.kind, reading.value, reading.unit)
}

/** The key of a kind, value and unit. */
export function keyFor(kind: Reading['kind'], value: string, unit = ''): string {
  return `${kind === 'number' ? '' : kind}|${value}|${unit}`
}

/**
 * What a reading says besides itself, because it is more exact: a date says its month and year, an act with its year also the act, `127/220 V` both
 * voltages, a provision its number.
 */
export function impliedKeys(reading: Reading): string[] {
  const { kind, value, unit } = reading
  if (kind === 'number') {
    if (!value.includes('/') || value.includes('+')) return []
    return value.split('/').map((part) => keyFor('number', part, unit))
  }
  if (kind === 'date') return dateKeys(value)
  if (kind === 'act') {
    const [number = ''] = value.split('/')
    const generic = unit === 'ren' || unit === 'reh' || unit === 'rea' ? ['res'] : []
    const keys = [keyFor('number', value), keyFor('number', number), keyFor('act', value, '*')]
    for (const type of [unit ?? '', ...generic]) keys.push(keyFor('act', value, type), keyFor('act', number, type))
    return keys
  }
  if (kind === 'provision') return [keyFor('number', value), keyFor('provision', value, '*')]
  return []
}

function dateKeys(value: string): string[] {
  const keys: string[] = []
  const year = /^\d{4}/.exec(value)?.[0]
  const rest = value.slice(4)
  if (year !== undefined) keys.push(keyFor('number', year), keyFor('date', `-${rest}`))
  const month = /^-(\d{2})-\d{2}$/.exec(rest)?.[1] ?? /^--(\d{2})-\d{2}$/.exec(value)?.[1]
  if (month !== undefined) {
    keys.push(keyFor('date', `--${month}`))
    if (year !== undefined) keys.push(keyFor('date', `${year}-${month}`))
  }
  return keys
}

/** The key of a quantity whatever its SI prefix: the same for `580 Wp` and `0.58 kWp`. */
export function prefixKey(reading: Reading): string | undefined {
  if (reading.kind !== 'number' || reading.unit === undefined || /[/+]/.test(reading.value)) return undefined
  const slash = reading.unit.indexOf('/')
  const top = slash < 0 ? reading.unit : reading.unit.slice(0, slash)
  const base = withoutPrefix(top)
  if (base === undefined) return undefined
  return `si|${shiftDecimal(reading.value, base[1])}|${base[0]}${slash < 0 ? '' : reading.unit.slice(slash)}`
}
