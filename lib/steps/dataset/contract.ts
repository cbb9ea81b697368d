import { PipelineError } from '../../errors.ts'
import { type Infer, parser, Type } from '../../schema.ts'

const strict = { additionalProperties: false }
const Words = Type.Object({ 'pt-BR': Type.String({ minLength: 1 }), 'en-US': Type.String({ minLength: 1 }) }, strict)

const ColumnSchema = Type.Object(
  {
    name: Type.String({
      pattern: '^[a-z][a-z0-9_]{0,62}$',
      description: "Name in the table: snake_case of the portal's name",
    }),
    source: Type.String({ minLength: 1, description: "Name in the file's header, compared without regard to case" }),
    aliases: Type.Array(Type.String(), { default: [], description: 'Other names the portal has used for it' }),
    type: Type.Enum(['text', 'integer', 'decimal', 'date', 'month', 'timestamp', 'cnpj'], {
      description:
        'text: trimmed, blank is null. integer: int8. decimal: numeric with `scale`. date: ISO or DD/MM/YYYY, a time is dropped. ' +
        'month: MM/YYYY or a date, kept as its first day. timestamp: without time zone. cnpj: 14 digits as text, left-padded',
    }),
    scale: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 12,
        description: 'Decimals kept, rounded half away from zero; needed for decimal',
      }),
    ),
    inHeader: Type.Enum(['required', 'optional'], {
      default: 'required',
      description: 'A file without a required column is refused',
    }),
    notNull: Type.Boolean({ default: false, description: 'A blank value sends the row to quarantine' }),
    volatile: Type.Boolean({
      default: false,
      description: 'Left out of the row identity: it changes on each publication without meaning',
    }),
    personal: Type.Boolean({
      default: false,
      description: 'Personal data (LGPD): dropped while parsing unless asked for',
    }),
    mask: Type.Optional(
      Type.Enum(['owners'], { description: 'Natural persons among the owners named in the text are masked' }),
    ),
    nullBeforeYear: Type.Optional(
      Type.Integer({
        description: 'Earlier dates are the portal\'s way to say "none": they become null and are counted',
      }),
    ),
    nulls: Type.Array(Type.String(), { default: [], description: 'Texts that mean "no value" here, beside blank' }),
    range: Type.Optional(
      Type.Tuple([Type.Number(), Type.Number()], {
        description: "Inclusive, in the column's unit. Values outside are kept and counted; the gate `range` decides",
      }),
    ),
    unit: Type.Optional(Type.String({ description: 'Unit of measure, such as R$/MWh or kW' })),
    description: Type.Optional(Words),
  },
  strict,
)

const level = Type.Optional(
  Type.Enum(['error', 'warning'], {
    description: 'Whether the load stops (error, also when nothing is said) or goes on',
  }),
)
const GateSchema = Type.Union([
  Type.Object(
    {
      gate: Type.Literal('rows'),
      atLeastOfLast: Type.Number({
        exclusiveMinimum: 0,
        maximum: 1,
        description: 'Rows against the last good version',
      }),
      atLeast: Type.Optional(Type.Integer({ minimum: 0, description: 'Rows whatever the last version had' })),
    },
    { ...strict, description: 'The file must not shrink suspiciously' },
  ),
  Type.Object(
    { gate: Type.Literal('exists'), column: Type.String(), equals: Type.String() },
    { ...strict, description: 'At least one row has this value: a filter everybody uses must not come up empty' },
  ),
  Type.Object(
    { gate: Type.Literal('range'), column: Type.String(), maxShare: Type.Number({ minimum: 0, maximum: 1 }), level },
    { ...strict, description: "Share of values outside the column's range" },
  ),
  Type.Object(
    { gate: Type.Literal('magnitude'), column: Type.String(), factor: Type.Number({ exclusiveMinimum: 1 }), level },
    { ...strict, description: 'Mean of the column against the last good version: a lost decimal comma shows here' },
  ),
])

/** The part of a contract that every dataset has, wherever it comes from. */
export const contractFields = {
  $schema: Type.Optional(Type.String()),
  dataset: Type.String({
    pattern: '^[a-z][a-z0-9_]*\\.[a-z][a-z0-9_]{0,40}$',
    description: '<schema>.<view>: the name users query',
  }),
  title: Words,
  attribution: Type.String({
    default: '',
    description: 'Source and licence, said with everything that goes out',
  }),
  cadence: Type.Optional(Type.Enum(['daily', 'weekly', 'monthly', 'yearly'])),
  columns: Type.Array(ColumnSchema, { minItems: 1 }),
  key: Type.Array(Type.String(), {
    description: 'Natural key, most selective column first; [] where there is none (the whole row is its identity)',
  }),
  repeats: Type.Enum(['number', 'quarantine'], {
    description: 'What a second row of one key means: `number` keeps both, numbered; `quarantine` keeps the first',
  }),
  gates: Type.Array(GateSchema),
  maxQuarantineShare: Type.Number({
    minimum: 0,
    maximum: 1,
    default: 0.005,
    description: 'Share of rows that may break the contract before the load stops',
  }),
  maxReplacementShare: Type.Number({
    minimum: 0,
    maximum: 1,
    default: 0,
    description: 'Share of rows with U+FFFD (text already broken at the source) before the load stops',
  }),
  notes: Type.Array(Type.String(), { default: [] }),
}

/** The schema of a dataset's contract: columns, types, key, aliases, privacy rules and sanity gates. */
export const ContractSchema = Type.Object(contractFields, strict)

export type Contract = Infer<typeof ContractSchema>
export type Column = Infer<typeof ColumnSchema>
export type Gate = Infer<typeof GateSchema>

const contracts = parser(ContractSchema, 'The dataset contract', 'CONTRACT_INVALID')

/** Parses a contract and checks what a schema cannot say. Throws CONTRACT_INVALID. */
export function parseContract(value: unknown): Contract {
  return checkContract(contracts.parse(value))
}

/** Checks of a contract what a schema cannot say. Throws CONTRACT_INVALID. */
export function checkContract<C extends Contract>(contract: C): C {
  const names = new Set<string>()
  const problems: string[] = []
  for (const column of contract.columns) {
    if (names.has(column.name)) problems.push(`column ${column.name} stands twice`)
    names.add(column.name)
    if (column.type === 'decimal' && column.scale === undefined)
      problems.push(`decimal column ${column.name} has no scale`)
    if (column.type === 'integer' && column.scale !== undefined)
      problems.push(`integer column ${column.name} has a scale`)
    if (column.range !== undefined && column.type !== 'decimal' && column.type !== 'integer') {
      problems.push(`column ${column.name} has a range but is ${column.type}`)
    }
    if (column.nullBeforeYear !== undefined && !['date', 'month', 'timestamp'].includes(column.type)) {
      problems.push(`column ${column.name} has nullBeforeYear but is ${column.type}`)
    }
  }
  for (const name of contract.key) {
    const column = contract.columns.find((candidate) => candidate.name === name)
    if (column === undefined) problems.push(`key names ${name}, which is no column`)
    else if (column.personal || column.volatile) problems.push(`key column ${name} is personal or volatile`)
  }
  for (const gate of contract.gates) {
    if ('column' in gate && !names.has(gate.column))
      problems.push(`gate ${gate.gate} names ${gate.column}, which is no column`)
  }
  if (problems.length > 0) {
    throw new PipelineError('CONTRACT_INVALID', `Dataset contract ${contract.dataset}: ${problems.join('; ')}`, {
      details: { problems },
    })
  }
  return contract
}
