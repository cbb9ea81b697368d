import { around, median } from '../read/boxes.ts'
import type { Paragraph, Segment } from './model.ts'

/** What stands on one line of a block. */
interface Line {
  segments: Segment[]
  baseline: number
  left: number
  right: number
  size: number
  bold: boolean
}

/** Paragraphs out of the segments of one block. */
export function paragraphsOf(block: readonly Segment[]): Paragraph[] {
  const lines = linesOf(block)
  const leadings = lines.slice(1).map((line, at) => line.baseline - (lines[at]?.baseline ?? 0))
  const leading = Math.max(median(leadings), 0.8 * median(lines.map((line) => line.size)))
  const right = Math.max(...lines.map((line) => line.right))
  const left = Math.min(...lines.map((line) => line.left))
  const found: Line[][] = []
  for (const line of lines) {
    const last = found.at(-1)
    const before = last?.at(-1)
    if (last !== undefined && before !== undefined && continues(before, line, { leading, left, right })) last.push(line)
    else found.push([line])
  }
  return found.map(paragraph)
}

function linesOf(block: readonly Segment[]): Line[] {
  const sorted = block.toSorted((a, b) => a.baseline - b.baseline)
  const lines: Segment[][] = []
  for (const segment of sorted) {
    const last = lines.at(-1)
    const first = last?.[0]
    if (
      last !== undefined &&
      first !== undefined &&
      segment.baseline - first.baseline <= 0.35 * Math.min(first.size, segment.size)
    )
      last.push(segment)
    else lines.push([segment])
  }
  return lines.map((list) => {
    const segments = withMarker(list.toSorted((a, b) => a.frame.left - b.frame.left))
    return {
      segments,
      baseline: median(segments.map((segment) => segment.baseline)),
      left: segments[0]?.frame.left ?? 0,
      right: Math.max(...segments.map((segment) => segment.frame.right)),
      size: median(segments.map((segment) => segment.size)),
      bold: segments.every((segment) => segment.bold),
    }
  })
}

/** Beginnings of list items, articles and numbered headings. */
const marker =
  /^(?:[•●○▪■◦➢✓–—*-]\s|\(?(?:[a-z]|[ivx]+|\d{1,3})[).]\s|[IVXLC]+\s[–-]\s|\d+(?:\.\d+)+\.?\s|Art\.?\s*\d|§|Parágrafo único|CAPÍTULO|SEÇÃO|ANEXO)/

interface Measure {
  leading: number
  left: number
  right: number
}

const loneMarker = /^(?:[•●○▪■◦➢✓–—*-]|\(?(?:[a-z]|[ivx]+|\d{1,3})[).]?\)?)$/

/** The mark of a list item stands apart from its text, and belongs to it. */
function withMarker(segments: Segment[]): Segment[] {
  const [mark, first, ...rest] = segments
  if (mark === undefined || first === undefined || rest.length > 0 || !loneMarker.test(mark.text)) return segments
  // two numbers side by side are no item
  if (/^\d+$/.test(mark.text) || !/\p{L}/u.test(first.text)) return segments
  const words = [...mark.words, ...first.words]
  return [
    {
      ...first,
      box: around([mark.box, first.box]),
      frame: { ...around([mark.frame, first.frame]), left: first.frame.left },
      glyphs: [...mark.glyphs, ...first.glyphs],
      words,
      text: `${mark.text} ${first.text}`,
    },
  ]
}

/** Whether a line goes on with the paragraph of the line above it. */
function continues(before: Line, line: Line, { leading, left, right }: Measure): boolean {
  if (before.segments.length > 1 || line.segments.length > 1) return false
  const gap = line.baseline - before.baseline
  const size = Math.max(line.size, before.size)
  if (gap > 1.45 * leading || gap > 2.3 * size) return false
  if (Math.abs(line.size - before.size) > 0.12 * size || line.bold !== before.bold) return false
  if (marker.test(textOf(line))) return false
  const width = right - left
  const short = before.right < right - Math.max(0.18 * width, 4 * size)
  // a short line ends a paragraph, unless all are (centred or ragged text) and this one goes on in small letters
  if (short && !/^[\p{Ll}\d(]/u.test(textOf(line))) return false
  const indented = line.left > before.left + 1.2 * size
  return !(indented && /[.:;!?]$/.test(textOf(before)))
}

const textOf = (line: Line): string => line.segments.map((segment) => segment.text).join('\t')

// Portuguese pronouns that keep their hyphen when a line ends with it: tornar-se
const enclitics = /^(?:se|me|te|nos|vos|lhe|lhes|lo|la|los|las|no|na|nas|o|a|os|as)(?![\p{L}])/u

/** Lines as one text: a word parted by a hyphen at the end of a line is whole again. */
export function joinLines(lines: readonly string[]): string {
  let text = ''
  for (const line of lines) {
    if (text === '') text = line
    else if (/\p{L}[-‐]$/u.test(text) && /^\p{Ll}/u.test(line)) {
      text = enclitics.test(line) ? text + line : text.slice(0, -1) + line
    } else if (/[-‐–/]$/.test(text) && /\S[-‐–/]$/.test(text) && /^\d/.test(line)) text += line
    else text += ` ${line}`
  }
  return text
}

function paragraph(lines: Line[]): Paragraph {
  const segments = lines.flatMap((line) => line.segments)
  const row = segments.length > lines.length
  return {
    text: row ? lines.map(textOf).join('\n') : joinLines(lines.map(textOf)),
    role: row ? 'row' : 'text',
    box: around(segments.map((segment) => segment.box)),
    size: median(segments.map((segment) => segment.size)),
    bold: lines.every((line) => line.bold),
    angle: segments[0]?.angle ?? 0,
    lines: lines.length,
    guessed: segments.some((segment) => segment.glyphs.some((glyph) => glyph.guessed)),
  }
}
