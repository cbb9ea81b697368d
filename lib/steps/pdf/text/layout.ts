import { median } from '../read/boxes.ts'
import type { Glyph, PdfPage } from '../read/model.ts'
import { isFurniture } from './furniture.ts'
import { kindOf, outlinedOf } from './kind.ts'
import type { PageText, Paragraph } from './model.ts'
import { blocksOf } from './order.ts'
import { paragraphsOf } from './paragraphs.ts'
import { segmentsOf } from './segments.ts'
import { inStructure } from './tagged.ts'

/** The text of a page in reading order. Headers and footers are known only with the other pages: {@link Repeats}. */
export function layOut(page: PdfPage): PageText {
  const kind = kindOf(page)
  const tagged = inStructure(page, (glyphs) => geometric(page, glyphs))
  const paragraphs = tagged ?? geometric(page, page.glyphs)
  markHeadings(paragraphs)
  for (const paragraph of paragraphs) if (isFurniture(paragraph, page)) paragraph.role = 'furniture'
  return {
    number: page.number,
    width: page.width,
    height: page.height,
    kind,
    outlined: outlinedOf(page),
    tagged: tagged !== undefined,
    paragraphs,
  }
}

/** Order by position: upright text first, then text in other directions. */
function geometric(page: PdfPage, glyphs: readonly Glyph[]): Paragraph[] {
  const directions = Map.groupBy(segmentsOf(glyphs), (segment) => segment.angle)
  const order = [...directions].toSorted(([a], [b]) => a - b)
  return order.flatMap(([angle, segments]) =>
    blocksOf(segments, angle === 0 ? page.rules : []).flatMap((block) => paragraphsOf(block)),
  )
}

/** Headings are short, and larger than the text or bold among text that is not. */
function markHeadings(paragraphs: readonly Paragraph[]): void {
  const text = paragraphs.filter(({ role }) => role === 'text')
  const letters = text.flatMap(({ size, text: words }) => new Array<number>(Math.ceil(words.length / 40)).fill(size))
  const usual = median(letters)
  const boldest = text.filter(({ bold }) => bold).length > 0.5 * text.length
  for (const paragraph of text) {
    const short = paragraph.lines <= 3 && paragraph.text.length <= 200 && /\p{L}{2}/u.test(paragraph.text)
    const large = paragraph.size > 1.15 * usual
    if (short && !/[.;,]$/.test(paragraph.text) && (large || (paragraph.bold && !boldest))) paragraph.role = 'heading'
  }
}
