import { type Infer, Type } from '../../schema.ts'
import { ContractSchema } from '../dataset/contract.ts'
import { units } from './read/unit.ts'

const strict = { additionalProperties: false }
const Words = Type.Object({ 'pt-BR': Type.String({ minLength: 1 }), 'en-US': Type.String({ minLength: 1 }) }, strict)
const Name = Type.String({ pattern: '^[a-z][a-z0-9-]{0,60}$' })
const Column = Type.String({ pattern: '^[a-z][a-z0-9_]{0,62}$' })
const PatternText = (description: string) =>
  Type.String({
    minLength: 1,
    maxLength: 1_000,
    description: `${description} (regular expression, blind to case and accents)`,
  })
const Constants = Type.Record(Column, Type.String(), {
  default: {},
  description: 'Columns that have the same value in all rows',
})
const Count = (description: string) =>
  Type.Tuple([Type.Integer({ minimum: 0 }), Type.Integer({ minimum: 0 })], { description })
const Range = Type.Tuple([Type.Number(), Type.Number()], {
  description: 'Inclusive, in the unit of the table; a value outside stops the extraction',
})
const ValueMap = Type.Optional(
  Type.Array(Type.Object({ match: PatternText('Text of the cell'), value: Type.String() }, strict), {
    description: 'What a text becomes; one that matches none is an error',
  }),
)
const Kind = Type.Enum(['text', 'integer', 'date', 'month'], {
  default: 'text',
  description: 'integer: also ordinals (1º). date: 22/08/2024 or 22 de agosto de 2024. month: 07/2026 or julho de 2026',
})
const Unit = Type.Enum([...units])
const Decimal = Type.Enum(['comma', 'dot'], { default: 'comma', description: 'What begins the decimals' })

const FieldSchema = Type.Object(
  {
    column: Column,
    pattern: PatternText('Where it stands in the text, with a group (?<value>…)'),
    kind: Kind,
    required: Type.Boolean({ default: true, description: 'Whether the page must say it' }),
    dataset: Type.Optional(Type.String({ minLength: 1, description: 'Only for the rows of this dataset' })),
  },
  {
    ...strict,
    description: 'A value that stands once in the text and belongs to all rows, or to those of one dataset',
  },
)

const LabelSchema = Type.Object(
  {
    column: Type.Optional(
      Type.String({ ...Column, description: 'Without it the text only serves to tell rows apart, for the rules' }),
    ),
    header: Type.Optional(
      PatternText("Header of the label's column; without it the section rows of the table are the label"),
    ),
    kind: Kind,
    map: ValueMap,
    fillDown: Type.Boolean({ default: false, description: 'A blank cell means the value above' }),
    optional: Type.Boolean({ default: false, description: 'May be blank; else a blank cell is an error' }),
  },
  strict,
)

const ValueSchema = Type.Object(
  {
    header: PatternText("Header of the value's column, with or without the unit it states"),
    column: Type.String({ ...Column, default: 'valor' }),
    set: Constants,
    unit: Type.Optional(
      Type.Enum([...units], {
        description: 'What the table has; values of the page are converted. Without it: a plain number',
      }),
    ),
    stated: Type.Enum(['page', 'recipe'], {
      default: 'page',
      description: 'Who says the unit: page (cell, header, caption or heading), or this recipe where the page does not',
    }),
    pageUnit: Type.Optional(Type.Enum([...units], { description: "The page's unit, where the recipe says it" })),
    range: Range,
    absent: Type.Array(Type.String(), {
      default: ['-', '–', '—'],
      description:
        'Texts that mean "there is no such value": no row is made. A blank cell is an error unless "" is here',
    }),
  },
  strict,
)

const RowRuleSchema = Type.Object(
  {
    match: PatternText("Section and labels of the row, joined by ' | '"),
    set: Constants,
    absent: Type.Array(Type.String(), {
      default: [],
      description: 'Further texts that mean "there is no such value" in these rows; "" is a blank cell',
    }),
    skip: Type.Boolean({ default: false, description: 'Known, and not wanted' }),
    count: Count('How many rows it stands for'),
  },
  strict,
)

