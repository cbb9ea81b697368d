import { type Infer, Type } from '../schema.ts'

/**
 * What engines hand from step to step, and how they ask the step runtime for work: a Lambda's event, `ysh-pipeline step`'s input. It holds
 * references, never content; large payloads are moved out of the message by the runtime, all but what `choiceProperties` name.
 */

/** An error on its way to a Catch's target, as in `msg.error`. */
export const CaughtErrorSchema = Type.Object({
  code: Type.String(),
  message: Type.String(),
  retryable: Type.Boolean(),
  source: Type.Optional(Type.Object({ id: Type.String(), type: Type.String(), name: Type.String() })),
})

/** As Step Functions' Catch writes it; `Cause` is the JSON of a {@link CaughtErrorSchema} inside Lambda's own. The runtime reads it once. */
export const RawErrorSchema = Type.Object({ Error: Type.String(), Cause: Type.Optional(Type.String()) })

/** The message between two steps. The first call of a run gets what the trigger says instead: `run` is missing, and the runtime makes it. */
export const StateSchema = Type.Object(
  {
    run: Type.Optional(
      Type.Object(
        {
          ...{ id: Type.String(), flow: Type.String(), slot: Type.String(), item: Type.String() },
          each: Type.Optional(Type.Array(Type.String(), { description: 'Paths of the maps around the item' })),
        },
        { additionalProperties: true },
      ),
    ),
    slot: Type.Optional(
      Type.String({ description: 'Of a first call: what the run is named by, where the trigger says it' }),
    ),
    trigger: Type.Optional(Type.String({ description: 'Of a first call: schedule, manual, event, alert, late' })),
    message: Type.Record(Type.String(), Type.Unknown(), { description: 'msg without run and error; payload is in it' }),
    error: Type.Optional(
      Type.Union([CaughtErrorSchema, Type.Null()], {
        description: 'msg.error; an answer always has it, null for none',
      }),
    ),
    caught: Type.Optional(RawErrorSchema),
    port: Type.Optional(Type.String({ description: 'Of the last unit: which way follows' })),
    items: Type.Optional(
      Type.Array(
        Type.Object({
          run: Type.Object({ item: Type.String(), each: Type.Array(Type.String()) }),
          message: Type.Record(Type.String(), Type.Unknown()),
        }),
        { description: 'Made by open: merged over run and message, each is the state of an item' },
      ),
    ),
    itemsAt: Type.Optional(
      Type.Object(
        { bucket: Type.String(), key: Type.String() },
        { description: 'Instead of items, in a distributed map' },
      ),
    ),
    results: Type.Optional(
      Type.Unknown({ description: 'For close: the states of the items as they ended, or where they are' }),
    ),
  },
  { additionalProperties: true },
)

/**
 * Work for the step runtime. Units are done in order, each with the state that the one before left; the first error ends the call. A unit is a
 * node's id; `ID#open` makes the items of a map, `ID#close` brings them together (for batches it throws the first error).
 */
export const CallSchema = Type.Object({
  pipeline: Type.String({ description: "The pipeline's id" }),
  units: Type.Array(Type.String(), { minItems: 1 }),
  retries: Type.Optional(
    Type.Integer({ minimum: 0, description: 'Tries of this call before, as the engine counts them' }),
  ),
  exit: Type.Optional(
    Type.Boolean({ description: 'Last of its item: only run, error and message.payload are wanted back' }),
  ),
  distributed: Type.Optional(Type.Boolean({ description: 'open writes the items to the object store' })),
  most: Type.Optional(Type.Integer({ description: 'open fails with EACH_TOO_MANY when there are more items' })),
  execution: Type.Optional(
    Type.String({ description: "The engine's name of the run; the slot, where the trigger names none" }),
  ),
  state: StateSchema,
})

/** Names by which a failed call's error is told apart. The runtime has applied the node's policy (which codes are tried again) by then. */
export const errorNames = {
  /** Worth another try. */
  retryable: 'RetryableError',
  /** A try took longer than the node admits; worth another one. */
  timeout: 'TimeoutError',
  /** Final. */
  permanent: 'PermanentError',
  /** The run has ended, and has failed; nothing is to be caught. */
  run: 'RunFailed',
} as const

export type State = Infer<typeof StateSchema>
export type Call = Infer<typeof CallSchema>
export type CaughtError = Infer<typeof CaughtErrorSchema>
