import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { PipelineError } from '../../../errors.ts'
import { parser, Type } from '../../../schema.ts'
import type { Piece } from './piece.ts'

const BoxSchema = Type.Object({
  left: Type.Number(),
  top: Type.Number(),
  right: Type.Number(),
  bottom: Type.Number(),
})
const Cell = Type.Object({ text: Type.String() })
const Table = Type.Object({
  box: BoxSchema,
  title: Type.Optional(Type.String()),
  rows: Type.Array(Type.Object({ cells: Type.Array(Cell) })),
})
const FormulaSchema = Type.Object({
  page: Type.Integer(),
  box: BoxSchema,
  latex: Type.String(),
  number: Type.Optional(Type.String()),
  where: Type.Optional(Type.String()),
})
const Page = Type.Object({
  text: Type.Object({
    number: Type.Integer(),
    paragraphs: Type.Array(Type.Object({ text: Type.String(), role: Type.String(), box: BoxSchema })),
  }),
  tables: Type.Array(Table),
  formulas: Type.Object({ formulas: Type.Array(FormulaSchema) }),
})
const End = Type.Object({
  repeats: Type.Array(Type.Object({ page: Type.Integer(), paragraph: Type.Integer() })),
  vision: Type.Array(FormulaSchema),
})
const Line = Type.Object({ type: Type.String() })

const lines = parser(Line, 'A line of the extraction', 'ENRICH_CONTENT')
const pages = parser(Page, 'A page of the extraction', 'ENRICH_CONTENT')
const ends = parser(End, 'The end of the extraction', 'ENRICH_CONTENT')

type PageOf = ReturnType<typeof pages.parse>
type Box = PageOf['tables'][number]['box']

/**
 * The pieces of what `pdf-extract` stored, in reading order: paragraphs, tables as lines with bars, formulas as LaTeX. Headers, footers and
 * what signing systems print are left out, and so are paragraphs that a table repeats. Throws ENRICH_CONTENT.
 */
export async function extractionPieces(file: string, maxCharacters: number): Promise<Piece[]> {
  const found: { page: number; paragraph?: number; piece: Piece }[] = []
  let repeats = new Set<string>()
  let characters = 0
  const add = (page: number, piece: Piece, paragraph?: number) => {
    characters += piece.text.length
    if (characters > maxCharacters) throw tooLong(maxCharacters)
    found.push({ page, piece, ...(paragraph === undefined ? {} : { paragraph }) })
  }
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    const value = parsed(line)
    const { type } = lines.parse(value)
    if (type === 'page') addPage(pages.parse(value), add)
    if (type === 'end') {
      const { repeats: known, vision } = ends.parse(value)
      repeats = new Set(known.map(({ page, paragraph }) => `${page} ${paragraph}`))
      for (const formula of vision) add(formula.page, formulaPiece(formula))
    }
  }
  // pages that were read by OCR come after the others, and formulas that a model read after all pages
  return found
    .filter(({ page, paragraph }) => paragraph === undefined || !repeats.has(`${page} ${paragraph}`))
    .toSorted((a, b) => a.page - b.page)
    .map(({ piece }) => piece)
}

function addPage(page: PageOf, add: (page: number, piece: Piece, paragraph?: number) => void): void {
  const { number, paragraphs } = page.text
  const tables = page.tables.map((table) => ({ box: table.box, piece: tablePiece(table, number) }))
  const formulas = page.formulas.formulas.map((formula) => ({ box: formula.box, piece: formulaPiece(formula) }))
  const rest = [...tables, ...formulas].toSorted((a, b) => a.box.top - b.box.top)
  for (const [at, { text, role, box }] of paragraphs.entries()) {
    if (role === 'header' || role === 'footer' || role === 'furniture') continue
    const around = tables.find((table) => inside(box, table.box))
    // a table stands where its first paragraph would
    while (rest[0] !== undefined && (rest[0].piece === around?.piece || rest[0].box.bottom <= box.top)) {
      add(number, rest[0].piece)
      rest.shift()
    }
    if (around === undefined) add(number, { text, heading: role === 'heading', page: number, box }, at)
  }
  for (const { piece } of rest) add(number, piece)
}

function inside(inner: Box, outer: Box): boolean {
  const slack = 2
  return (
    inner.left >= outer.left - slack &&
    inner.right <= outer.right + slack &&
    inner.top >= outer.top - slack &&
    inner.bottom <= outer.bottom + slack
  )
}

function tablePiece({ box, title, rows }: PageOf['tables'][number], page: number): Piece {
  const text = rows.map(({ cells }) => cells.map((cell) => cell.text.replaceAll(/\s+/g, ' ')).join(' | '))
  return { text: [...(title === undefined ? [] : [title]), ...text].join('\n'), heading: false, page, box }
}

function formulaPiece(formula: ReturnType<typeof ends.parse>['vision'][number]): Piece {
  const { page, box, latex, number, where } = formula
  const label = number === undefined ? '' : ` (${number})`
  return { text: `$$${latex}$$${label}${where === undefined ? '' : `\n${where}`}`, heading: false, page, box }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch (cause) {
    throw new PipelineError('ENRICH_CONTENT', 'The extraction is damaged: a line of it is no JSON', { cause })
  }
}

/** The error of a document with more text than is read. */
export function tooLong(maxCharacters: number): PipelineError {
  return new PipelineError('ENRICH_TOO_LONG', `The document has more than ${maxCharacters} characters of text`)
}
