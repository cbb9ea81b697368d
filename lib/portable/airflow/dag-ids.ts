import { type FlowNode, textOf } from '../../flow-check/node.ts'
import type { Pipeline } from '../plan/schema.ts'
import { taskId } from './tasks.ts'

const named = /^\s*dag:\s*([A-Za-z0-9_.-]{1,200})\s*$/m

/**
 * The DAG id of each pipeline: what a line `dag: NAME` in the description of its trigger says, else the id of the trigger. A name that is
 * given twice is kept by the first.
 */
export function dagIds(pipelines: readonly Pipeline[], nodes: readonly FlowNode[]): Map<string, string> {
  const said = new Map(
    nodes.flatMap(({ id, info }) => (named.test(textOf(info)) ? [[id, named.exec(textOf(info))?.[1]] as const] : [])),
  )
  const taken = new Set<string>()
  const ids = new Map<string, string>()
  for (const { id } of pipelines) {
    const plain = taskId(id).replaceAll('-', '_')
    const base = said.get(id.split('/').at(-1) ?? id) ?? plain
    let name = taken.has(base) ? plain : base
    for (let number = 2; taken.has(name); number++) name = `${plain}_${number}`
    taken.add(name)
    ids.set(id, name)
  }
  return ids
}
