import type { EventEmitter } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What we use of the embedded Node-RED; its own types stop at version 1. */
interface EmbeddedNodeRed {
  init(server: Server, settings: Record<string, unknown>): void
  start(): Promise<void>
  stop(): Promise<void>
  httpAdmin(request: IncomingMessage, response: ServerResponse): void
  events: EventEmitter
  hooks: {
    add(name: string, hook: (events: { source: { id: string }; msg: { payload?: unknown } }[]) => void): void
    remove(name: string): void
  }
}
const RED: EmbeddedNodeRed = createRequire(import.meta.url)('node-red')

/** The package's root folder. */
export const root = fileURLToPath(new URL('..', import.meta.url))

/** A node of a flow file. */
export type FlowNode = { id: string; type: string } & Record<string, unknown>

/** A headless Node-RED with our package and one flow in it. */
export interface Headless {
  url: string
  /** Presses a trigger's button, as the editor does. */
  press(id: string): Promise<void>
  /** Node-RED's runtime events; ours are called `ysh:event`. */
  on(event: string, listener: (data: unknown) => void): void
  /** What a node sends, until the returned function is called. */
  onSend(id: string, listener: (payload: unknown) => void): () => void
  stop(): Promise<void>
}

/** Starts Node-RED in this process, without editor, on a user folder of its own; `change` may alter each node of the flow first. */
export async function startHeadless(flow: string, change: (node: FlowNode) => FlowNode): Promise<Headless> {
  const userDir = await mkdtemp(join(tmpdir(), 'ysh-demo-'))
  await mkdir(join(userDir, 'node_modules', '@ysh'), { recursive: true })
  await symlink(root, join(userDir, 'node_modules', '@ysh', 'node-red-data-pipeline'), 'dir')
  await writeFile(
    join(userDir, 'package.json'),
    JSON.stringify({ name: 'demo', private: true, dependencies: { '@ysh/node-red-data-pipeline': '*' } }),
  )
  const nodes: FlowNode[] = JSON.parse(await readFile(flow, 'utf8'))
  await writeFile(join(userDir, 'flows.json'), JSON.stringify(nodes.map(change)))
  const server: Server = createServer((request, response) => {
    RED.httpAdmin(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  RED.init(server, {
    userDir,
    flowFile: 'flows.json',
    credentialSecret: 'only-for-the-demo',
    httpAdminRoot: '/',
    disableEditor: true,
    lang: 'pt-BR',
    telemetry: { enabled: false, updateNotification: false },
    logging: { console: { level: 'error', metrics: false, audit: false } },
  })
  const started = new Promise<void>((resolve) => RED.events.once('flows:started', () => resolve()))
  await RED.start()
  await started
  const url = `http://127.0.0.1:${port}`
  let hooks = 0
  return {
    url,
    async press(id) {
      const answer = await fetch(`${url}/ysh/ysh-run/${id}/press`, { method: 'POST' })
      if (!answer.ok) throw new Error(`The trigger ${id} did not start: ${answer.status} ${await answer.text()}`)
    },
    on: (event, listener) => {
      RED.events.on(event, listener)
    },
    onSend(id, listener) {
      hooks += 1
      const name = `onSend.demo${hooks}`
      RED.hooks.add(name, (events) => {
        for (const event of events) if (event.source.id === id) listener(event.msg.payload)
      })
      return () => RED.hooks.remove(name)
    },
    async stop() {
      await RED.stop()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await rm(userDir, { recursive: true, force: true })
    },
  }
}
