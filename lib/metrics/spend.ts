import { meter } from './meter.ts'
import { type Prices, type Resource, usualPrices } from './prices.ts'
import { type Reading, reading } from './reading.ts'

const hourMs = 3_600_000
const hours = 24

let prices: Prices = usualPrices
/** Dollars by the hour in which they were spent; monotonic, so that a moved clock loses none. */
const spent = new Map<number, number>()

/** From now on prices are these; what was spent before stays as it was. */
export function setPrices(given: Partial<Prices>): void {
  prices = { ...usualPrices, ...given }
}

/** Counts units of something that is paid for. */
export function spend(resource: Resource, units = 1, now = performance.now()): void {
  if (!(units > 0)) return
  meter.add('cost.units', { resource }, units)
  const dollars = units * prices[resource]
  if (dollars <= 0) return
  meter.add('cost.dollars', { resource }, dollars)
  const hour = Math.floor(now / hourMs)
  spent.set(hour, (spent.get(hour) ?? 0) + dollars)
  for (const each of spent.keys()) if (each <= hour - hours) spent.delete(each)
}

/** What the last 24 hours have cost. */
export function spendReadings(now = performance.now()): Reading[] {
  const hour = Math.floor(now / hourMs)
  let dollars = 0
  for (const [each, some] of spent) if (each > hour - hours) dollars += some
  return [reading('cost.dollars.day', {}, dollars)]
}
