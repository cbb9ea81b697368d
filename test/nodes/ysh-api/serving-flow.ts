import type { FlowNode } from '../../helpers/node-red.ts'

/** Where a flow node of these tests stands. */
export const at = { z: 'tab', x: 1, y: 1 }

/** A flow in which one node serves the API over a PostgreSQL; what it tells by its outputs goes into the log, as `told …`. */
export function servingFlow(
  type: string,
  { postgresUrl, outputs }: { postgresUrl: string; outputs: number },
): FlowNode[] {
  const func = 'node.warn("told " + JSON.stringify(msg.payload))'
  return [
    { id: 'tab', type: 'tab' },
    { id: 'stores', type: 'ysh-stores', folder: '', postgresUrl },
    { id: 'api', type: 'ysh-api', stores: 'stores' },
    { id: 'server', type, ...at, api: 'api', wires: Array.from({ length: outputs }, () => ['tell']) },
    { id: 'tell', type: 'function', ...at, outputs: 0, func, wires: [] },
  ]
}
