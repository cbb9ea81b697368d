import { setTimeout as sleep } from 'node:timers/promises'
import { type DatasetName, isDataset } from '../test/portal/generate/index.ts'
import type { Portal } from '../test/portal/server.ts'
import type { Fact } from './compare.ts'
import { lanes } from './flows.ts'
import { jobOf, Ledger, runName, type Slot, slotName } from './ledger.ts'
import type { NodeRed, Tidings } from './node-red.ts'
import type { Backend } from './stores.ts'

/** Slots of a lane that are under way at once, if nothing else is said. */
const usualBacklog = 3
const askMs = 5_000

/** Asks for slots, keeps the ledger, and knows which runs have ended. */
export interface Generator {
  readonly ledger: Ledger
  /** What must be there in the end, as far as the generator can tell by itself. */
  expected(): Fact[]
  /** Goes on asking until `stop`; `target` is whom to ask, if anybody is there. */
  run(target: () => NodeRed | undefined): Promise<void>
  /** Asks for one more slot in each lane, and for nothing after that. */
  stop(): void
  heard(told: Tidings): void
  /** What became of the runs in the meantime, seen while no Node-RED runs. */
  look(backend: Backend): Promise<void>
  /** The slots that are taken and not through, by name of run. */
  underWay(): string[]
  /** Runs that have ended. */
  readonly ended: number
}

/** What generators share. */
abstract class Asking implements Generator {
  readonly ledger: Ledger
  ended = 0
  protected stopping = false
  /** By lane the highest number that was taken, and that is through. */
  protected readonly taken = new Map<string, number>()
  protected readonly through = new Map<string, number>()

  constructor(seed: number, options: { retried?: boolean } = {}) {
    this.ledger = new Ledger(seed, options)
  }

  abstract run(target: () => NodeRed | undefined): Promise<void>
  abstract look(backend: Backend): Promise<void>

  expected(): Fact[] {
    return this.ledger.expected()
  }

  stop(): void {
    this.stopping = true
  }

  heard({ kind, state, run }: Tidings): void {
    if (kind !== 'run') return
    const { lane, number } = slotOf(run.slot)
    // The runs of a lane follow each other: when one starts, those before it have ended, whether that was heard or not.
    this.passed(lane, state === 'started' || state === 'resumed' ? number - 1 : number)
  }

  underWay(): string[] {
    return this.ledger.slots
      .filter(({ lane, number }) => number <= this.number(this.taken, lane) && number > this.number(this.through, lane))
      .map(runName)
  }

  protected passed(lane: string, number: number): void {
    const known = this.number(this.through, lane)
    if (number <= known) return
    this.ended += number - known
    this.through.set(lane, number)
  }

  protected number(of: Map<string, number>, lane: string): number {
    return of.get(lane) ?? 0
  }

  /** Asks again and again, until somebody has taken it: a trigger takes a slot once, however often it is asked. */
  protected async ask(slot: Slot, input: unknown, target: () => NodeRed | undefined): Promise<void> {
    this.ledger.slots.push(slot)
    for (;;) {
      const asked = target()
      if (asked !== undefined && asked.ended === undefined && (await taken(asked, slot, input))) break
      await sleep(25)
    }
    this.taken.set(slot.lane, slot.number)
  }
}

