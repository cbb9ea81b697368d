import { PipelineError } from '../../lib/errors.ts'
import type { RunEngine } from '../../lib/runs/engine.ts'
import type { StoresService } from '../kit/stores-service.ts'

/** A deployed `ysh-stores`. */
interface Deployed {
  name: string | undefined
  service: StoresService
  /** Internal hosts that may be fetched from. */
  allow: readonly string[]
}

const deployed = new Map<string, Deployed>()

/** Announces a deployed node, for admin endpoints. Returns how to take it back. */
export function announceStores(id: string, entry: Deployed): () => void {
  deployed.set(id, entry)
  return () => {
    if (deployed.get(id) === entry) deployed.delete(id)
  }
}

/**
 * The engine over deployed stores, for admin endpoints: of the node with this id, or of the only one. Throws NOT_DEPLOYED, STORES_AMBIGUOUS
 * (which names them), and what the stores throw when they open.
 */
export async function deployedEngine(id: string | undefined, signal: AbortSignal): Promise<RunEngine> {
  const entry = id === undefined || id === '' ? only() : deployed.get(id)
  if (entry === undefined) {
    throw new PipelineError(
      'NOT_DEPLOYED',
      id ? `No ysh-stores with the id ${id} is deployed` : 'No ysh-stores is deployed',
    )
  }
  return entry.service.engine(signal)
}

/** A deployed node, for who looks at all of them. */
export interface DeployedStores {
  id: string
  name: string | undefined
  service: StoresService
}

/** All deployed nodes. */
export function deployedStores(): DeployedStores[] {
  return [...deployed].map(([id, { name, service }]) => ({ id, name, service }))
}

/** What the deployed stores allow to be fetched from, all together: for the editor's own requests, which belong to none of them. */
export function deployedAllowList(): string[] {
  return [...new Set([...deployed.values()].flatMap(({ allow }) => allow))]
}

function only(): Deployed | undefined {
  if (deployed.size > 1) {
    const all = [...deployed].map(([id, { name }]) => (name === undefined || name === '' ? id : `${id} (${name})`))
    throw new PipelineError(
      'STORES_AMBIGUOUS',
      `Several ysh-stores are deployed; say which one is meant: ${all.join(', ')}`,
    )
  }
  const [entry] = deployed.values()
  return entry
}
