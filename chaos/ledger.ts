import type { Fact } from './compare.ts'
import { runTable } from './compare.ts'
import { lanes, retryNodeSuffix } from './flows.ts'
import { effectOf, type Job, partsOf } from './nodes/work.ts'
import { dice } from './seed.ts'

/** A slot that was asked for. */
export interface Slot {
  lane: string
  number: number
}

/** The slot's name in the journal. */
export const slotName = ({ lane, number }: Slot) => `${lane}-${number}`
/** The flow that it belongs to, as the journal names it. */
export const flowOf = (lane: string) => (lane === 'fetch' ? 'run' : `run-${lane}`)
/** The run that it is, in a fact. */
export const runName = (slot: Slot) => `${flowOf(slot.lane)} ${slotName(slot)}`

/** What the run of a slot starts with; the same for the same seed. */
export function jobOf(seed: number, slot: Slot): Job {
  const { between } = dice(seed, slotName(slot))
  return {
    items: Array.from({ length: between(1, 6) }, (_, index) => `item ${index}/${between(0, 999)}`),
    seed: between(0, 1e6),
  }
}

/** What the generator asked for, and so what must be there in the end. */
export class Ledger {
  readonly seed: number
  readonly slots: Slot[] = []
  /** Whether each item's step fails at first and comes back through ysh-retry-backoff, which keeps a line of its own for it. */
  readonly #retried: boolean

  constructor(seed: number, options: { retried?: boolean } = {}) {
    this.seed = seed
    this.#retried = options.retried ?? false
  }

  /** The highest number that was asked for in a lane; 0 for none. */
  last(lane: string): number {
    return this.slots.findLast((slot) => slot.lane === lane)?.number ?? 0
  }

  /** Everything that the dense flow must have left behind: runs, steps, effects, outbox. */
  expected(): Fact[] {
    return this.slots.flatMap((slot) =>
      lanes.some((lane) => lane === slot.lane) ? denseFacts(this.seed, slot, this.#retried) : [runFact(slot)],
    )
  }

  /** Whether a fact belongs to what was asked for here. */
  covers(): (fact: Fact) => boolean {
    const runs = new Set(this.slots.map(runName))
    return (fact) => fact.run === '' || runs.has(fact.run)
  }
}

const runFact = (slot: Slot): Fact => ({ table: runTable, run: runName(slot), key: runName(slot), value: 'done' })

function denseFacts(seed: number, slot: Slot, retried: boolean): Fact[] {
  const run = runName(slot)
  const { lane } = slot
  const parts = partsOf(jobOf(seed, slot))
  const made = parts.map((part) => ({ key: part.key, output: { key: part.key, value: effectOf(part) } }))
  const joined = made.map(({ key, output }) => ({ key, state: 'done', output }))
  const total = { key: 'total', value: effectOf({ items: joined, done: joined.length, failed: 0 }) }
  const step = (node: string, item: string, suffix = ''): Fact => ({
    table: 'step',
    run,
    key: `${run} ${node}-${lane}${suffix} ${item}`,
    value: 'done',
  })
  const effects = [
    ...made.map(({ key, output }) => ({ item: encodeURIComponent(key), output })),
    { item: '', output: total },
  ]
  return [
    runFact(slot),
    step('pure', ''),
    step('each', ''),
    step('join', ''),
    step('total', ''),
    ...made.flatMap(({ key }) => [step('effect', encodeURIComponent(key)), step('each', encodeURIComponent(key))]),
    ...(retried ? made.map(({ key }) => step('effect', encodeURIComponent(key), retryNodeSuffix)) : []),
    ...effects.flatMap(({ item, output }): Fact[] => [
      { table: 'effect', run, key: `${run} ${item}`, value: output.value },
      { table: 'outbox', run, key: `chaos ${run} ${item}`, value: output.value },
    ]),
  ]
}
