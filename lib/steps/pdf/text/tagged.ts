import { around, median } from '../read/boxes.ts'
import type { Glyph, PdfPage, StructureNode } from '../read/model.ts'
import type { Paragraph } from './model.ts'
import { joinLines } from './paragraphs.ts'
import { segmentsOf } from './segments.ts'

/** Below this share of glyphs with a place in the structure, or with more of its paragraphs out of place, it is not trusted. */
const leastCovered = 0.8
const mostJumps = 0.15
/** A structure that calls every word a paragraph is none. */
const leastLength = 14

/**
 * The paragraphs of a page in the order of its structure, or undefined when it has none that can be trusted. What the structure leaves
 * out is laid out by `rest` and put where it stands: above the first paragraph, or at the end.
 */
export function inStructure(page: PdfPage, rest: (glyphs: Glyph[]) => Paragraph[]): Paragraph[] | undefined {
  const { structure } = page
  if (structure === undefined) return undefined
  const byMark = Map.groupBy(page.glyphs, (glyph) => glyph.mark ?? '')
  const paragraphs: Paragraph[] = []
  const used = new Set<string>()
  visit(structure, (node, role) => {
    const paragraph = role === 'row' ? rowOf(node, byMark, used) : paragraphOf(node, byMark, used)
    if (paragraph === undefined) return
    // Word's authors number whole paragraphs with the styles of headings
    const running = role === 'heading' && (paragraph.lines > 3 || /[.;:,]$/.test(paragraph.text))
    paragraphs.push({ ...paragraph, role: running ? 'text' : role })
  })
  const left = page.glyphs.filter((glyph) => glyph.mark === undefined || !used.has(glyph.mark))
  const content = page.glyphs.filter((glyph) => glyph.mark !== 'artifact').length
  const covered = page.glyphs.length - left.length
  if (covered < leastCovered * content || covered === 0 || !plausible(paragraphs)) return undefined
  const top = Math.min(...paragraphs.map(({ box }) => box.top))
  const others = rest(left)
  return [
    ...others.filter(({ box }) => box.bottom <= top + 1),
    ...paragraphs,
    ...others.filter(({ box }) => box.bottom > top + 1),
  ]
}

const blocks = /^(?:P|H[1-6]?|LI|LBody|Caption|TOCI|Note|Formula|BlockQuote|Title|Figure)$/

function visit(node: StructureNode, found: (node: StructureNode, role: Paragraph['role']) => void): void {
  if (node.role === 'TR') found(node, 'row')
  else if (/^(?:H[1-6]?|Title)$/.test(node.role)) found(node, 'heading')
  else if (node.role === 'LI' && !node.children.some(holdsList)) found(node, 'text')
  else if (blocks.test(node.role) && !node.children.some(holdsBlock)) found(node, 'text')
  else {
    if (node.marks.length > 0) found({ ...node, children: [] }, 'text')
    for (const child of node.children) visit(child, found)
  }
}

const holdsBlock = (node: StructureNode): boolean =>
  blocks.test(node.role) || node.role === 'TR' || node.role === 'Table' || node.children.some(holdsBlock)

const holdsList = (node: StructureNode): boolean =>
  node.role === 'L' || node.role === 'Table' || node.children.some(holdsList)

function* marksOf(node: StructureNode): Generator<string> {
  yield* node.marks
  for (const child of node.children) yield* marksOf(child)
}

function glyphsOf(node: StructureNode, byMark: Map<string, Glyph[]>, used: Set<string>): Glyph[] {
  const glyphs: Glyph[] = []
  for (const mark of marksOf(node)) {
    if (used.has(mark)) continue
    used.add(mark)
    glyphs.push(...(byMark.get(mark) ?? []))
  }
  return glyphs
}

function paragraphOf(node: StructureNode, byMark: Map<string, Glyph[]>, used: Set<string>): Paragraph | undefined {
  return textIn(glyphsOf(node, byMark, used))
}

function textIn(glyphs: readonly Glyph[]): Paragraph | undefined {
  if (glyphs.length === 0) return undefined
  const segments = segmentsOf(glyphs)
  const lines: { baseline: number; texts: string[] }[] = []
  for (const segment of segments.toSorted((a, b) => a.baseline - b.baseline || a.frame.left - b.frame.left)) {
    const last = lines.at(-1)
    if (last !== undefined && segment.baseline - last.baseline <= 0.35 * segment.size) last.texts.push(segment.text)
    else lines.push({ baseline: segment.baseline, texts: [segment.text] })
  }
  return {
    text: joinLines(lines.map(({ texts }) => texts.join(' '))),
    role: 'text',
    box: around(glyphs),
    size: median(glyphs.map((glyph) => glyph.size)),
    bold: glyphs.filter((glyph) => glyph.bold).length > 0.8 * glyphs.length,
    angle: segments[0]?.angle ?? 0,
    lines: lines.length,
    guessed: glyphs.some((glyph) => glyph.guessed),
  }
}

/** A row of a table, its cells parted by tabs; an empty cell is an empty text. */
function rowOf(node: StructureNode, byMark: Map<string, Glyph[]>, used: Set<string>): Paragraph | undefined {
  const cells = node.children.map((cell) => textIn(glyphsOf(cell, byMark, used)))
  const full = cells.filter((cell) => cell !== undefined)
  const [first] = full
  if (first === undefined) return undefined
  return {
    ...first,
    text: cells.map((cell) => cell?.text ?? '').join('\t'),
    box: around(full.map((cell) => cell.box)),
    size: median(full.map((cell) => cell.size)),
    bold: full.every((cell) => cell.bold),
    lines: Math.max(...full.map((cell) => cell.lines)),
    guessed: full.some((cell) => cell.guessed),
  }
}

/** Whether the order mostly goes down the page, and the paragraphs are longer than words. */
function plausible(paragraphs: readonly Paragraph[]): boolean {
  const text = paragraphs.filter(({ role }) => role !== 'row')
  const letters = text.reduce((sum, paragraph) => sum + paragraph.text.length, 0)
  if (text.length > 12 && letters / text.length < leastLength) return false
  let jumps = 0
  for (const [at, { box }] of paragraphs.entries()) {
    const before = paragraphs[at - 1]?.box
    if (before === undefined) continue
    const overlap = Math.min(before.right, box.right) - Math.max(before.left, box.left)
    if (box.top < before.top - 12 && overlap > 0) jumps += 1
  }
  return jumps <= mostJumps * paragraphs.length
}
