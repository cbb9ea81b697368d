import type { EventEmitter } from 'node:events'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'

/**
 * The part of Node-RED's runtime API that this package uses (4.1 and 5). Own types because @types/node-red describes Node-RED 1.3:
 * `getNode` never undefined, no `registerSubflow`, `any` in most places.
 */

/** A message. Properties we do not know are kept. */
export interface Message {
  payload?: unknown
  run?: unknown
  topic?: unknown
  _msgid?: string
  [property: string]: unknown
}

/** What goes to `send`: one entry per output; an array there is several messages. */
export type Outputs = readonly (Message | readonly Message[] | null)[]

export interface NodeStatus {
  fill?: 'red' | 'green' | 'yellow' | 'blue' | 'grey'
  shape?: 'dot' | 'ring'
  text?: string
}

/** A node's definition as it stands in the flow, `${ENV}` already replaced: unchecked. */
export interface NodeDefinition {
  id: string
  type: string
  [property: string]: unknown
}

export type InputListener = (msg: Message, send: (messages: Outputs) => void, done: (error?: Error) => void) => void
export type CloseListener = (removed: boolean, done: () => void) => void

export interface RedNode {
  readonly id: string
  readonly type: string
  readonly name?: string
  /** Stable path through subflow instances; absent in Node-RED's test helper for config nodes. */
  readonly _path?: string
  readonly _alias?: string
  readonly credentials?: Record<string, string>
  /** Config nodes: who uses them; Node-RED delegates their errors and statuses. */
  users?: Record<string, RedNode>
  on(event: 'input', listener: InputListener): void
  on(event: 'close', listener: CloseListener): void
  send(messages: Outputs): void
  receive(msg: Message): void
  status(status: NodeStatus): void
  log(message: unknown): void
  warn(message: unknown): void
  error(error: unknown, msg?: Message): void
  debug(message: unknown): void
}

/** What an admin endpoint gets (Express). */
export interface AdminRequest extends IncomingMessage {
  params: Record<string, string>
  query: Record<string, unknown>
  /** Parsed JSON, or the fields of a form. */
  body?: unknown
  /** Who is logged in, where Node-RED asks for it. */
  user?: { username?: string }
}
export interface AdminResponse extends ServerResponse {
  status(code: number): AdminResponse
  json(body: unknown): AdminResponse
}
export type AdminHandler = (request: AdminRequest, response: AdminResponse, next: (error?: unknown) => void) => void

/** A JSONata expression as Node-RED prepares it; opaque. */
export type Expression = object

export interface RedUtil {
  /** What `${NAME}` stands for: of the node's flow, or without a node of the environment. */
  getSetting(node: RedNode | null | undefined, name: string): unknown
  /** A deep copy; an HTTP request and response are shared. */
  cloneMessage<T extends object>(message: T): T
  /** A new message id. */
  generateId(): string
  /** Throws what JSONata says of an expression that does not parse. */
  prepareJSONataExpression(expression: string, node: RedNode): Expression
  evaluateJSONataExpression(
    expression: Expression,
    message: object,
    done: (error: unknown, result: unknown) => void,
  ): unknown
}

/** What a hook of the messages' way is told. */
export interface HookEvent {
  msg: Message
  destination: { id: string; node?: RedNode }
}

export interface Red {
  hooks: {
    /** `<hook>.<label>`: one of each label. */
    add(name: string, handler: (event: HookEvent) => void): void
    /** `*.<label>`: all of a label. */
    remove(name: string): void
  }
  nodes: {
    createNode(node: RedNode, definition: NodeDefinition): void
    getNode(id: string): RedNode | null | undefined
    /** Visits the definitions of all nodes of the deployed flows, tabs and those inside subflows among them. */
    eachNode(visit: (definition: NodeDefinition) => void): void
    registerType(
      type: string,
      construct: (this: RedNode, definition: NodeDefinition) => void,
      options?: { credentials?: Readonly<Record<string, { type: 'text' | 'password' }>> },
    ): void
    registerSubflow(definition: unknown): void
  }
  settings: {
    userDir?: string
    lang?: string
    nodeMessageBufferMaxLength?: number
    [name: string]: unknown
  }
  events: EventEmitter
  /** The HTTP server of editor and flows. */
  server: Server
  util: RedUtil
  auth: { needsPermission(permission: string): AdminHandler }
  httpAdmin: {
    get(path: string, ...handlers: AdminHandler[]): void
    post(path: string, ...handlers: AdminHandler[]): void
  }
  /** The server of flows; absent where settings.js switches it off. */
  httpNode?: {
    use(handler: AdminHandler): void
    post(path: string, ...handlers: AdminHandler[]): void
  }
  log: Record<'error' | 'warn' | 'info' | 'debug', (message: unknown) => void>
  /** Translates a key of the node's own catalogue; parameters stand in the text as `__name__`. */
  _(key: string, parameters?: Record<string, string | number>): string
}
