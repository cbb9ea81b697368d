import type { Matrix } from './matrix.ts'
import type { Box } from './model.ts'

/** One part of a path, on the page. */
export interface Part {
  /** x, y, x, y … with curves flattened. */
  points: number[]
  closed: boolean
  curved: boolean
}

// pdf.js's codes in a path
const move = 0
const line = 1
const cubic = 2
const quadratic = 3
const close = 4
/** Straight pieces that a curve becomes. */
const pieces = 4
/** Numbers in a path beyond which the rest is left out: nobody's table is drawn so. */
const mostNumbers = 400_000

/** The parts of a path as pdf.js hands it on, moved to the page by a matrix. */
export function partsOf(data: Float32Array, [a, b, c, d, e, f]: Matrix): Part[] {
  const parts: Part[] = []
  let part: Part = { points: [], closed: false, curved: false }
  let px = 0
  let py = 0
  const put = (x: number, y: number) => part.points.push(a * x + c * y + e, b * x + d * y + f)
  const begin = () => {
    if (part.points.length >= 4) parts.push(part)
    part = { points: [], closed: false, curved: false }
  }
  const end = Math.min(data.length, mostNumbers)
  let at = 0
  const next = () => data[at++] ?? 0
  while (at < end) {
    const code = next()
    if (code === close) {
      part.closed = true
      continue
    }
    if (code === move) begin()
    else if (part.closed) {
      // a path that goes on after it was closed goes on from its beginning
      const [x = 0, y = 0] = part.points
      begin()
      part.points.push(x, y)
    }
    if (code === move || code === line) {
      px = next()
      py = next()
      put(px, py)
    } else if (code === cubic || code === quadratic) {
      part.curved = true
      let x1 = next()
      let y1 = next()
      let x2 = code === cubic ? next() : x1
      let y2 = code === cubic ? next() : y1
      const x = next()
      const y = next()
      if (code === quadratic) {
        x2 = x + (2 / 3) * (x1 - x)
        y2 = y + (2 / 3) * (y1 - y)
        x1 = px + (2 / 3) * (x1 - px)
        y1 = py + (2 / 3) * (y1 - py)
      }
      for (let piece = 1; piece <= pieces; piece += 1) {
        const t = piece / pieces
        const u = 1 - t
        const p = u * u * u
        const q = 3 * u * u * t
        const r = 3 * u * t * t
        const s = t * t * t
        put(p * px + q * x1 + r * x2 + s * x, p * py + q * y1 + r * y2 + s * y)
      }
      px = x
      py = y
    } else break
  }
  begin()
  return parts
}

/** The box around a part. */
export function boxOf(points: readonly number[]): Box {
  const box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity }
  for (let at = 0; at < points.length; at += 2) {
    const x = points[at] ?? 0
    const y = points[at + 1] ?? 0
    if (x < box.left) box.left = x
    if (x > box.right) box.right = x
    if (y < box.top) box.top = y
    if (y > box.bottom) box.bottom = y
  }
  return box
}

/** Whether a part is an upright rectangle: no corner but on the edges of its box, and no slanted side. */
export function isRectangle(part: Part, box: Box): boolean {
  const { points } = part
  if (part.curved || points.length < 6 || points.length > 20) return false
  const slack = 0.05
  let x0 = points.at(-2) ?? 0
  let y0 = points.at(-1) ?? 0
  let area = 0
  for (let at = 0; at < points.length; at += 2) {
    const x = points[at] ?? 0
    const y = points[at + 1] ?? 0
    if (Math.abs(x - x0) > slack && Math.abs(y - y0) > slack) return false
    area += x0 * y - x * y0
    x0 = x
    y0 = y
  }
  const whole = (box.right - box.left) * (box.bottom - box.top)
  return Math.abs(Math.abs(area) / 2 - whole) <= 0.02 * whole + 0.05
}
