import type { Box } from './model.ts'

/** The box around boxes. */
export function around(boxes: Iterable<Box>): Box {
  const all = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity }
  for (const { left, top, right, bottom } of boxes) {
    if (left < all.left) all.left = left
    if (top < all.top) all.top = top
    if (right > all.right) all.right = right
    if (bottom > all.bottom) all.bottom = bottom
  }
  return all
}

/** A box turned so that text at `angle` reads upright. */
export function turn({ left, top, right, bottom }: Box, angle: number): Box {
  if (angle === 0) return { left, top, right, bottom }
  const radians = (angle * Math.PI) / 180
  const cos = Math.cos(radians)
  const sin = Math.sin(radians)
  const us = [left * cos + top * sin, right * cos + top * sin, left * cos + bottom * sin, right * cos + bottom * sin]
  const vs = [top * cos - left * sin, top * cos - right * sin, bottom * cos - left * sin, bottom * cos - right * sin]
  return { left: Math.min(...us), right: Math.max(...us), top: Math.min(...vs), bottom: Math.max(...vs) }
}

/** The middle one of some numbers. Most often they are all the same, which needs no sorting. */
export function median(values: readonly number[]): number {
  const [first = 0] = values
  if (values.every((value) => value === first)) return first
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}
