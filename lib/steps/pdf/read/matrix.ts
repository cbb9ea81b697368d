import type { Box } from './model.ts'

/** x' = a x + c y + e, y' = b x + d y + f. */
export type Matrix = readonly [a: number, b: number, c: number, d: number, e: number, f: number]

export const identity: Matrix = [1, 0, 0, 1, 0, 0]

/** `inner` first, then `outer`. */
export function multiply(outer: Matrix, inner: Matrix): Matrix {
  const [a, b, c, d, e, f] = outer
  const [g, h, i, j, k, l] = inner
  return [a * g + c * h, b * g + d * h, a * i + c * j, b * i + d * j, a * k + c * l + e, b * k + d * l + f]
}

/** The box around a box after a transformation. */
export function transformBox(m: Matrix, x0: number, y0: number, x1: number, y1: number): Box {
  const [a, b, c, d, e, f] = m
  const ax = a * x0 + e
  const bx = a * x1 + e
  const cy = c * y0
  const dy = c * y1
  const ay = b * x0 + f
  const by = b * x1 + f
  const gy = d * y0
  const hy = d * y1
  return {
    left: Math.min(ax, bx) + Math.min(cy, dy),
    right: Math.max(ax, bx) + Math.max(cy, dy),
    top: Math.min(ay, by) + Math.min(gy, hy),
    bottom: Math.max(ay, by) + Math.max(gy, hy),
  }
}

/** What two boxes share; undefined when nothing. */
export function intersect(a: Box, b: Box): Box | undefined {
  const left = Math.max(a.left, b.left)
  const top = Math.max(a.top, b.top)
  const right = Math.min(a.right, b.right)
  const bottom = Math.min(a.bottom, b.bottom)
  return left <= right && top <= bottom ? { left, top, right, bottom } : undefined
}

/** How much a matrix enlarges, as the mean over both directions. */
export function scaleOf([a, b, c, d]: Matrix): number {
  return Math.sqrt(Math.abs(a * d - b * c))
}

const numeric = (value: unknown): value is number => typeof value === 'number'

/** A matrix out of what pdf.js hands on, or undefined when it is none. */
export function asMatrix(value: unknown): Matrix | undefined {
  // by place and not by copy: a page has a hundred thousand of them
  if (value instanceof Float32Array) {
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f] = value
    return f === undefined ? undefined : [a, b, c, d, e, f]
  }
  if (!Array.isArray(value)) return undefined
  const list: readonly unknown[] = value
  const [a, b, c, d, e, f] = list
  const all = numeric(a) && numeric(b) && numeric(c) && numeric(d) && numeric(e) && numeric(f)
  return all ? [a, b, c, d, e, f] : undefined
}