async function taken(asked: NodeRed, slot: Slot, input: unknown): Promise<boolean> {
  try {
    const response = await fetch(`${asked.url}/${slot.lane}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ slot: slotName(slot), input }),
      signal: AbortSignal.timeout(askMs),
    })
    await response.arrayBuffer()
    return response.status === 200
  } catch {
    return false // it was killed, or does not listen yet
  }
}

/** The slot of a name. */
export function slotOf(name: string): Slot {
  const cut = name.lastIndexOf('-')
  return { lane: name.slice(0, cut), number: Number(name.slice(cut + 1)) }
}

/** Keeps each lane of the dense flow busy; with `upTo` it stops by itself at the numbers given for the lanes. */
export class DenseGenerator extends Asking {
  readonly #upTo: ReadonlyMap<string, number> | undefined
  readonly #backlog: number

  constructor(seed: number, options: { upTo?: ReadonlyMap<string, number>; backlog?: number; retried?: boolean } = {}) {
    super(seed, options)
    this.#upTo = options.upTo
    this.#backlog = options.backlog ?? usualBacklog
  }

  async run(target: () => NodeRed | undefined): Promise<void> {
    await Promise.all(lanes.map((lane) => this.#lane(lane, target)))
  }

  async look(): Promise<void> {
    // What it hears is enough: the next slot of the lane tells of those before it.
  }

  async #lane(lane: string, target: () => NodeRed | undefined): Promise<void> {
    const most = this.#upTo === undefined ? Number.POSITIVE_INFINITY : (this.#upTo.get(lane) ?? 0)
    for (let number = 1; number <= most; number += 1) {
      const free = () => number - 1 - this.number(this.through, lane) < this.#backlog
      while (!free() && (this.#upTo !== undefined || !this.stopping)) await sleep(10)
      const last = this.stopping && this.#upTo === undefined
      const slot = { lane, number }
      await this.ask(slot, jobOf(this.ledger.seed, slot), target)
      if (last) return
    }
  }
}

/** What a fetch generator needs. */
export interface FetchOptions {
  portal: Portal
  /** The portal's datasets, and the rows of their first publication. */
  datasets: Readonly<Partial<Record<DatasetName, number>>>
  /** How many requests for each file fail at first. */
  refusals: number
  /** Stops by itself after so many slots. */
  upTo?: number
  /** Called when a slot is through, before the next one is asked for. */
  onThrough?(number: number): Promise<void>
}

/** Asks for a fetch of each publication of the portal, one after the other. */
export class FetchGenerator extends Asking {
  readonly #options: FetchOptions
  readonly #counts: Fact[] = []

  constructor(seed: number, options: FetchOptions) {
    super(seed)
    this.#options = options
  }

  override expected(): Fact[] {
    return [...super.expected(), ...this.#counts]
  }

  async run(target: () => NodeRed | undefined): Promise<void> {
    const { upTo = Number.POSITIVE_INFINITY, onThrough } = this.#options
    for (let number = 1; number <= upTo; number += 1) {
      await this.#publish(number - 1)
      const last = this.stopping && upTo === Number.POSITIVE_INFINITY
      await this.ask({ lane: 'fetch', number }, {}, target)
      while (this.number(this.through, 'fetch') < number) await sleep(10)
      await onThrough?.(number)
      if (last) return
    }
  }

  async look(backend: Backend): Promise<void> {
    const number = this.number(this.taken, 'fetch')
    if (number === 0 || this.number(this.through, 'fetch') >= number) return
    const { rows } = await backend.read((store) =>
      store.query<{ state: string }>('select state from pipeline.run where slot = $1', [
        slotName({ lane: 'fetch', number }),
      ]),
    )
    if (rows[0]?.state === 'done') this.passed('fetch', number)
  }

  async #publish(publication: number): Promise<void> {
    const { portal, datasets, refusals } = this.#options
    portal.clear()
    if (publication > 0) await portal.publish(publication)
    for (const [dataset, rows] of Object.entries(datasets)) {
      if (!isDataset(dataset)) continue
      if (refusals > 0) portal.misbehave({ kind: '500', match: dataset, times: refusals })
      const key = `aneel.${dataset} ${publication + 1}`
      const { added, changed, vanished } =
        publication === 0
          ? { added: rows, changed: 0, vanished: 0 }
          : portal.difference(dataset, publication - 1, publication)
      this.#counts.push({ table: 'count', run: '', key, value: `${added} ${changed} ${vanished}` })
    }
  }
}
