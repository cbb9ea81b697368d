import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type OpenStores, openStores } from '../../lib/stores/open.ts'
import { embeddedFolder } from '../helpers/embedded-folder.ts'
import { type FlowNode, type NodeRed, packageFolder, startNodeRed } from '../helpers/node-red.ts'

/** A flow of the library in a Node-RED of its own, on embedded stores. */
export interface RunningFlow {
  red: NodeRed
  /** Presses the button of a trigger. */
  press(id: string): Promise<void>
  /** Waits until it is so. */
  until(what: string, condition: () => boolean): Promise<void>
  /** Ends Node-RED and opens what it has written; closed by `close`. */
  written(): Promise<OpenStores>
  close(): Promise<void>
}

/** How a flow is started. */
export interface FlowOptions {
  /** The Node-RED it runs in; default 5. */
  version?: 4 | 5
  /** The settings: what the flow reads from the environment. */
  env?: Record<string, string>
  /** Alters a node, where a test cannot wait as long as the flow does. */
  change?: (node: FlowNode) => FlowNode
  credentials?: Record<string, Record<string, string>>
  /** More nodes, and whole other flow files. */
  more?: FlowNode[]
}

/** Nodes of a flow file, by its path in the repository. */
export function flowNodes(path: string): FlowNode[] {
  return JSON.parse(readFileSync(join(packageFolder, path), 'utf8'))
}

/** Starts a flow file as it is, but for schedules (tests press the button) and what `change` alters. */
export async function startFlow(path: string, options: FlowOptions = {}): Promise<RunningFlow> {
  const { version = 5, env = {}, change = (node) => node, credentials = {}, more = [] } = options
  const folder = await embeddedFolder()
  let stores: OpenStores | undefined
  const nodes = [...flowNodes(path), ...more].map((node) =>
    change(node.type === 'ysh-run' ? { ...node, schedule: '' } : node),
  )
  const red = await startNodeRed({
    version,
    flows: nodes,
    credentials,
    env: { YSH_DATA_FOLDER: folder.path, YSH_INTERNAL_HOSTS: '127.0.0.1', ...env },
  })
  return {
    red,
    async press(id) {
      const answer = await fetch(`${red.url}/ysh/ysh-run/${id}/press`, { method: 'POST' })
      assert.ok(answer.ok, `${id}: ${answer.status} ${await answer.text()}`)
    },
    async until(what, condition) {
      const deadline = Date.now() + 90_000
      while (!condition()) {
        assert.ok(Date.now() < deadline, `never: ${what}\n${red.output().slice(-6_000)}`)
        await sleep(50)
      }
    },
    async written() {
      await red.stop()
      stores = await openStores({ folder: folder.path })
      return stores
    },
    async close() {
      await red.dispose()
      await stores?.close()
      await folder.remove()
    },
  }
}
