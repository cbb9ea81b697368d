import type { ObjectSchema } from '../../coerce.ts'
import { executeStep } from '../../runs/execute.ts'
import type { FlightHost } from '../../runs/flight.ts'
import type { RunRef } from '../../runs/run.ts'
import { type Infer, parser, type Schema } from '../../schema.ts'
import type { Step } from '../../steps/step.ts'
import type { StepNode } from '../plan/schema.ts'
import type { PlanSettings } from './settings.ts'

/** `msg` without run; `error` is that of a Catch. */
export type PortableMessage = Record<string, unknown>

/** A step for one message. */
export interface EntryWork {
  host: FlightHost
  settings: PlanSettings
  node: StepNode
  message: PortableMessage
  run: RunRef
  signal: AbortSignal
}

/** The message that follows, and which way. */
export interface EntryResult {
  message: PortableMessage
  port: string
}

/** A node type as the runtime does it: what the node in Node-RED does for one message. */
export type StepEntry = (work: EntryWork) => Promise<EntryResult>

/** What differs between node types. */
export interface EntryOptions<Output, Config> {
  /** Where it is not the step's own: the node's settings, and what the step gets of them. */
  check?(config: Config): void
  /** Where the result goes; `payload` when left out. With another property the payload passes through. */
  resultIn?: string
  inputOf?(
    message: PortableMessage,
    known: Record<string, unknown>,
    config: Config,
    run: RunRef,
  ): Record<string, unknown>
  /** Of a manifest. */
  portOf(output: Output): string
}

/** A node type whose settings are its step's. */
export function stepEntry<C extends ObjectSchema, I extends ObjectSchema, O extends Schema>(
  step: Step<C, I, O>,
  options: EntryOptions<Infer<O>, Infer<C>>,
): StepEntry {
  const { resultIn = 'payload', inputOf = (_, known) => known, portOf, check } = options
  const configs = parser<C>(step.config, `The configuration of ${step.name}`, 'CONFIG')
  return async ({ host, settings, node, message, run, signal }) => {
    const config = configs.parse(settings.given(node, step.config))
    check?.(config)
    const input = inputOf(message, knownInput(message, step.input), config, run)
    const { output } = await executeStep<C, I, O>(host, { step, config, node: node.path, input, run, signal })
    const { error: _, ...rest } = message
    return { message: { ...rest, [resultIn]: output }, port: portOf(output) }
  }
}

/** The settings of a node that is more than its step. Throws CONFIG. */
export function nodeConfig<C extends ObjectSchema>(schema: C, { settings, node }: EntryWork): Infer<C> {
  return parser<C>(schema, `The configuration of ${node.type}`, 'CONFIG').parse(settings.given(node, schema))
}

/** The known properties of an object; nothing else may get into the step's identity. */
function knownInput({ payload }: PortableMessage, schema: ObjectSchema): Record<string, unknown> {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return {}
  return Object.fromEntries(Object.entries(payload).filter(([name]) => name in schema.properties))
}
