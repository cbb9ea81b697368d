import type { Scenario } from './scenarios.ts'
import { type StoreKind, storeKinds } from './stores.ts'

/** A scenario on a store, and how often it is disturbed. */
export interface Share {
  scenario: Scenario
  store: StoreKind
  /** Kills, or other disturbances. */
  count: number
}

/** What 200 kills are the measure of. */
const usual = 200

/** A run of fewer kills is a short one. */
export const longRun = 1_000

/**
 * Distributes kills over scenarios by their shares, half as many to the embedded store, at least one each. A short run on both stores
 * leaves some scenarios to the server.
 */
export function distribute(scenarios: readonly Scenario[], stores: readonly StoreKind[], kills: number): Share[] {
  const pairs = scenarios.flatMap((scenario) =>
    storeKinds
      .filter((store) => stores.includes(store) && scenario.stores.includes(store))
      .filter((store) => store === 'postgres' || !stores.includes('postgres') || !leftToServer(scenario, kills))
      .map((store) => ({ scenario, store })),
  )
  const weight = ({ scenario, store }: (typeof pairs)[number]) =>
    scenario.share * (store === 'embedded' && scenario.stores.length > 1 ? 0.5 : 1)
  const all = pairs.reduce((sum, pair) => sum + weight(pair), 0)
  const shares = pairs.map(({ scenario, store }) => ({
    scenario,
    store,
    count:
      scenario.share > 0
        ? Math.max(1, Math.floor((kills * weight({ scenario, store })) / all))
        : Math.max(1, Math.round(((scenario.blows ?? 1) * kills) / usual)),
  }))
  // What rounding has left goes where most are.
  const killing = shares.filter(({ scenario }) => scenario.share > 0)
  const left = kills - killing.reduce((sum, { count }) => sum + count, 0)
  const [most] = killing.toSorted((a, b) => b.count - a.count)
  if (most !== undefined && left > 0) most.count += left
  return shares
}

/** Whether a run of so many kills on both stores leaves the embedded one out here. */
export function leftToServer({ shortRunOnServer = false }: Scenario, kills: number): boolean {
  return shortRunOnServer && kills < longRun
}
