import { hashOf } from '../../lib/runs/identity.ts'

/** What a run of the dense flow starts with. */
export interface Job {
  items: string[]
  seed: number
}

/** An item on its way, as the pure step makes it and the effect step takes it. */
export interface Part {
  key: string
  value: number
}

/** A small number that follows from its arguments alone. */
export function numberOf(...from: (string | number)[]): number {
  return Number.parseInt(hashOf(from).slice(0, 8), 16)
}

/** What the pure step makes of a job: the same in the flow and in the generator's ledger. */
export function partsOf({ items, seed }: Job): Part[] {
  return items.map((key) => ({ key, value: numberOf(seed, key) }))
}

/** What the effect step writes, and answers, for an input. */
export function effectOf(input: object): string {
  return hashOf(input).slice(0, 16)
}
