import type { Box } from '../read/model.ts'

/** How far apart two boxes are across the page; 0 when they overlap there. */
export const gapAcross = (a: Box, b: Box): number => Math.max(0, a.left - b.right, b.left - a.right)
/** How far apart two boxes are down the page; negative when they overlap there. */
export const gapDown = (a: Box, b: Box): number => Math.max(a.top - b.bottom, b.top - a.bottom)
/** The middle across. */
export const middle = (box: Box): number => (box.left + box.right) / 2
/** The middle down. */
export const centre = (box: Box): number => (box.top + box.bottom) / 2
