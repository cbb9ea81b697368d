import { around } from '../read/boxes.ts'
import { axisHeight, type Item } from './atoms.ts'

/** A joined piece with the box of its parts. */
export function node(parts: readonly Item[], latex: string, more: Partial<Item> = {}): Item {
  const size = Math.max(...parts.map((item) => item.size))
  const box = around(parts)
  return {
    ...box,
    latex,
    role: 'node',
    baseline: (box.top + box.bottom) / 2 + axisHeight * size,
    axis: (box.top + box.bottom) / 2,
    size,
    text: '',
    upright: false,
    tall: false,
    spaced: parts[0]?.spaced ?? false,
    doubt: parts.reduce((sum, item) => sum + item.doubt, 0),
    ...more,
  }
}
