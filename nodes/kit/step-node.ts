import type { RunEngine } from '../../lib/runs/engine.ts'
import type { Infer, Schema } from '../../lib/schema.ts'
import type { Step } from '../../lib/steps/step.ts'
import type { NodeHandle } from './behaviour.ts'
import type { NodeDeclaration, ObjectSchema } from './declaration.ts'
import { registerNode } from './node.ts'
import type { Message, Red } from './red.ts'
import { runOf } from './run-ref.ts'
import type { StatusLine } from './status.ts'
import { StoresService } from './stores-service.ts'

/** A declaration whose config is a step's, and which points at the stores. */
export type StepDeclaration<C extends ObjectSchema> = NodeDeclaration & {
  config: C
  references: { stores: { type: 'ysh-stores' } }
}

/** What the stores do for a node beside its step. */
export interface Surroundings {
  engine: RunEngine
  signal: AbortSignal
}

/** A node with what it executes its step by. */
export interface StepNode<Config> {
  handle: NodeHandle<Config>
  /** As the step gets it. */
  config: Config
  stores: StoresService
}

/** How a step's result becomes messages. */
export interface StepNodeOptions<Output, Config = unknown> {
  /** Checks of the config what its schema cannot say, when the node is deployed. Throws what is wrong with it. */
  check?(config: Config): void
  /** The message's property that the result goes to; `payload` when left out. With another one the payload passes through. */
  resultIn?: string
  /** Completes the config by what only Node-RED knows, such as its user folder. */
  configOf?(config: Config): Config
  /** Completes the step's input by what else the message says; the result is still checked by the step's schema. */
  inputOf?(
    message: Message,
    input: Record<string, unknown>,
    config: Config,
    surroundings: Surroundings,
  ): Record<string, unknown> | Promise<Record<string, unknown>>
  /** Messages that go out besides the manifest, each with its output's index; they are sent before it. */
  besides?(
    manifest: Output,
    config: Config,
    surroundings: Surroundings,
  ): AsyncIterable<{ output: number; payload: unknown }>
  /** Index of the output that a manifest goes to; 0 when left out. */
  outputOf?(manifest: Output, config: Config): number
  /** What the node does besides its messages, from its making on. Returns what ends it. */
  alongside?(node: StepNode<Config>): (removed: boolean) => Promise<void> | void
  /** What the status says of it. */
  statusOf?(manifest: Output, language: string): StatusLine
}

/**
 * Registers a node that executes a step: `msg.payload` is its input (an object's known properties; anything else, such as Inject's
 * timestamp, counts as none) and then its manifest, `msg.run` says for which run. Other properties of the message are kept.
 */
export function registerStepNode<const C extends ObjectSchema, const I extends ObjectSchema, const O extends Schema>(
  red: Red,
  declaration: StepDeclaration<C>,
  step: Step<C, I, O>,
  options: StepNodeOptions<Infer<O>, Infer<C>> = {},
): void {
  const {
    check,
    inputOf = (_, input) => input,
    besides,
    outputOf = () => 0,
    statusOf = (): StatusLine => ({ mood: 'done', key: 'status.done' }),
    resultIn = 'payload',
  } = options
  const outputs = declaration.outputs?.length ?? 1
  registerNode<StepDeclaration<C>>(red, declaration, (handle) => {
    const config: Infer<C> = options.configOf?.(handle.config) ?? handle.config
    check?.(config)
    const stores = handle.use('stores', StoresService)
    const end = options.alongside?.({ handle, config, stores })
    return {
      close: (removed) => end?.(removed),
      async input(message, { signal, progress, send }) {
        handle.status({ mood: 'working', key: 'status.working' })
        const engine = await stores.engine(signal)
        const { output, run } = await engine.execute<C, I, O>({
          step,
          config,
          node: handle.path,
          input: await inputOf(message, knownInput(message, step.input), config, { engine, signal }),
          run: runOf(message),
          signal,
          progress,
          log: handle.log,
        })
        message[resultIn] = output
        message.run = run
        // A message that a Catch sent here is a failure no more: a join would record it as one, and Node-RED stops a Catch loop
        // after ten rounds by it.
        delete message.error
        const chosen = outputOf(output, config)
        for await (const { output: index, payload } of besides?.(output, config, { engine, signal }) ?? []) {
          send(Array.from({ length: outputs }, (_, at) => (at === index ? { ...message, payload } : null)))
        }
        return {
          outputs: Array.from({ length: outputs }, (_, index) => (index === chosen ? message : null)),
          status: statusOf(output, handle.language),
        }
      },
    }
  })
}

/** The known properties of an object; nothing else may get into the step's identity. */
function knownInput(message: Message, schema: ObjectSchema): Record<string, unknown> {
  const { payload } = message
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload) || Buffer.isBuffer(payload)) return {}
  return Object.fromEntries(Object.entries(payload).filter(([name]) => name in schema.properties))
}
