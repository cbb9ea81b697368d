import { PipelineError } from '../../errors.ts'
import { listRuns, listSteps } from '../../runs/display.ts'
import { JournalErrorSchema, type RunRow } from '../../runs/run.ts'
import { Type } from '../../schema.ts'
import type { Json } from '../../stores/cache/port.ts'
import { defineRoute, None } from '../route.ts'

const Time = Type.Union([Type.String(), Type.Null()])
const Fault = Type.Union([JournalErrorSchema, Type.Null()])
const Anything = Type.Unsafe<Json>(Type.Unknown())
const State = Type.Enum(['queued', 'running', 'waiting', 'done', 'failed', 'skipped', 'cancelled'])
const RunSchema = Type.Object(
  {
    id: Type.String(),
    flow: Type.String({ description: 'Id of the trigger node' }),
    slot: Type.String({ description: 'The instant that was due, or the key of the event' }),
    trigger: Type.Enum(['schedule', 'manual', 'event', 'message']),
    state: State,
    error: Fault,
    summary: Anything,
    createdAt: Type.String(),
    finishedAt: Time,
  },
  { title: 'Run' },
)

const list = defineRoute({
  method: 'GET',
  path: '/runs',
  id: 'listRuns',
  scope: 'runs',
  summary: 'Runs, the newest first',
  params: None,
  query: Type.Object(
    {
      flow: Type.Optional(Type.String({ maxLength: 200 })),
      state: Type.Optional(Type.Array(State, { maxItems: 7, uniqueItems: true })),
      limit: Type.Integer({ default: 50, minimum: 1, maximum: 500 }),
    },
    { additionalProperties: false },
  ),
  answer: Type.Object({ runs: Type.Array(RunSchema) }),
  async handle({ query }, { stores }) {
    const { flow, state, limit } = query
    const runs = await listRuns(stores.postgres, {
      ...(flow === undefined ? {} : { flow }),
      ...(state === undefined ? {} : { states: state }),
      limit,
    })
    return { json: { runs: runs.map(shown) } }
  },
})

const one = defineRoute({
  method: 'GET',
  path: '/runs/{id}',
  id: 'getRun',
  scope: 'runs',
  summary: 'A run with its steps',
  params: Type.Object({ id: Type.String({ format: 'uuid' }) }),
  query: None,
  answer: Type.Object({
    ...RunSchema.properties,
    steps: Type.Array(
      Type.Object({
        node: Type.String(),
        item: Type.String(),
        step: Type.String(),
        state: Type.String(),
        attempts: Type.Integer(),
        nextAt: Time,
        error: Fault,
        startedAt: Type.String(),
        finishedAt: Time,
      }),
      { description: 'At most 1,000, in the order in which they began' },
    ),
  }),
  async handle({ params }, { stores }) {
    const [run] = await listRuns(stores.postgres, { id: params.id })
    if (run === undefined) throw new PipelineError('RUN_UNKNOWN', `There is no run ${params.id}`)
    const steps = await listSteps(stores.postgres, run.id)
    // what went in and came out of a step is the flow's business: it may hold anything
    return { json: { ...shown(run), steps: steps.map(({ output: _, ...step }) => step) } }
  },
})

/** Runs of flows. */
export const runRoutes = [list, one]

function shown({ id, flow, slot, trigger, state, error, summary, createdAt, finishedAt }: RunRow) {
  return { id, flow, slot, trigger, state, error, summary, createdAt, finishedAt }
}
