import type { Box } from '../read/model.ts'

/** The box around boxes. */
export function around(boxes: Iterable<Box>): Box {
  const box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity }
  for (const { left, top, right, bottom } of boxes) {
    if (left < box.left) box.left = left
    if (top < box.top) box.top = top
    if (right > box.right) box.right = right
    if (bottom > box.bottom) box.bottom = bottom
  }
  return box
}

/** How far apart two boxes are across the page; 0 when they overlap there. */
export const gapAcross = (a: Box, b: Box): number => Math.max(0, a.left - b.right, b.left - a.right)
/** How far apart two boxes are down the page; negative when they overlap there. */
export const gapDown = (a: Box, b: Box): number => Math.max(a.top - b.bottom, b.top - a.bottom)
/** The middle across. */
export const middle = (box: Box): number => (box.left + box.right) / 2
/** The middle down. */
export const centre = (box: Box): number => (box.top + box.bottom) / 2
