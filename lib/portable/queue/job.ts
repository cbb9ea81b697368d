import { hashOf, uuid5 } from '../../runs/identity.ts'
import { type Infer, parser, Type } from '../../schema.ts'
import { StateSchema } from '../call.ts'
import type { Plan } from '../plan/schema.ts'

/** An item of a list: which list, and its number there. */
const ItemSchema = Type.Object({ map: Type.String({ format: 'uuid' }), place: Type.Integer({ minimum: 0 }) })

/** Where in a run a job stands. */
export const PlaceSchema = Type.Object({
  pipeline: Type.String(),
  slot: Type.String({ description: 'Names the run' }),
  node: Type.String({ description: 'What is to be done. A wait node: its time is over' }),
  part: Type.Optional(Type.Literal('close', { description: 'Of a map: its items have their results' })),
  map: Type.Optional(Type.String({ description: 'Of close: the list' })),
  item: Type.Optional(ItemSchema),
})

/** A job that begins a run. */
const StartSchema = Type.Object({
  do: Type.Literal('start'),
  ...{ pipeline: Type.String(), slot: Type.String(), trigger: Type.String() },
  payload: Type.Optional(Type.Unknown({ description: 'Else what the plan says' })),
  looks: Type.Optional(Type.Integer({ description: 'How often it was not yet its turn' })),
})

/** A job that does one node: one call of the step runtime. */
const NodeSchema = Type.Object({
  do: Type.Literal('node'),
  ...PlaceSchema.properties,
  state: StateSchema,
  retries: Type.Integer({ minimum: 0, description: 'Tries before' }),
  since: Type.Optional(Type.Number({ description: 'When the first try began, epoch milliseconds' })),
  waited: Type.Number({ description: 'All waits between tries, in milliseconds' }),
})

export const JobSchema = Type.Union([StartSchema, NodeSchema])
export type Job = Infer<typeof JobSchema>
export type StartJob = Infer<typeof StartSchema>
export type NodeJob = Infer<typeof NodeSchema>
export type Place = Infer<typeof PlaceSchema>
export type Item = Infer<typeof ItemSchema>

export const jobs = parser(JobSchema, 'A job of the queue', 'QUEUE_JOB')
export const places = parser(PlaceSchema, 'A place in a run', 'QUEUE_JOB')

/** The queue of a plan: a worker takes no job that another version of the flow has made. */
export function queueOf(plan: Plan): string {
  return `ysh/${hashOf(plan).slice(0, 32)}`
}

/** Where jobs go that took several workers down with them. */
export const deadOf = (queue: string): string => `${queue}/dead`

/** The namespace of the ids of jobs that begin runs (a random UUID, fixed for ever). */
const starts = '1c2f6c1e-93a7-4a51-8e0c-7a6f3f0b5d92'

/** The id of the job that begins a run: the same for the same run, and another once it has failed and is begun again. */
export function startId(pipeline: string, slot: string, epoch = 0): string {
  return uuid5(starts, JSON.stringify([pipeline, slot, epoch]))
}
