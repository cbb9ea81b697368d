import { PipelineError } from '../../lib/errors.ts'
import type { NodeDeclaration } from './declaration.ts'
import type { NodeDefinition, Red, RedNode } from './red.ts'
import type { StatusLine } from './status.ts'

/** What the kit knows of a node of ours, found by its Node-RED object. */
export interface Known {
  type: string
  /** The checked config; absent when it was bad. */
  config?: Record<string, unknown>
  problem?: PipelineError
  /** What a config node offers to those that point at it. */
  service?: object
  /** Config nodes: who uses this one, and how to show them a status. */
  users: Map<RedNode, (line: StatusLine) => void>
}

const known = new WeakMap<RedNode, Known>()

/** Notes what others may know of a node. */
export function introduce(node: RedNode, entry: Known): void {
  known.set(node, entry)
}

/** A reference, resolved. */
export interface Resolved {
  config: Record<string, unknown>
  /** Shown in messages. */
  type: string
  users: Map<RedNode, (line: StatusLine) => void>
  service?: object
}

/** Looks up the config nodes a node points at. Throws CONFIG for one that is missing, disabled, of another type or bad itself. */
export function resolveReferences(
  red: Red,
  declaration: NodeDeclaration,
  definition: NodeDefinition,
): Map<string, Resolved> {
  const resolved = new Map<string, Resolved>()
  for (const [name, { type, required = true }] of Object.entries(declaration.references ?? {})) {
    const id = definition[name]
    if (typeof id !== 'string' || id === '') {
      if (required) throw new PipelineError('CONFIG', `No ${type} is chosen for "${name}"`)
      continue
    }
    const node = red.nodes.getNode(id)
    const entry = node ? known.get(node) : undefined
    if (!node || entry === undefined || entry.type !== type) {
      throw new PipelineError('CONFIG', `The ${type} chosen for "${name}" (${id}) is not there, or it is disabled`)
    }
    if (entry.config === undefined) {
      throw new PipelineError(
        'CONFIG',
        `The ${type} chosen for "${name}" is not set up: ${entry.problem?.message ?? 'unknown reason'}`,
      )
    }
    const { config, users, service } = entry
    resolved.set(name, { config, type, users, ...(service === undefined ? {} : { service }) })
  }
  return resolved
}

/** The service behind a reference. Throws CONFIG when it is blank, or no such service. */
export function serviceOf<T extends object>(
  references: ReadonlyMap<string, Resolved>,
  name: string,
  service: abstract new (...args: never[]) => T,
): T {
  const reference = references.get(name)
  if (reference === undefined) throw new PipelineError('CONFIG', `Nothing is chosen for "${name}"`)
  if (reference.service instanceof service) return reference.service
  throw new PipelineError('CONFIG', `The ${reference.type} chosen for "${name}" offers no ${service.name}`)
}

/** The checked config of a deployed config node, for admin endpoints; undefined when there is none of that type, or it is bad. */
export function deployedConfig(
  red: Pick<Red, 'nodes'>,
  id: string,
  type: NodeDeclaration['type'],
): Record<string, unknown> | undefined {
  const node = red.nodes.getNode(id)
  const entry = node ? known.get(node) : undefined
  return entry?.type === type ? entry.config : undefined
}

/** Why a node of ours is not set up; undefined for one that is, and for one that is not there. */
export function problemOf(red: { nodes: Pick<Red['nodes'], 'getNode'> }, id: string): PipelineError | undefined {
  const node = red.nodes.getNode(id)
  return node ? known.get(node)?.problem : undefined
}
