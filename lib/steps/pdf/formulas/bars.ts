import type { Box, Glyph, PdfPage, Rule } from '../read/model.ts'
import { around, gapAcross, middle } from './geometry.ts'
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
  const roots = segments.flatMap((one) => one.glyphs).filter((glyph) => glyph.text === '√')
  const bars: Bar[] = []
  for (const rule of page.rules) {
    const width = rule.right - rule.left
    if (rule.direction !== 'horizontal' || width < 2.5 || width > 0.85 * page.width || rule.bottom - rule.top > 2.2)
      continue
    if (uprights.some((one) => meets(rule, one))) continue
    const root = roots.find((glyph) => coversRoot(rule, glyph))
    const bar: Bar | undefined =
      root === undefined ? judge(rule, segments) : { ...rule, kind: 'cover', size: root.size }
    if (bar !== undefined) bars.push(bar)
  }
  return bars
}

const meets = (rule: Rule, upright: Rule): boolean =>
  gapAcross(rule, upright) < 1.2 && upright.top < rule.bottom + 1.2 && upright.bottom > rule.top - 1.2

/** A root's line begins where its sign ends, at the sign's top. */
function coversRoot(rule: Rule, { right, baseline, size }: Glyph): boolean {
  return (
    Math.abs(rule.left - right) < 0.25 * size && rule.top < baseline + 0.1 * size && rule.top > baseline - 3.2 * size
  )
}

/** Judges a line by the nearest things over and under it: they end where it ends. */
function judge(rule: Rule, segments: readonly Segment[]): Bar | undefined {
  const y = (rule.top + rule.bottom) / 2
  const near = segments.filter(
    (one) => one.left < rule.right && one.right > rule.left && Math.abs(one.baseline - y) < 2.6 * one.size,
  )
  // what is on the line's own level stands beside it
  const above = near.filter((one) => one.baseline < y + 0.02 * one.size)
  const below = near.filter((one) => one.baseline - 0.5 * one.size > y)
  const over = nearest(above, y)
  const under = nearest(below, y)
  const size = Math.max(0, ...[...over, ...under].map((one) => one.size))
  const overIn = over.length > 0 && over.every((one) => inside(one, rule))
  const underIn = under.length > 0 && under.every((one) => inside(one, rule))
  if (
    overIn &&
    underIn &&
    fills(
      [...above, ...below].filter((one) => inside(one, rule)),
      rule,
    )
  ) {
    return { ...rule, kind: 'fraction', size }
  }
  const clear = over.every((one) => y - one.baseline > 0.55 * one.size || !inside(one, rule))
  const close = under.filter((one) => !one.prose).flatMap((one) => coveredBy(rule, one))
  const tall = close.length > 0 && close.every((one) => one.top < y + 0.75 * one.size)
  const covered = below.filter((one) => !one.prose).flatMap((one) => coveredBy(rule, one))
  return clear && tall && fills(covered, rule) ? { ...rule, kind: 'cover', size } : undefined
}

/** The part of a segment that lies under a line, when it ends where the line ends. */
function coveredBy(rule: Rule, one: Segment): (Box & { size: number })[] {
  const glyphs = one.glyphs.filter((glyph) => middle(glyph) > rule.left && middle(glyph) < rule.right)
  const first = glyphs[0]
  if (first === undefined) return []
  const before = one.glyphs.filter((glyph) => middle(glyph) <= rule.left)
  const edge = Math.max(-Infinity, ...before.map((glyph) => glyph.right))
  const box = { ...around(glyphs), size: one.size, top: one.baseline - 0.7 * one.size }
  return inside(box, rule) && edge < rule.left + 1 ? [box] : []
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
function fills(parts: readonly (Box & { size: number })[], rule: Rule): boolean {
  const width = rule.right - rule.left
  const { left, right } = around(parts)
  const size = Math.max(0, ...parts.map((one) => one.size))
  return right - left > 0.55 * width - 0.8 * size && Math.abs((left + right) / 2 - middle(rule)) < 0.2 * width + size
}
