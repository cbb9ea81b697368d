import type { Box, PdfPage } from '../read/model.ts'

/** A line that parts cells, drawn or the edge of a fill: `at` across it, from `from` to `to` along it. */
export interface Line {
  at: number
  from: number
  to: number
}

/** The lines of a page by direction. */
export interface Lines {
  horizontal: Line[]
  vertical: Line[]
}

/** Fills higher than this are backgrounds, not rows. */
const highest = 90
const narrowest = 12
/** Lines of a page; a drawing has more, and no tables. */
const most = 3_000

/** The lines of a page that may part cells: its rules, and the edges of the bands that rows and cells are filled with. */
export function linesOf(page: PdfPage): Lines {
  const horizontal: Line[] = []
  const vertical: Line[] = []
  const finite = (box: Box) => [box.left, box.top, box.right, box.bottom].every(Number.isFinite)
  for (const rule of page.rules.filter(finite)) {
    if (rule.direction === 'horizontal') {
      if (rule.right - rule.left > 8)
        horizontal.push({ at: (rule.top + rule.bottom) / 2, from: rule.left, to: rule.right })
    } else if (rule.bottom - rule.top > 4) {
      vertical.push({ at: (rule.left + rule.right) / 2, from: rule.top, to: rule.bottom })
    }
  }
  const bands = page.fills.filter((fill) => finite(fill) && isBand(fill, page))
  const edges: Line[] = []
  for (const fill of bands) {
    horizontal.push(
      { at: fill.top, from: fill.left, to: fill.right },
      { at: fill.bottom, from: fill.left, to: fill.right },
    )
    edges.push({ at: fill.left, from: fill.top, to: fill.bottom }, { at: fill.right, from: fill.top, to: fill.bottom })
  }
  return {
    horizontal: joined(horizontal).slice(0, most),
    vertical: joined([...vertical, ...bridged(joined(edges), bands)]).slice(0, most),
  }
}

/** Every second row of a table may be filled: the same edge above and below the white row goes on in it. */
function bridged(lines: readonly Line[], bands: readonly Box[]): Line[] {
  const sorted = lines.toSorted((a, b) => a.at - b.at || a.from - b.from)
  const result: Line[] = []
  let at = 0
  while (at < sorted.length) {
    const first = sorted[at]
    if (first === undefined) break
    let end = at
    while (end < sorted.length && (sorted[end]?.at ?? Infinity) - first.at <= together) end += 1
    let open: Line | undefined
    for (const line of sorted.slice(at, end).toSorted((a, b) => a.from - b.from)) {
      const height = open === undefined ? 0 : Math.min(line.to - line.from, open.to - open.from, 22)
      const near = open !== undefined && line.from - open.to <= 1.5 * height && line.to > open.to
      if (open !== undefined && near && !covered(line.at, open.to, line.from, bands)) open.to = line.to
      else {
        open = { ...line }
        result.push(open)
      }
    }
    at = end
  }
  return result
}

function isBand(fill: Box, page: PdfPage): boolean {
  const height = fill.bottom - fill.top
  const width = fill.right - fill.left
  return height > 4 && height < highest && width > narrowest && (height < 60 || width < 0.9 * page.width)
}

function covered(x: number, top: number, bottom: number, bands: readonly Box[]): boolean {
  const middle = (top + bottom) / 2
  return bands.some((band) => band.left < x - 4 && band.right > x + 4 && band.top < middle && band.bottom > middle)
}

/** How far apart two lines may be to be one: fills leave white gaps between rows. */
const together = 2.6

/** Lines that lie on each other or go on in each other, as one. */
export function joined(lines: readonly Line[]): Line[] {
  const sorted = lines.toSorted((a, b) => a.at - b.at || a.from - b.from)
  const result: Line[] = []
  let at = 0
  while (at < sorted.length) {
    const first = sorted[at]
    if (first === undefined) break
    let end = at
    while (end < sorted.length && (sorted[end]?.at ?? Infinity) - first.at <= together) end += 1
    const level = sorted.slice(at, end).toSorted((a, b) => a.from - b.from)
    let open: (Line & { count: number }) | undefined
    for (const line of level) {
      if (open !== undefined && line.from <= open.to + 3) {
        open.to = Math.max(open.to, line.to)
        open.at = (open.at * open.count + line.at) / (open.count + 1)
        open.count += 1
      } else {
        if (open !== undefined) result.push({ at: open.at, from: open.from, to: open.to })
        open = { ...line, count: 1 }
      }
    }
    if (open !== undefined) result.push({ at: open.at, from: open.from, to: open.to })
    at = end
  }
  return result
}

/** A group of lines that belong to one frame. */
export interface Frame {
  box: Box
  horizontal: Line[]
  vertical: Line[]
}

/** Lines that touch each other, group by group. */
export function framesOf(lines: Lines): Frame[] {
  const all = [
    ...lines.horizontal.map((line) => ({ line, flat: true, group: -1 })),
    ...lines.vertical.map((line) => ({ line, flat: false, group: -1 })),
  ]
  const flat = all.filter((item) => item.flat)
  const upright = all.filter((item) => !item.flat)
  let groups = 0
  const touch = (a: Line, b: Line) => b.at >= a.from - 3 && b.at <= a.to + 3 && a.at >= b.from - 3 && a.at <= b.to + 3
  for (const start of all) {
    if (start.group >= 0) continue
    const queue = [start]
    start.group = groups
    for (let item = queue.pop(); item !== undefined; item = queue.pop()) {
      for (const other of item.flat ? upright : flat) {
        if (other.group >= 0) continue
        if (!touch(item.line, other.line)) continue
        other.group = groups
        queue.push(other)
      }
    }
    groups += 1
  }
  const frames: Frame[] = []
  for (let group = 0; group < groups; group += 1) {
    const horizontal = all.filter((item) => item.group === group && item.flat).map((item) => item.line)
    const vertical = all.filter((item) => item.group === group && !item.flat).map((item) => item.line)
    if (horizontal.length < 2 || vertical.length === 0) continue
    frames.push({ box: boxOf(horizontal, vertical), horizontal, vertical })
  }
  return frames
}

function boxOf(horizontal: readonly Line[], vertical: readonly Line[]): Box {
  return {
    left: Math.min(...horizontal.map((line) => line.from), ...vertical.map((line) => line.at)),
    right: Math.max(...horizontal.map((line) => line.to), ...vertical.map((line) => line.at)),
    top: Math.min(...horizontal.map((line) => line.at), ...vertical.map((line) => line.from)),
    bottom: Math.max(...horizontal.map((line) => line.at), ...vertical.map((line) => line.to)),
  }
}
