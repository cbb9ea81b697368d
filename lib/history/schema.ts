import { type Infer, parser, Type } from '../schema.ts'

const uuid = '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$'

/** Most runs and most steps of one page. */
export const pageSize = { runs: 50, steps: 200 } as const

/** Which runs are wanted. */
export const RunsQuerySchema = Type.Object(
  {
    flow: Type.Optional(Type.String({ maxLength: 300 })),
    state: Type.Optional(Type.Enum(['queued', 'running', 'waiting', 'done', 'failed', 'skipped', 'cancelled'])),
    /** `next` of the page before. */
    before: Type.Optional(
      Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT[0-9:.]{8,15}Z_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' }),
    ),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
  },
  { additionalProperties: false },
)
/** {@link RunsQuerySchema} as a type. */
export type RunsQuery = Infer<typeof RunsQuerySchema>
/** Checks what a page asks for. Throws FILTER_INVALID. */
export const runsQuery = parser(RunsQuerySchema, 'The filter of runs', 'FILTER_INVALID')

/** Which steps of a run are wanted. */
export const StepsQuerySchema = Type.Object(
  {
    run: Type.String({ pattern: uuid }),
    /** Only those that failed or wait. */
    failed: Type.Optional(Type.Boolean()),
    /** `next` of the page before. */
    after: Type.Optional(Type.String({ maxLength: 4_000 })),
  },
  { additionalProperties: false },
)
/** {@link StepsQuerySchema} as a type. */
export type StepsQuery = Infer<typeof StepsQuerySchema>
/** Checks what a page asks for. Throws FILTER_INVALID. */
export const stepsQuery = parser(StepsQuerySchema, 'The steps', 'FILTER_INVALID')

const idParser = parser(Type.Object({ run: Type.String({ pattern: uuid }) }), 'The run', 'FILTER_INVALID')
/** Checks the id of a run. Throws FILTER_INVALID. */
export const runIdOf = (run: unknown): string => idParser.parse({ run }).run.toLowerCase()
