import { PipelineError } from '../errors.ts'

/** A node as it stands in flows.json; its settings are unchecked. */
export interface FlowNode {
  readonly id: string
  readonly type: string
  readonly [property: string]: unknown
}

/**
 * The nodes of a flows.json: a list, or an object with `flows` as Node-RED's second API writes it. Throws FLOW_UNREADABLE. By hand and
 * not with ajv, because the editor runs it too.
 */
export function flowNodes(content: unknown): FlowNode[] {
  const list = isRecord(content) ? content.flows : content
  if (!Array.isArray(list)) throw unreadable('a list of nodes is expected, as Node-RED exports it')
  const seen = new Set<string>()
  return list.map((entry: unknown, index) => {
    if (!isRecord(entry) || typeof entry.id !== 'string' || typeof entry.type !== 'string') {
      throw unreadable(`entry ${index + 1} is no node: it has no id or no type`)
    }
    if (seen.has(entry.id)) throw unreadable(`two nodes have the id ${entry.id}`)
    seen.add(entry.id)
    return { ...entry, id: entry.id, type: entry.type }
  })
}

function unreadable(why: string): PipelineError {
  return new PipelineError('FLOW_UNREADABLE', `The flow cannot be read: ${why}`)
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A setting as text; '' where it is none. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** The texts of a list, others left out. */
export function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((entry): entry is string => typeof entry === 'string') : []
}

/** The records of a list, others left out. */
export function recordsOf(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isRecord) : []
}
