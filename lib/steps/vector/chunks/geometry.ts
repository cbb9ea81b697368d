import type { Box } from './model.ts'

/** Square points. */
export function areaOf(box: Box): number {
  return Math.max(0, box.right - box.left) * Math.max(0, box.bottom - box.top)
}

/** Whether most of a box lies in another. */
export function insideOf(box: Box, other: Box): boolean {
  const common = areaOf({
    left: Math.max(box.left, other.left),
    top: Math.max(box.top, other.top),
    right: Math.min(box.right, other.right),
    bottom: Math.min(box.bottom, other.bottom),
  })
  return common > 0.6 * areaOf(box)
}

/** The box around several; undefined for none. */
export function around(boxes: readonly Box[]): Box | undefined {
  const [first, ...rest] = boxes
  if (first === undefined) return undefined
  const all = { left: first.left, top: first.top, right: first.right, bottom: first.bottom }
  for (const box of rest) {
    all.left = Math.min(all.left, box.left)
    all.top = Math.min(all.top, box.top)
    all.right = Math.max(all.right, box.right)
    all.bottom = Math.max(all.bottom, box.bottom)
  }
  return all
}
