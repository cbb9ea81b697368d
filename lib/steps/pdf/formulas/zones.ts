import { around } from '../read/boxes.ts'
import type { Glyph, PdfPage } from '../read/model.ts'
import { atomsOf, type Item, isPiece } from './atoms.ts'
import { type Bar, barsOf } from './bars.ts'
import { gapAcross, gapDown, middle } from './geometry.ts'
import { type Segment, segmentsOf } from './segments.ts'

/** A part of a page that looks like one formula. */
export interface Zone {
  items: Item[]
  bars: Bar[]
  /** A fraction, sum or root is in it. */
  structured: boolean
}

/** What a page's formulas are looked for in. */
export interface Ground {
  page: PdfPage
  segments: Segment[]
  /** Segments that are text and no part of a formula. */
  prose: Segment[]
  /** Pieces of tall brackets: they stand on no line. */
  pieces: Glyph[]
  bars: Bar[]
}

const upright = (glyph: Glyph): boolean => glyph.angle === 0 && glyph.text.trim() !== ''

/** Reads the ground: which segments are text, which lines may be those of fractions. */
export function groundOf(page: PdfPage): Ground {
  const glyphs = page.glyphs.filter((glyph) => upright(glyph) && glyph.mark !== 'artifact')
  const segments = segmentsOf(glyphs.filter((glyph) => !isPiece(glyph.text)))
  const pieces = glyphs.filter((glyph) => isPiece(glyph.text))
  const bars = barsOf(page, segments)
  const braces = page.glyphs.filter((glyph) => upright(glyph) && /^[{⎨]$/.test(glyph.text))
  const prose = segments.filter(
    (one) =>
      one.prose &&
      !attached(one, segments) &&
      !bars.some((bar) => holds(bar, one)) &&
      !braces.some((brace) => opens(brace, one)),
  )
  return { page, segments, prose, bars, pieces }
}

/** A word in small letters right at bigger ones is a subscript. */
function attached(one: Segment, segments: readonly Segment[]): boolean {
  return segments.some(
    (other) =>
      other.size > 1.15 * one.size &&
      Math.abs(other.baseline - one.baseline) < 0.7 * other.size &&
      other.glyphs.some((glyph) => Math.abs(glyph.right - one.left) < 0.25 * other.size),
  )
}

/** Words over or under a fraction's line, or before it on its level with the equals sign, are a part of the formula. */
function holds(bar: Bar, one: Segment): boolean {
  const y = (bar.top + bar.bottom) / 2
  const stacked =
    one.left > bar.left - 0.5 * one.size &&
    one.right < bar.right + 0.5 * one.size &&
    Math.abs(one.baseline - 0.25 * one.size - y) < 1.9 * one.size
  if (stacked) return true
  const level = Math.abs(one.baseline - 0.25 * one.size - y) < 0.35 * one.size && gapAcross(bar, one) < 1.5 * one.size
  return bar.kind === 'fraction' && level && one.words <= 6 && one.relation && one.right <= bar.left
}

/** What stands beside a brace of cases. */
function opens(brace: Glyph, one: Segment): boolean {
  const reach = brace.text === '⎨' ? 4 : 2.4
  return (
    one.left > brace.right - 1 &&
    one.left < brace.right + 26 * one.size &&
    Math.abs(one.baseline - brace.baseline) < reach * one.size &&
    one.words <= 6
  )
}

/** Groups what is not text into zones: pieces belong together when they are near, or a line or sign holds them together. */
export function zonesOf(ground: Ground): Zone[] {
  const text = new Set(ground.prose.flatMap((one) => one.glyphs))
  const free = [...ground.segments.flatMap((one) => one.glyphs).filter((glyph) => !text.has(glyph)), ...ground.pieces]
  const items = atomsOf(free).toSorted((a, b) => a.left - b.left)
  if (items.length > 6_000) return []
  const groups = new Groups(items.length + ground.bars.length)
  for (const [at, item] of items.entries()) {
    for (let next = at + 1; next < items.length; next += 1) {
      const other = items[next]
      if (other === undefined || other.left - item.right > 3 * Math.max(item.size, 12)) {
        if (other !== undefined && other.left - item.left > 400) break
        continue
      }
      if (linked(item, other)) groups.join(at, next)
    }
  }
  for (const [at, bar] of ground.bars.entries()) {
    const node = items.length + at
    for (const [index, item] of items.entries()) if (atBar(bar, item)) groups.join(node, index)
  }
  const zones = new Map<number, Zone>()
  for (const [at, item] of items.entries()) {
    const zone = zones.get(groups.of(at)) ?? { items: [], bars: [], structured: false }
    zones.set(groups.of(at), zone)
    zone.items.push(item)
    if (item.role === 'big' || item.role === 'root') zone.structured = true
  }
  for (const [at, bar] of ground.bars.entries()) {
    const zone = zones.get(groups.of(items.length + at))
    if (zone === undefined) continue
    zone.bars.push(bar)
    zone.structured = true
  }
  return [...zones.values()].filter((zone) => zone.items.length >= 3)
}

const stretches = (item: Item): boolean => item.tall && item.role !== 'big'

/** Whether two pieces belong together by where they stand. */
function linked(a: Item, b: Item): boolean {
  // a bracket or root may be stretched: the other one says how large the formula is
  const size = stretches(a) || stretches(b) ? Math.min(a.size, b.size) : Math.max(a.size, b.size)
  const across = gapAcross(a, b)
  const down = gapDown(a, b)
  if (down < -0.12 * Math.min(a.size, b.size)) return across < 2 * size
  // what stands under lim, max and min
  const smaller = Math.min(a.size, b.size)
  if (across === 0 && smaller < 0.87 * size && down < 0.35 * size && a.role !== 'root' && b.role !== 'root') return true
  // what is raised at a tall bracket whose height nobody says
  const [left, right] = a.left < b.left ? [a, b] : [b, a]
  if (
    (left.role === 'close' || left.role === 'fence') &&
    right.size < 0.87 * left.size &&
    left.size < 1.7 * right.size &&
    right.left > left.right - 0.1 * right.size &&
    across < 0.35 * size &&
    down < 2 * smaller
  )
    return true
  if (across < 0.3 * size && down < 0.16 * Math.min(a.size, b.size)) return true
  const [big, small] = a.role === 'big' ? [a, b] : b.role === 'big' ? [b, a] : [undefined, undefined]
  if (big === undefined || small === undefined || small.size > 0.9 * big.size) return false
  return middle(small) > big.left - size && middle(small) < big.right + size && down < 0.6 * size
}

function atBar(bar: Bar, item: Item): boolean {
  const y = (bar.top + bar.bottom) / 2
  const size = stretches(item) ? bar.size : Math.max(item.size, bar.size)
  if (middle(item) > bar.left - 2 && middle(item) < bar.right + 2)
    return gapDown(bar, item) < 0.65 * size && (bar.kind === 'fraction' || item.axis > y)
  if (gapAcross(bar, item) > 2 * size) return false
  return bar.kind === 'fraction' ? Math.abs(item.axis - y) < 0.5 * size : item.bottom > y && item.top < y + 1.2 * size
}

/** Which pieces are in one group. */
class Groups {
  readonly #parent: number[]

  constructor(size: number) {
    this.#parent = Array.from({ length: size }, (_, at) => at)
  }

  of(at: number): number {
    let root = at
    while (this.#parent[root] !== root) root = this.#parent[root] ?? root
    while (this.#parent[at] !== root) {
      const next = this.#parent[at] ?? root
      this.#parent[at] = root
      at = next
    }
    return root
  }

  join(a: number, b: number): void {
    this.#parent[this.of(a)] = this.of(b)
  }
}

/** What relates the sides of a formula, from left to right; not what is in its limits and indices. */
export function relationsOf(items: readonly Item[]): Item[] {
  const size = Math.max(0, ...items.filter((item) => !item.tall).map((item) => item.size))
  const full = items.filter((item) => item.role === 'relation' && item.size > 0.87 * size)
  // where the letters of one line are of several sizes the largest relation counts
  const all = items.filter((item) => item.role === 'relation')
  const largest = Math.max(0, ...all.map((item) => item.size))
  return (full.length > 0 ? full : all.filter((item) => item.size > 0.9 * largest)).toSorted((a, b) => a.left - b.left)
}

/** The box of a zone. */
export const boxOf = (zone: Zone) => around([...zone.items, ...zone.bars])
