import { around, median, turn } from '../read/boxes.ts'
import type { Glyph } from '../read/model.ts'
import type { Segment } from './model.ts'
import { wordsOf } from './words.ts'

/** A glyph in the frame of its direction. */
export interface SetGlyph {
  glyph: Glyph
  left: number
  right: number
  baseline: number
  size: number
  /** Raised or lowered against its line. */
  script: 'up' | 'down' | undefined
}

/** A gap of this many sizes parts segments. */
const wide = 1.2

/** The segments of a page's glyphs, direction by direction, from top to bottom. */
export function segmentsOf(glyphs: readonly Glyph[]): Segment[] {
  const directions = Map.groupBy(glyphs, (glyph) => glyph.angle)
  return [...directions].flatMap(([angle, list]) => segmentsAt(list, angle))
}

function segmentsAt(glyphs: readonly Glyph[], angle: number): Segment[] {
  const sets = glyphs.map((glyph): SetGlyph => {
    const box = angle === 0 ? glyph : turn(glyph, angle)
    // across the page the baseline is known, else it is a usual descent above the lower edge
    const baseline = angle === 0 ? glyph.baseline : box.bottom - 0.2 * glyph.size
    return { glyph, left: box.left, right: box.right, baseline, size: glyph.size, script: undefined }
  })
  const parts = rowsOf(sets).flatMap(split)
  return attachScripts(parts).map((part) => segment(part, angle))
}

/** Glyphs that stand on one baseline. */
function rowsOf(sets: readonly SetGlyph[]): SetGlyph[][] {
  const sorted = sets.toSorted((a, b) => a.baseline - b.baseline)
  const rows: { baseline: number; size: number; sets: SetGlyph[] }[] = []
  for (const set of sorted) {
    let row: (typeof rows)[number] | undefined
    for (let at = rows.length - 1; at >= 0 && at >= rows.length - 4; at -= 1) {
      const other = rows[at]
      if (other === undefined) continue
      const near = 0.2 * Math.min(other.size, set.size)
      if (set.baseline - other.baseline <= near) {
        row = other
        break
      }
    }
    if (row === undefined) rows.push({ baseline: set.baseline, size: set.size, sets: [set] })
    else {
      row.sets.push(set)
      row.size = Math.max(row.size, set.size)
    }
  }
  return rows.map((row) => row.sets.toSorted((a, b) => a.left - b.left))
}

/** A row in parts, at its wide gaps. */
function split(row: SetGlyph[]): SetGlyph[][] {
  const parts: SetGlyph[][] = []
  let part: SetGlyph[] = []
  let right = -Infinity
  for (const set of row) {
    const last = part.at(-1)
    const gap =
      last === undefined ? 0 : wide * Math.max(0.75 * Math.max(last.size, set.size), Math.min(last.size, set.size))
    if (last !== undefined && set.left - right > gap) {
      parts.push(part)
      part = []
      right = -Infinity
    }
    part.push(set)
    right = Math.max(right, set.right)
  }
  if (part.length > 0) parts.push(part)
  return parts
}

const mostScript = 14

/** Small raised or lowered glyphs join the line that they stand at. */
function attachScripts(parts: SetGlyph[][]): SetGlyph[][] {
  const found = parts.map((sets) => ({
    sets,
    baseline: sets[0]?.baseline ?? 0,
    size: median(sets.map((set) => set.size)),
    left: sets[0]?.left ?? 0,
    right: Math.max(...sets.map((set) => set.right)),
    gone: false,
  }))
  found.sort((a, b) => a.baseline - b.baseline)
  for (const [at, small] of found.entries()) {
    if (small.sets.length > mostScript) continue
    let best: { host: (typeof found)[number]; distance: number } | undefined
    for (const step of [-1, 1]) {
      for (let to = at + step; to >= 0 && to < found.length; to += step) {
        const host = found[to]
        if (host === undefined || Math.abs(host.baseline - small.baseline) > 60) break
        if (host.gone || small.size > 0.82 * host.size) continue
        const rise = host.baseline - small.baseline
        if (rise > 0.75 * host.size || rise < -0.4 * host.size) continue
        if (small.left > host.right + 0.4 * host.size || small.right < host.left - 0.4 * host.size) continue
        const distance = nearest(host.sets, small)
        if (distance < 0.4 * host.size && (best === undefined || distance < best.distance)) best = { host, distance }
      }
    }
    if (best === undefined) continue
    const { host } = best
    const script = host.baseline - small.baseline > 0.12 * host.size ? 'up' : 'down'
    for (const set of small.sets) set.script = script
    host.sets = [...host.sets, ...small.sets].sort((a, b) => a.left - b.left)
    host.left = Math.min(host.left, small.left)
    host.right = Math.max(host.right, small.right)
    small.gone = true
  }
  return found.filter((part) => !part.gone).map((part) => part.sets)
}

/** How far the glyphs nearest to a part on either side are; what lies over it is no neighbour of it. */
function nearest(sets: readonly SetGlyph[], part: { left: number; right: number }): number {
  let distance = Infinity
  for (const { left, right } of sets) {
    const gap = Math.max(part.left - right, left - part.right)
    if (gap > -0.3 * (right - left)) distance = Math.min(distance, Math.abs(gap))
  }
  return distance
}

function segment(sets: SetGlyph[], angle: number): Segment {
  const main = sets.every((set) => set.script === undefined) ? sets : sets.filter((set) => set.script === undefined)
  const usual = main.length === 0 ? sets : main
  const size = median(usual.map((set) => set.size))
  const glyphs = sets.map((set) => set.glyph)
  const box = around(glyphs)
  const words = wordsOf(sets, size)
  let bold = 0
  for (const glyph of glyphs) if (glyph.bold) bold += 1
  return {
    box,
    frame: angle === 0 ? box : around(glyphs.map((glyph) => turn(glyph, angle))),
    baseline: median(usual.map((set) => set.baseline)),
    size,
    angle,
    bold: bold > glyphs.length / 2,
    glyphs,
    words,
    text: words.map((word) => word.text).join(' '),
  }
}
