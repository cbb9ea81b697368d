import { type ExtractedEnd, type ExtractedFormula, type ExtractedPage, readLine } from './extraction-schema.ts'
import { areaOf, insideOf } from './geometry.ts'
import type { Block, Box, Place } from './model.ts'
import { namedRank, Outline } from './outline.ts'
import { type PlacedTable, tablesOf } from './tables.ts'

/** Roles of paragraphs that belong to the page and not to the document. */
const left = new Set(['header', 'footer', 'furniture'])
/** A paragraph before a formula that is longer than this stays a chunk of its own; its last part goes along. */
const mostBefore = 800

/** Blocks of an extraction of `pdf-extract`, in the order of its pages. Throws INDEX_CONTENT for lines that are none. */
export async function extractionBlocks(lines: AsyncIterable<unknown>): Promise<Block[]> {
  const pages: ExtractedPage[] = []
  let end: ExtractedEnd | undefined
  for await (const line of lines) {
    const known = readLine(line)
    if (known?.type === 'page') pages.push(known)
    else if (known?.type === 'end') end = known
  }
  // pages that OCR read come after the others
  pages.sort((one, other) => one.text.number - other.text.number)
  const repeated = new Set(end?.repeats.map(({ page, paragraph }) => `${page} ${paragraph}`))
  const tables = tablesOf(pages, end)
  const outline = new Outline()
  const blocks: Block[] = []
  for (const page of pages) {
    const { number } = page.text
    const formulas = [...page.formulas.formulas, ...(end?.vision ?? []).filter((formula) => formula.page === number)]
    readPage(page, { repeated, tables, formulas, outline, blocks })
  }
  return blocks
}

interface Reading {
  repeated: ReadonlySet<string>
  tables: readonly PlacedTable[]
  formulas: readonly ExtractedFormula[]
  outline: Outline
  blocks: Block[]
}

/** What stands on a page beside its paragraphs. */
interface Item {
  box: Box
  block(): void
  done: boolean
}

function readPage({ text: { number, paragraphs } }: ExtractedPage, reading: Reading): void {
  const { repeated, tables, formulas, outline, blocks } = reading
  const items: Item[] = [
    ...tables
      .filter(({ places }) => places[0]?.page === number)
      .map((table) => ({
        box: table.places[0]?.box ?? nowhere,
        block: () => void blocks.push({ ...table.block, headings: outline.headings, article: outline.inArticle }),
        done: false,
      })),
    ...formulas.map((formula) => ({
      box: formula.box,
      block: () => addFormula(formula, outline, blocks),
      done: false,
    })),
  ].sort((one, other) => one.box.top - other.box.top)
  const covered = tables.flatMap(({ places }) => places.filter(({ page }) => page === number).map(({ box }) => box))
  const put = (item: Item) => {
    if (item.done) return
    item.done = true
    item.block()
  }
  for (const [at, { text, role, box, size }] of paragraphs.entries()) {
    if (left.has(role) || repeated.has(`${number} ${at}`) || text.trim() === '') continue
    // text in columns goes up again: only what stands above in the same column comes before
    for (const item of items) if (item.box.bottom <= box.top && overlaps(item.box, box)) put(item)
    const within = items.find((item) => insideOf(box, item.box))
    if (within !== undefined) put(within)
    if (within !== undefined || covered.some((table) => insideOf(box, table))) continue
    if (role === 'heading') {
      if (!outline.title(text)) outline.heading(text, namedRank(text) ?? 50 - Math.min(size, 40))
      continue
    }
    outline.paragraph(text)
    blocks.push({
      kind: 'text',
      headings: outline.headings,
      parts: [{ text: text.replaceAll('\t', ' | '), place: { page: number, box } }],
      article: outline.inArticle,
    })
  }
  for (const item of items) put(item)
}

const nowhere: Box = { left: 0, top: 0, right: 0, bottom: 0 }

function overlaps(one: Box, other: Box): boolean {
  return areaOf(one) > 0 && one.left < other.right && other.left < one.right
}

/** A formula with the paragraph that leads to it, which is then no block of its own, and the list of its variables. */
function addFormula({ page, box, latex, number, where }: ExtractedFormula, outline: Outline, blocks: Block[]): void {
  const place: Place = { page, box }
  const before = blocks.at(-1)
  const text = [
    `$$${latex}$$${number === undefined ? '' : ` (${number})`}`,
    ...(where === undefined || where === '' ? [] : [where]),
  ].join('\n')
  const own: Block = {
    kind: 'formula',
    headings: outline.headings,
    parts: [{ text, place }],
    article: outline.inArticle,
  }
  const lead = before?.kind === 'text' ? before.parts[0] : undefined
  if (before === undefined || lead === undefined || before.headings.join('\n') !== own.headings.join('\n')) {
    blocks.push(own)
    return
  }
  const long = lead.text.length > mostBefore
  if (!long) blocks.pop()
  const said = long ? { ...lead, text: `… ${lead.text.slice(-mostBefore / 2).replace(/^\S*\s/, '')}` } : lead
  blocks.push({ ...own, parts: [said, ...own.parts] })
}
