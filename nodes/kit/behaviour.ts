import type { Logger, Progress } from '../../lib/steps/step.ts'
import type { Message, Outputs } from './red.ts'
import type { StatusLine } from './status.ts'

/** One message at work. */
export interface Work {
  /** Aborted when the node closes (reason: not a PipelineError) and at the timeout (reason: PipelineError TIMEOUT). */
  signal: AbortSignal
  /** Shows how far the work is in the node's status. */
  progress(progress: Progress): void
  /** Sends in between; the last messages are better returned. False, and nothing sent, once the node is closed. */
  send(outputs: Outputs): boolean
}

/** How a message ends: what goes out, and what the status says afterwards (cleared when left out). */
export interface Reply {
  outputs?: Outputs
  status?: StatusLine
}

/**
 * What a node does. Whatever these throw ends in `done(error)` or the log; nothing escapes as an unhandled rejection. FENCED and
 * STOPPED end a message that carries `msg.run` quietly, because its run goes on elsewhere.
 */
export interface Behaviour {
  /** Works on one message. Without it the message just ends. */
  input?(message: Message, work: Work): Promise<Reply | undefined> | Reply | undefined
  /** The button of the node (declaration: `button: true`). What it throws is shown to the user. */
  press?(): Promise<void>
  /** Gives back what the node holds; the handle's signal is aborted already. `removed`: deleted, not just restarted. */
  close?(removed: boolean): Promise<void> | void
  /** Config nodes: what nodes get from `handle.use(reference, Class)`. */
  service?: object
}

/** A node as its behaviour sees it. */
export interface NodeHandle<Config> {
  readonly id: string
  readonly type: string
  readonly name: string | undefined
  /** Stable across deploys, restarts and renames, also inside subflow instances: the `node` of the journal. */
  readonly path: string
  readonly config: Config
  readonly credentials: Readonly<Record<string, string>>
  readonly log: Logger
  /** Aborted when the node closes. */
  readonly signal: AbortSignal
  /** BCP 47 tag of the runtime's language. */
  readonly language: string
  /** The service of a referenced config node. Throws CONFIG when the reference is blank or offers something else. */
  use<T extends object>(reference: string, service: abstract new (...args: never[]) => T): T
  /** Shown at once or within a second: at most one a second goes out. */
  status(line: StatusLine): void
  /** Config nodes: shows a status on every node that uses this one. */
  statusOfUsers(line: StatusLine): void
  /** Translates a key of the catalogue into the runtime's language. */
  text(key: string, values?: Record<string, string | number>): string
  /**
   * A JSONata expression over a message, with Node-RED's own functions (`$env`, `$flowContext`, …). Throws CONFIG when it does not
   * parse; what it throws while it is evaluated comes as a rejection.
   */
  expression(text: string): (message: Message) => Promise<unknown>
  /**
   * Gives the node a message of its own, as if it had come in: queued, worked on and ended like any other, so that what goes wrong with it
   * reaches Catch. For triggers that have work to do before they send.
   */
  receive(message: Message): void
  /** Sends outside of a message (triggers, joins). False, and nothing sent, once the node is closed. */
  send(outputs: Outputs): boolean
}
