import { Type } from '../../../lib/schema.ts'
import { defineNode } from '../../../nodes/kit/declaration.ts'
import { type Behaviour, type NodeHandle, registerNode, type Work } from '../../../nodes/kit/node.ts'
import type { Message, NodeStatus, Red } from '../../../nodes/kit/red.ts'
import type { FlowNode } from '../../helpers/node-red.ts'
import { helper } from '../../helpers/node-test-helper.ts'

const declaration = defineNode({
  type: 'ysh-sample',
  category: 'ysh',
  outputs: ['one'],
  config: Type.Object({ size: Type.Integer({ default: 3, minimum: 1 }), mark: Type.String({ default: '' }) }),
  limits: { concurrency: 1, queueLimit: 2, timeoutSeconds: 0 },
  form: [],
})
/** What the sample node does; each test says so before it runs the flow. */
export const sample: {
  work(
    message: Message,
    work: Work,
    handle: NodeHandle<{ size: number; mark: string }>,
  ): ReturnType<NonNullable<Behaviour['input']>>
  closed(removed: boolean): Promise<void>
} = { work: () => undefined, closed: async () => {} }

function nodes(red: Red): void {
  registerNode(red, declaration, (handle) => ({
    input: (message, context) => sample.work(message, context, handle),
    close: (removed) => sample.closed(removed),
  }))
}

/** sample -> out, with Catch and Complete behind it. */
function flow(settings: Record<string, unknown>): FlowNode[] {
  return [
    { id: 'tab', type: 'tab' },
    { id: 'sample', type: 'ysh-sample', z: 'tab', x: 1, y: 1, wires: [['out']], ...settings },
    { id: 'out', type: 'helper', z: 'tab', x: 1, y: 1, wires: [] },
    { id: 'catch', type: 'catch', z: 'tab', x: 1, y: 1, scope: null, uncaught: false, wires: [['caught']] },
    { id: 'caught', type: 'helper', z: 'tab', x: 1, y: 1, wires: [] },
    {
      id: 'complete',
      type: 'complete',
      z: 'tab',
      x: 1,
      y: 1,
      scope: ['sample'],
      uncaught: false,
      wires: [['completed']],
    },
    { id: 'completed', type: 'helper', z: 'tab', x: 1, y: 1, wires: [] },
  ]
}

/** What the flow has brought so far. */
export interface Seen {
  out: Message[]
  caught: Message[]
  completed: Message[]
  statuses: NodeStatus[]
  /** Resolves when so many messages have come to an end, well or not. */
  ended(count: number): Promise<void>
}

/** Runs the flow with these settings of the sample node. */
export async function run(settings: Record<string, unknown> = {}): Promise<Seen> {
  await helper.load([nodes], flow(settings))
  const seen: Omit<Seen, 'ended'> = { out: [], caught: [], completed: [], statuses: [] }
  const waiting: { count: number; resolve: () => void }[] = []
  const look = () => {
    for (const { count, resolve } of waiting) if (seen.caught.length + seen.completed.length >= count) resolve()
  }
  for (const name of ['out', 'caught', 'completed'] as const) {
    helper.getNode(name).on('input', (message) => {
      seen[name].push(message)
      look()
    })
  }
  helper.getNode('sample').on('call:status', (call) => seen.statuses.push(call.args[0]))
  return {
    ...seen,
    ended: (count) =>
      new Promise((resolve) => {
        waiting.push({ count, resolve })
        look()
      }),
  }
}

export const give = (message: Message) => helper.getNode('sample').receive(message)
export const messageOf = (message: Message | undefined) =>
  String((message?.error as { message?: string } | undefined)?.message)
export const codeOf = (message: Message | undefined) => (message?.error as { code?: string } | undefined)?.code
