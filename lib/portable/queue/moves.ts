import type { Queryable } from '../../stores/postgres/port.ts'
import type { State } from '../call.ts'
import { chosen } from '../choice.ts'
import type { Pipeline, PlanNode } from '../plan/schema.ts'
import type { NodeJob, Place } from './job.ts'
import { type Begun, noteMap, noteResult } from './maps.ts'

/** A job that is to be added, and in how many milliseconds it is due. */
export interface Move {
  job: NodeJob
  inMs: number
}

/** Which jobs follow, read off the plan. What it writes belongs to the transaction that ends the job before. */
export class Moves {
  readonly #pipeline: Pipeline
  readonly #nodes: ReadonlyMap<string, PlanNode>

  constructor(pipeline: Pipeline) {
    this.#pipeline = pipeline
    this.#nodes = new Map(pipeline.regions.flatMap(({ nodes }) => nodes.map((node) => [node.id, node])))
  }

  /** undefined: another version of the flow has made the job. */
  node(id: string): PlanNode | undefined {
    return this.#nodes.get(id)
  }

  /** The beginning of a run. */
  begin(tx: Queryable, slot: string, state: State): Promise<Move[]> {
    const at = { pipeline: this.#pipeline.id, slot }
    return this.go(tx, at, this.#pipeline.regions[0]?.start ?? null, state)
  }

  /** The way from a place to a node of its region; null leaves the region. Choices are decided here. */
  async go(
    tx: Queryable,
    { pipeline, slot, item }: Omit<Place, 'node'>,
    target: string | null,
    state: State,
  ): Promise<Move[]> {
    const at = { pipeline, slot, ...(item === undefined ? {} : { item }) }
    let id = target
    for (let node = this.#of(id); node?.kind === 'choice'; node = this.#of(id)) id = chosen(node, state.message)
    if (id !== null) {
      const node = this.#of(id)
      return [move({ ...at, node: id }, state, node?.kind === 'wait' ? node.seconds * 1_000 : 0)]
    }
    if (item === undefined) return []
    const { run, error = null, message } = state
    return this.end(tx, at, { ...(run === undefined ? {} : { run }), error, message: { payload: message.payload } })
  }

  /** An item has ended: the next one begins, or with the last of them the way goes on behind the list. */
  async end(tx: Queryable, { item }: Pick<Place, 'item'>, result: State): Promise<Move[]> {
    const after = item && (await noteResult(tx, item, result))
    if (item === undefined || after === undefined) return []
    if ('over' in after) return [move({ ...after.over.place, part: 'close', map: item.map }, after.over.base)]
    return this.#item(tx, after.map.place, item.map, after.next)
  }

  /** A list was made: its first items begin. `job` is the one that has made it. */
  async open(tx: Queryable, job: string, at: Place, state: State, window: number): Promise<Move[]> {
    const { pipeline, slot, node, item } = at
    const place = { pipeline, slot, node, ...(item === undefined ? {} : { item }) }
    const begun = await noteMap(tx, job, { map: place, state, window })
    const moves: Move[] = []
    for (const one of begun) moves.push(...(await this.#item(tx, place, job, one)))
    return moves
  }

  #item(tx: Queryable, { pipeline, slot, node }: Place, map: string, { place, state }: Begun): Promise<Move[]> {
    const region = this.#pipeline.regions.find(({ id }) => id === this.#regionOf(node))
    return this.go(tx, { pipeline, slot, item: { map, place } }, region?.start ?? null, state)
  }

  #regionOf(id: string): string | undefined {
    const node = this.#of(id)
    return node?.kind === 'map' ? node.region : undefined
  }

  #of(id: string | null): PlanNode | undefined {
    return id === null ? undefined : this.#nodes.get(id)
  }
}

function move(place: Place, state: State, inMs = 0): Move {
  return { job: { do: 'node', ...place, state, retries: 0, waited: 0 }, inMs }
}
