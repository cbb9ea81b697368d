import { around } from '../read/boxes.ts'
import type { Box, Glyph, PdfPage, Rule } from '../read/model.ts'
import { gapAcross, middle } from './geometry.ts'
import type { Segment } from './segments.ts'
import { symbolOf } from './symbols.ts'

/** A line that may be a fraction's, a root's or a bar over something. */
export interface Bar extends Rule {
  kind: 'fraction' | 'cover'
  /** The size of what stands at it. */
  size: number
}

const mostRules = 4_000

/** Lines that belong to formulas, as far as one line and what is near it can tell. Borders of tables and underlines do not. */
export function barsOf(page: PdfPage, segments: readonly Segment[]): Bar[] {
  const uprights = page.rules.filter((rule) => rule.direction === 'vertical' && rule.bottom - rule.top > 6)
  const roots = segments.flatMap((one) => one.glyphs).filter((glyph) => glyph.text === '√')
  const bars: Bar[] = []
  // a page with so many lines is a drawing
  if (page.rules.length > mostRules) return []
  for (const rule of page.rules) {
    const width = rule.right - rule.left
    if (rule.direction !== 'horizontal' || width < 2.5 || width > 0.85 * page.width || rule.bottom - rule.top > 2.2)
      continue
    if (uprights.some((one) => meets(rule, one))) continue
    const root = roots.find((glyph) => coversRoot(rule, glyph))
    const bar: Bar | undefined =
      root === undefined
        ? judge(rule, segments, page.rules)
        : { ...rule, kind: 'cover', size: sizeUnder(rule, root, segments) }
    if (bar !== undefined) bars.push(bar)
  }
  return bars
}

const meets = (rule: Rule, upright: Rule): boolean =>
  gapAcross(rule, upright) < 1.2 && upright.top < rule.bottom + 1.2 && upright.bottom > rule.top - 1.2

/** A root's line begins where its sign ends, at the sign's top. */
function coversRoot(rule: Rule, { left, right, baseline, size }: Glyph): boolean {
  return (
    Math.abs(rule.left - right) < 0.45 * (right - left) &&
    rule.top < baseline + 0.1 * size &&
    rule.top > baseline - 3.2 * size
  )
}

/** What of a segment stands over or under a line. */
interface Part extends Box {
  baseline: number
  axis: number
  size: number
  prose: boolean
  /** It ends where the line ends, and what goes on beside it is no text. */
  fits: boolean
}

/** The size of what stands under a root's line: the sign itself may be stretched. */
function sizeUnder(rule: Rule, root: Glyph, segments: readonly Segment[]): number {
  const sizes = segments
    .flatMap((one) => one.glyphs)
    .filter(
      (glyph) =>
        glyph !== root &&
        !bracket(glyph) &&
        middle(glyph) > rule.left &&
        middle(glyph) < rule.right &&
        glyph.baseline > rule.top &&
        glyph.baseline < Math.max(rule.top + 1.3 * root.size, root.baseline + 0.3 * root.size),
    )
    .map((glyph) => glyph.size)
  return sizes.length === 0 ? root.size : Math.min(root.size, Math.max(...sizes))
}

/** Judges a line by the nearest things over and under it: they end where it ends. */
function judge(rule: Rule, segments: readonly Segment[], rules: readonly Rule[]): Bar | undefined {
  const y = (rule.top + rule.bottom) / 2
  const near = segments.flatMap((one) =>
    one.left < rule.right && one.right > rule.left && Math.abs(one.baseline - y) < 2.6 * one.size
      ? partOf(rule, one, rules)
      : [],
  )
  // what is on the line's own level stands beside it
  const above = near.filter((one) => one.baseline < y + 0.02 * one.size)
  const below = near.filter((one) => one.baseline - 0.5 * one.size > y)
  const over = nearest(above, y)
  const under = nearest(below, y)
  const size = Math.max(0, ...[...over, ...under].map((one) => one.size))
  const overIn = over.length > 0 && over.every((one) => one.fits)
  const underIn = under.length > 0 && under.every((one) => one.fits)
  if (
    overIn &&
    underIn &&
    fills(
      [...above, ...below].filter((one) => one.fits),
      rule,
    )
  )
    return { ...rule, kind: 'fraction', size }
  const clear = over.every((one) => y - one.baseline > 0.55 * one.size || !one.fits)
  const covered = below.filter((one) => !one.prose && one.left > rule.left - 0.45 * one.size)
  const close = nearest(covered, y)
  const tall = close.length > 0 && close.every((one) => one.baseline - 0.7 * one.size < y + 0.75 * one.size)
  return clear && tall && fills(covered, rule) ? { ...rule, kind: 'cover', size } : undefined
}

const bracket = (glyph: Glyph): boolean => ['open', 'close', 'fence', 'big', 'root'].includes(symbolOf(glyph.text).role)

function partOf(rule: Rule, one: Segment, rules: readonly Rule[]): Part[] {
  const y = (rule.top + rule.bottom) / 2
  const glyphs = one.glyphs.filter((glyph) => middle(glyph) > rule.left - 1 && middle(glyph) < rule.right + 1)
  if (glyphs.length === 0) return []
  const box = around(glyphs)
  const size = Math.max(...glyphs.map((glyph) => glyph.size))
  const inside = box.left > rule.left - 0.45 * size && box.right < rule.right + 0.45 * size
  const goesOn = one.glyphs.some(
    (glyph) =>
      !glyphs.includes(glyph) &&
      gapAcross(glyph, rule) < 0.5 * size &&
      Math.abs(glyph.size - size) < 0.13 * size &&
      !bracket(glyph) &&
      !rules.some(
        (other) =>
          other !== rule &&
          other.direction === 'horizontal' &&
          Math.abs((other.top + other.bottom) / 2 - y) < 1.2 &&
          middle(glyph) > other.left - 2 &&
          middle(glyph) < other.right + 2,
      ),
  )
  const { baseline } = one
  return [{ ...box, baseline, axis: baseline - 0.25 * size, size, prose: one.prose, fits: inside && !goesOn }]
}

/** The parts that are as near as the nearest one. */
function nearest(parts: readonly Part[], y: number): Part[] {
  const distance = (one: Part): number => Math.abs(one.axis - y)
  const least = Math.min(Infinity, ...parts.map(distance))
  return parts.filter((one) => distance(one) < least + 0.15 * one.size && distance(one) < 2.2 * one.size)
}

/** A fraction's line is about as wide as the wider of its parts. */
function fills(parts: readonly Part[], rule: Rule): boolean {
  const width = rule.right - rule.left
  const { left, right } = around(parts)
  const size = Math.max(0, ...parts.map((one) => one.size))
  return right - left > 0.55 * width - 0.8 * size && Math.abs((left + right) / 2 - middle(rule)) < 0.2 * width + size
}
