import type { PdfPage } from '../read/model.ts'
import { type Display, displaysOf } from './accept.ts'
import { build } from './build.ts'
import { problemOf } from './check.ts'
import type { Formula, PageFormulas, UnreadFormula } from './model.ts'
import { picturesOf } from './pictures.ts'
import { whereAfter } from './where.ts'
import { groundOf, zonesOf } from './zones.ts'

/**
 * The display formulas of a page, rebuilt from its glyphs and lines. Those that are pictures, or of which no valid LaTeX came, are
 * `unread`. Formulas within a sentence, in headings and in tables are not looked for.
 */
export async function readFormulas(page: PdfPage): Promise<PageFormulas> {
  const ground = groundOf(page)
  const displays = displaysOf(ground, zonesOf(ground))
  const pictures = picturesOf(ground, displays)
  const boxes = [...displays.map((one) => one.box), ...pictures.map((one) => one.box)]
  const formulas: Formula[] = []
  const unread: UnreadFormula[] = []
  for (const display of displays) {
    const where = whereAfter(ground.segments, display.box, boxes)
    const result = await rebuild(page.number, display, where)
    if ('latex' in result) formulas.push(result)
    else unread.push(result)
  }
  for (const { box, number } of pictures) {
    unread.push({
      page: page.number,
      box,
      number,
      where: whereAfter(ground.segments, box, boxes),
      reason: 'picture',
      text: '',
    })
  }
  return { formulas, unread: unread.toSorted((a, b) => a.box.top - b.box.top) }
}

async function rebuild(
  page: number,
  { zone, box, number }: Display,
  where: string | undefined,
): Promise<Formula | UnreadFormula> {
  const text = zone.items.map((item) => item.text).join('')
  const unread = (reason: UnreadFormula['reason']): UnreadFormula => ({ page, box, number, where, reason, text })
  const guessed = zone.items.filter((item) => item.doubt > 0).length
  if (zone.items.some((item) => item.role === 'unknown') || guessed > 0.3 * zone.items.length)
    return unread('unknown-glyphs')
  const built = build(zone.items, zone.bars)
  if (built === undefined || built.latex === '') return unread('not-rebuilt')
  const latex = trimmed(built.latex)
  const problem = await problemOf(latex)
  if (problem !== undefined) return unread('invalid')
  const confidence = Math.max(0.1, (zone.structured ? 0.95 : 0.9) - Math.min(0.6, built.doubt))
  return { page, box, latex, number, where, confidence: Math.round(confidence * 100) / 100, source: 'layout' }
}

/** Punctuation of the sentence that a formula ends is none of its own. */
const trimmed = (latex: string): string => latex.replace(/\s*[,;.]\s*$/, '')
