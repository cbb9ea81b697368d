import { readdirSync, readFileSync } from 'node:fs'
import { PipelineError } from '../../errors.ts'
import { type AneelContract, parseAneelContract } from './contract.ts'

const folder = new URL('./datasets/', import.meta.url)
let contracts: Map<string, AneelContract> | undefined

/** The contracts that ship with the package, by dataset name. Adding a dataset is adding a file to `datasets/`. */
export function catalogue(): ReadonlyMap<string, AneelContract> {
  contracts ??= new Map(
    readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .sort()
      .map((name) => {
        const contract = parseAneelContract(JSON.parse(readFileSync(new URL(name, folder), 'utf8')))
        return [contract.dataset, contract]
      }),
  )
  return contracts
}

/**
 * The contract that a user means by `name`: a dataset's name, its last part, or a slug that only one contract has.
 * Undefined for a slug of the portal that has no contract; UNKNOWN_DATASET for what can be neither.
 */
export function contractFor(name: string): AneelContract | undefined {
  const known = catalogue().get(name) ?? catalogue().get(`aneel.${name}`)
  if (known !== undefined) return known
  const bySlug = [...catalogue().values()].filter((contract) => contract.slug === name)
  if (bySlug.length === 1) return bySlug[0]
  if (bySlug.length > 1) {
    throw new PipelineError(
      'AMBIGUOUS_DATASET',
      `The portal's package "${name}" holds several datasets: choose one of ${bySlug.map((c) => c.dataset).join(', ')}`,
    )
  }
  if (/^[a-z0-9][a-z0-9_-]{1,99}$/.test(name)) return undefined
  throw new PipelineError(
    'UNKNOWN_DATASET',
    `"${name}" is neither a dataset of the catalogue (${[...catalogue().keys()].join(', ')}) nor a slug of the portal`,
  )
}
