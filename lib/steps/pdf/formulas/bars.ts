import type { Box, PdfPage, Rule } from '../read/model.ts'
import { gapAcross, middle } from './geometry.ts'
import type { Segment } from './segments.ts'

/** A line that may be a fraction's, a root's or a bar over something. */
export interface Bar extends Rule {
  kind: 'fraction' | 'cover'
  /** The size of what stands at it. */
  size: number
}

/** Lines that belong to formulas, as far as one line and what is near it can tell. Borders of tables and underlines do not. */
export function barsOf(page: PdfPage, segments: readonly Segment[]): Bar[] {
  const uprights = page.rules.filter((rule) => rule.direction === 'vertical' && rule.bottom - rule.top > 6)
  const bars: Bar[] = []
  for (const rule of page.rules) {
    const width = rule.right - rule.left
    if (rule.direction !== 'horizontal' || width < 2.5 || width > 0.85 * page.width || rule.bottom - rule.top > 2.2)
      continue
    if (uprights.some((one) => meets(rule, one))) continue
    const bar = judge(rule, segments)
    if (bar !== undefined) bars.push(bar)
  }
  return bars
}

const meets = (rule: Rule, upright: Rule): boolean =>
  gapAcross(rule, upright) < 1.2 && upright.top < rule.bottom + 1.2 && upright.bottom > rule.top - 1.2

/** Judges a line by the nearest things over and under it: they end where it ends. */
function judge(rule: Rule, segments: readonly Segment[]): Bar | undefined {
  const y = (rule.top + rule.bottom) / 2
  const near = segments.filter(
    (one) => one.left < rule.right && one.right > rule.left && Math.abs(one.baseline - y) < 2.6 * one.size,
  )
  const over = nearest(
    near.filter((one) => one.baseline < y),
    y,
  )
  const under = nearest(
    near.filter((one) => one.baseline - 0.3 * one.size > y),
    y,
  )
  const size = Math.max(0, ...over.map((one) => one.size), ...under.map((one) => one.size))
  const overIn = over.length > 0 && over.every((one) => inside(one, rule))
  const underIn = under.length > 0 && under.every((one) => inside(one, rule))
  if (overIn && underIn && fills([...over, ...under], rule)) return { ...rule, kind: 'fraction', size }
  // what stands over a root's line is far from it, or not over it at all
  const clear = over.every((one) => y - one.baseline > 0.55 * one.size || !inside(one, rule))
  if (underIn && clear && under.some((one) => one.words < 3) && fills(under, rule))
    return { ...rule, kind: 'cover', size }
  return undefined
}

/** The segments that are as near as the nearest one. */
function nearest(segments: readonly Segment[], y: number): Segment[] {
  const distance = (one: Segment): number => Math.abs(one.baseline - 0.25 * one.size - y)
  const least = Math.min(Infinity, ...segments.map(distance))
  return segments.filter((one) => distance(one) < least + 0.15 * one.size && distance(one) < 2.2 * one.size)
}

const inside = (one: Box & { size: number }, rule: Rule): boolean =>
  one.left > rule.left - 0.45 * one.size && one.right < rule.right + 0.45 * one.size

/** A fraction's line is about as wide as the wider of its parts. */
function fills(parts: readonly Segment[], rule: Rule): boolean {
  const width = rule.right - rule.left
  const widest = Math.max(...parts.map((one) => one.right - one.left))
  const size = Math.max(...parts.map((one) => one.size))
  const centred = parts.some((one) => Math.abs(middle(one) - middle(rule)) < 0.25 * width + size)
  return widest > 0.3 * width - size && centred
}
