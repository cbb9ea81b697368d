import { around } from '../read/boxes.ts'
import { textLines } from './align.ts'
import type { Framed } from './framed.ts'
import type { PdfTable } from './model.ts'
import { lineText, type Segment } from './words.ts'

/**
 * Framed tables of the same columns that stand on each other are one; what parts them are lines of text that name what follows, which
 * become its sections.
 */
export function stacked(
  framed: readonly Framed[],
  segments: readonly Segment[],
): { tables: PdfTable[]; taken: Set<Segment> } {
  const tables: { framed: Framed; table: PdfTable }[] = []
  const taken = new Set<Segment>()
  for (const next of framed) {
    const above = tables.find(
      ({ framed: other, table }) => sameColumns(other, next) && next.table.box.top >= table.box.bottom - 2,
    )
    const between = above === undefined ? undefined : sectionsBetween(above.table, next.table, segments)
    if (above === undefined || between === undefined) {
      tables.push({ framed: next, table: next.table })
      continue
    }
    for (const segment of between) {
      taken.add(segment)
      above.table.rows.push({
        cells: [
          {
            text: lineText(segment.words),
            box: { left: segment.left, top: segment.top, right: segment.right, bottom: segment.bottom },
            column: 0,
            rowSpan: 1,
            colSpan: above.table.columns,
            header: false,
            bold: segment.bold,
          },
        ],
        section: true,
      })
    }
    above.table.rows.push(...next.table.rows)
    above.table.box = around([above.table.box, next.table.box])
  }
  return { tables: tables.map(({ table }) => table), taken }
}

function sameColumns(a: Framed, b: Framed): boolean {
  return a.xs.length === b.xs.length && a.xs.every((x, index) => Math.abs(x - (b.xs[index] ?? 0)) < 3)
}

/** The single lines between two tables; undefined when there is anything else, or too much room. */
function sectionsBetween(above: PdfTable, below: PdfTable, segments: readonly Segment[]): Segment[] | undefined {
  const gap = segments.filter(
    (segment) =>
      segment.baseline > above.box.bottom - 1 &&
      segment.baseline < below.box.top + 1 &&
      segment.right > above.box.left &&
      segment.left < above.box.right,
  )
  const lines = textLines(gap)
  const size = lines[0]?.size ?? 8
  if (lines.some((line) => line.segments.length > 1) || lines.length > 1) return undefined
  // white room without a word in it parts two tables
  const room = lines.length === 0 ? 3 : 2.6 * size
  return below.box.top - above.box.bottom > room ? undefined : lines.flatMap((line) => line.segments)
}
