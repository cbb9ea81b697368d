import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { scenarios } from './scenarios.ts'
import { type StoreKind, storeKinds } from './stores.ts'

/** What is asked for on the command line. */
export interface Options {
  kills: number
  seed: number
  stores: readonly StoreKind[]
  /** Names; empty for all. */
  only: readonly string[]
  /** Node-RED processes at a time. */
  processes: number
  stock: boolean
}

/** How to use it. */
export const help = `npm run chaos [-- options]
  --kills N          SIGKILLs of processes with unfinished runs, over all scenarios (default 200)
  --seed S           the schedule of kills and everything generated (default: a new one, printed)
  --store WHICH      postgres, embedded or both (default)
  --scenario NAME    only this one; may be given more than once
  --processes N      Node-RED processes at a time, 2 (default) to 8
  --no-stock         without the comparison with stock Node-RED nodes
scenarios: ${scenarios.map(({ name }) => name).join(', ')}`

/** Reads the command line; undefined asks for help. Throws an Error that says what is wrong. */
export function readOptions(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      kills: { type: 'string', default: '200' },
      seed: { type: 'string' },
      store: { type: 'string', default: 'both' },
      scenario: { type: 'string', multiple: true, default: [] },
      processes: { type: 'string', default: '2' },
      'no-stock': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return undefined
  const unknown = values.scenario.filter((name) => !scenarios.some((scenario) => scenario.name === name))
  if (unknown.length > 0) throw new Error(`There is no scenario ${unknown.join(', ')}`)
  const stores = storeKinds.filter((kind) => values.store === kind || values.store === 'both')
  if (stores.length === 0) throw new Error(`--store is postgres, embedded or both, not ${values.store}`)
  return {
    kills: whole('--kills', values.kills, 1, 1_000_000),
    seed: values.seed === undefined ? randomInt(2 ** 31) : whole('--seed', values.seed, 0, 2 ** 31 - 1),
    stores,
    only: values.scenario,
    processes: whole('--processes', values.processes, 2, 8),
    stock: !values['no-stock'],
  }
}

function whole(name: string, text: string, least: number, most: number): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isInteger(value) || value < least || value > most) {
    throw new Error(`${name} is a whole number from ${least} to ${most}, not "${text}"`)
  }
  return value
}
