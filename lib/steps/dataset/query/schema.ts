import { TierSchema } from '../../../runs/fallback.ts'
import { type Infer, Type } from '../../../schema.ts'

const column = '[a-z_][a-z0-9_]{0,62}'
const day = '\\d{4}-\\d{2}-\\d{2}'
const Dataset = '^(|[a-z][a-z0-9_]*\\.[a-z][a-z0-9_]{0,40})$'

/** What a condition compares by. */
export const operators = [
  ...(['=', '<>', '<', '<=', '>', '>='] as const),
  ...(['in', 'not in', 'between', 'contains', 'begins', 'is null', 'is not null'] as const),
] as const
/** One of {@link operators}. */
export type Operator = (typeof operators)[number]

const Scalar = Type.Union([Type.String({ maxLength: 1_000 }), Type.Number()])

/** A condition. */
export const ConditionSchema = Type.Object(
  {
    column: Type.String({ pattern: `^${column}$` }),
    op: Type.Enum([...operators]),
    /** A list for `in`, `not in` and `between`; left out for `is null` and `is not null`. */
    value: Type.Optional(Type.Union([Scalar, Type.Array(Scalar, { minItems: 1, maxItems: 1_000 })])),
  },
  { additionalProperties: false },
)
/** {@link ConditionSchema} as a type. */
export type Condition = Infer<typeof ConditionSchema>

const Columns = Type.Array(Type.String({ pattern: `^${column}$` }), { maxItems: 200 })
const Order = Type.Array(Type.String({ pattern: `^-?${column}$` }), { maxItems: 10 })

/** Config of the step `dataset-query`. */
export const QueryConfigSchema = Type.Object(
  {
    dataset: Type.String({
      default: '',
      pattern: Dataset,
      description: 'Such as aneel.tarifas; blank takes `payload.dataset`',
    }),
    columns: Type.Array(Type.String({ pattern: `^${column}$` }), {
      default: [],
      maxItems: 200,
      description: 'Columns, in this order; none takes all',
    }),
    where: Type.Array(
      Type.String({
        maxLength: 1_200,
        pattern: `^${column} (=|<>|<=?|>=?|in|not in|between|contains|begins|is null|is not null)( .+)?$`,
      }),
      {
        default: [],
        maxItems: 30,
        description:
          'Conditions that all hold: column, operator, value; lists with |, such as sig_agente in CEMIG-D | COPEL-DIS',
      },
    ),
    order: Type.Array(Type.String({ pattern: `^-?${column}$` }), {
      default: [],
      maxItems: 10,
      description: 'Columns to sort by; - in front sorts downwards',
    }),
    asOf: Type.String({
      default: '',
      pattern: `^(|${day}|${day}T.{1,40})$`,
      description:
        'A past day such as 2026-07-01, or an instant: the rows as they were published here then; blank takes them as they are now',
    }),
    limit: Type.Integer({ default: 100_000, minimum: 1, maximum: 100_000_000, description: 'Most rows' }),
    batch: Type.Integer({ default: 1_000, minimum: 1, maximum: 20_000, description: 'Rows in a message' }),
    numbers: Type.Enum(['number', 'text'], {
      default: 'number',
      description: 'number: for charts and functions; text: every decimal as it is stored',
    }),
    patienceSeconds: Type.Integer({
      default: 300,
      minimum: 1,
      maximum: 86_400,
      description: 'A batch that is not let through within this time fails the query',
    }),
  },
  { additionalProperties: false },
)
/** {@link QueryConfigSchema} as a type. */
export type QueryConfig = Infer<typeof QueryConfigSchema>

/** Input of the step: each takes the place of the setting; conditions are added to it. */
export const QueryInputSchema = Type.Object({
  dataset: Type.Optional(Type.String({ pattern: Dataset })),
  columns: Type.Optional(Columns),
  where: Type.Optional(Type.Array(ConditionSchema, { maxItems: 30 })),
  order: Type.Optional(Order),
  asOf: Type.Optional(Type.String({ maxLength: 50 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000_000 })),
})
/** {@link QueryInputSchema} as a type. */
export type QueryInput = Infer<typeof QueryInputSchema>

/** How a query ended. */
export const QueryOutputSchema = Type.Object({
  dataset: Type.String(),
  /** Rows that were sent. */
  rows: Type.Integer(),
  batches: Type.Integer(),
  /** Whether the limit cut rows off. */
  cut: Type.Boolean(),
  /** Published version; of several parts the newest. */
  version: Type.Integer(),
  /** ISO; of several parts the oldest. */
  publishedAt: Type.String(),
  /** Of what was read, from its publication here. */
  ageSeconds: Type.Number(),
  /** Where its file came from; of several parts the lower one. */
  tier: TierSchema,
  attribution: Type.String(),
  /** ISO; the past instant that was asked for, if any. */
  asOf: Type.Union([Type.String(), Type.Null()]),
  seconds: Type.Number(),
})
/** {@link QueryOutputSchema} as a type. */
export type QueryOutput = Infer<typeof QueryOutputSchema>