const TableSchema = Type.Object(
  {
    name: Name,
    dataset: Type.String({ minLength: 1 }),
    find: Type.Object(
      {
        heading: Type.Optional(
          PatternText('Caption, title row, heading, the paragraph just above the table, or its first header'),
        ),
        under: Type.Optional(PatternText('Any heading above it')),
        header: Type.Array(PatternText('A column header that it has'), { default: [] }),
      },
      { ...strict, minProperties: 1, description: 'Exactly one table of the page must fit' },
    ),
    refuse: Type.Optional(
      PatternText('What must not be said around the table, in its title, sections or notes, such as "com tributos"'),
    ),
    headerRows: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 6, description: 'Where the rows of the header cannot be told' }),
    ),
    decimal: Decimal,
    sections: Type.Optional(
      PatternText(
        'Rows whose other cells are blank and that are sections; one cell over the whole width always is one',
      ),
    ),
    labels: Type.Array(LabelSchema, { minItems: 1 }),
    values: Type.Array(ValueSchema, { minItems: 1 }),
    oneRow: Type.Boolean({
      default: false,
      description:
        'All values of a row of the page go into one row of the dataset, each in its own column; else each makes a row',
    }),
    rows: Type.Array(RowRuleSchema, { default: [], description: 'What the rows mean; without rules every row counts' }),
    otherRows: Type.Enum(['error', 'skip'], { default: 'error', description: 'What a row that fits no rule means' }),
    count: Count('Rows of the page that count'),
    set: Constants,
    fields: Type.Array(FieldSchema, { default: [], description: 'Values in the text around this table' }),
  },
  strict,
)

const ProseSchema = Type.Object(
  {
    name: Name,
    dataset: Type.String({ minLength: 1 }),
    after: PatternText('Heading of the part of the page'),
    pattern: PatternText('One statement, with named groups'),
    nothingElse: Type.Optional(
      PatternText(
        'What must not stand outside of a statement, such as "\\d ?%": a sentence in other words is an error',
      ),
    ),
    columns: Type.Array(
      Type.Object(
        {
          column: Column,
          group: Type.String({ pattern: '^[A-Za-z][A-Za-z0-9_]*$' }),
          kind: Type.Enum(['text', 'integer', 'date', 'month', 'decimal'], { default: 'text' }),
          map: ValueMap,
          unit: Type.Optional(Unit),
          range: Type.Optional(Range),
          optional: Type.Boolean({ default: false }),
        },
        strict,
      ),
      { minItems: 1 },
    ),
    decimal: Decimal,
    count: Count('How many statements'),
    set: Constants,
  },
  { ...strict, description: 'Rows out of sentences' },
)

const DocumentsSchema = Type.Object(
  {
    href: Type.String({ default: '\\.pdf(?:[?#]|$)', description: 'Pattern on the address of the link' }),
    text: Type.Optional(PatternText('Text of the link, or the heading above it')),
    count: Count('How many documents'),
  },
  { ...strict, description: 'Links to documents, which become items for the extraction of PDFs' },
)

const PageSchema = Type.Object(
  {
    page: Name,
    url: Type.String({ pattern: '^https?://\\S+$' }),
    set: Constants,
  },
  strict,
)

/** The schema of a recipe: what a page holds, and how it is told. */
export const RecipeSchema = Type.Object(
  {
    $schema: Type.Optional(Type.String()),
    recipe: Name,
    title: Words,
    attribution: Type.String({ minLength: 1, description: 'Source, said with everything that goes out' }),
    pages: Type.Array(PageSchema, {
      minItems: 1,
      description: 'Pages of one structure; each is a part of the datasets',
    }),
    hosts: Type.Array(Type.String({ pattern: '^[a-z0-9.-]+(:\\d+)?$' }), {
      default: [],
      description: "Exact host names that the pages' own hosts may redirect to",
    }),
    charset: Type.Optional(
      Type.Enum(['utf-8', 'windows-1252'], { description: 'Where the page declares a wrong one' }),
    ),
    within: Type.Optional(
      Type.String({ minLength: 1, description: 'CSS selector of the part of the page that is read' }),
    ),
    fields: Type.Array(FieldSchema, { default: [] }),
    tables: Type.Array(TableSchema, { default: [] }),
    prose: Type.Array(ProseSchema, { default: [] }),
    documents: Type.Optional(DocumentsSchema),
    contracts: Type.Array(ContractSchema, {
      default: [],
      description: 'Contracts of datasets that the package does not know',
    }),
    notes: Type.Array(Type.String(), { default: [] }),
  },
  strict,
)

export type Recipe = Infer<typeof RecipeSchema>
export type RecipePage = Infer<typeof PageSchema>
export type RecipeTable = Infer<typeof TableSchema>
export type RecipeProse = Infer<typeof ProseSchema>
export type RecipeField = Infer<typeof FieldSchema>
export type RecipeLabel = Infer<typeof LabelSchema>
export type RecipeValue = Infer<typeof ValueSchema>
export type ValueMapEntry = NonNullable<RecipeLabel['map']>[number]
