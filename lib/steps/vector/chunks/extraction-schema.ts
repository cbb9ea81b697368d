import { type Infer, parser, Type } from '../../../schema.ts'

/** What is read of the JSON lines of `pdf-extract` (docs/pdf.md): only what chunks are made of. */
const BoxSchema = Type.Object({
  left: Type.Number(),
  top: Type.Number(),
  right: Type.Number(),
  bottom: Type.Number(),
})
const CellSchema = Type.Object({
  text: Type.String(),
  box: BoxSchema,
  column: Type.Number(),
  header: Type.Boolean(),
  page: Type.Optional(Type.Integer()),
})
const TableSchema = Type.Object({
  page: Type.Integer(),
  box: BoxSchema,
  title: Type.Optional(Type.String()),
  rows: Type.Array(Type.Object({ cells: Type.Array(CellSchema) })),
})
const JoinedSchema = Type.Object({
  rows: Type.Array(Type.Object({ cells: Type.Array(CellSchema), page: Type.Integer() })),
})
const FormulaSchema = Type.Object({
  page: Type.Integer(),
  box: BoxSchema,
  latex: Type.String(),
  number: Type.Optional(Type.String()),
  where: Type.Optional(Type.String()),
})
const PageSchema = Type.Object({
  type: Type.Literal('page'),
  text: Type.Object({
    number: Type.Integer(),
    paragraphs: Type.Array(
      Type.Object({ text: Type.String(), role: Type.String(), box: BoxSchema, size: Type.Number() }),
    ),
  }),
  tables: Type.Array(TableSchema),
  formulas: Type.Object({ formulas: Type.Array(FormulaSchema) }),
})
const EndSchema = Type.Object({
  type: Type.Literal('end'),
  repeats: Type.Array(Type.Object({ page: Type.Integer(), paragraph: Type.Integer() })),
  tables: Type.Array(JoinedSchema),
  vision: Type.Optional(Type.Array(FormulaSchema)),
})

export type ExtractedPage = Infer<typeof PageSchema>
export type ExtractedEnd = Infer<typeof EndSchema>
export type ExtractedFormula = Infer<typeof FormulaSchema>
export type ExtractedTable = Infer<typeof TableSchema>
export type ExtractedRow = Infer<typeof JoinedSchema>['rows'][number]

const pages = parser(PageSchema, 'A page of the extraction', 'INDEX_CONTENT')
const ends = parser(EndSchema, 'The end of the extraction', 'INDEX_CONTENT')
const kinds = parser(Type.Object({ type: Type.String() }), 'A line of the extraction', 'INDEX_CONTENT')

/** One line of an extraction, checked; undefined for lines of no interest here. Throws INDEX_CONTENT. */
export function readLine(value: unknown): ExtractedPage | ExtractedEnd | undefined {
  const { type } = kinds.parse(value)
  if (type === 'page') return pages.parse(value)
  if (type === 'end') return ends.parse(value)
  return undefined
}
