import { createRequire } from 'node:module'
import type { Message, NodeStatus, Red } from '../../nodes/kit/red.ts'
import type { FlowNode } from './node-red.ts'

/** A node of the running flow. */
export interface HelperNode {
  id: string
  receive(message: Message): void
  close(removed: boolean): Promise<void>
  on(event: 'input', listener: (message: Message) => void): void
  on(event: 'call:status', listener: (call: { args: [NodeStatus] }) => void): void
}

/** node-red-node-test-helper, as far as the tests use it; it has no types of its own. */
export interface NodeTestHelper {
  init(runtimePath: string): void
  load(
    nodes: ((red: Red) => void)[],
    flow: FlowNode[],
    credentials?: Record<string, Record<string, string>>,
  ): Promise<void>
  setFlows(flow: FlowNode[], type?: 'full' | 'flows' | 'nodes'): Promise<void>
  unload(): Promise<void>
  getNode(id: string): HelperNode
  settings(settings: Record<string, unknown>): void
}

const require = createRequire(import.meta.url)

/** Node-RED's own test helper, on Node-RED 5. One per test process. */
export const helper: NodeTestHelper = require('node-red-node-test-helper')
helper.init(require.resolve('node-red'))
