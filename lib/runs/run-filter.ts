import { parser, Type } from '../schema.ts'
import type { RunState } from './run.ts'

/** Which runs a person wants to see. */
export const RunFilterSchema = Type.Object(
  {
    id: Type.Optional(Type.String({ pattern: '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' })),
    flow: Type.Optional(Type.String({ maxLength: 300 })),
    state: Type.Optional(Type.Enum(['queued', 'running', 'waiting', 'done', 'failed', 'skipped', 'cancelled'])),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
  },
  { additionalProperties: false },
)

/** A checked filter, as `listRuns` takes it. */
export interface RunFilter {
  id?: string
  flow?: string
  states?: RunState[]
  limit?: number
}

const filters = parser(RunFilterSchema, 'The filter of runs', 'FILTER_INVALID')

/** Checks a filter from outside, as `listRuns` takes it. Throws FILTER_INVALID. */
export const runFilters = {
  parse(value: unknown): RunFilter {
    const { state, ...filter } = filters.parse(value)
    return { ...filter, ...(state === undefined ? {} : { states: [state] }) }
  },
}
