import type { Box } from '../read/model.ts'
import type { Display } from './accept.ts'
import { gapAcross } from './geometry.ts'
import { equationNumber } from './number.ts'
import type { Segment } from './segments.ts'
import type { Ground } from './zones.ts'

const cue =
  /f[óo]rmula|equa[çc]|express(?:ão|ões)|calculad|cálculo|obtid|dad[oa] por|seguinte|equation|expression|calculated|given by|as follows/i

/**
 * Bitmaps that are probably formulas: of a formula's height, on a line of their own, with an equation's number beside them or after a
 * sentence that announces one.
 */
export function picturesOf(
  { page, segments }: Ground,
  displays: readonly Display[],
): { box: Box; number: string | undefined }[] {
  const found: { box: Box; number: string | undefined }[] = []
  for (const box of page.images) {
    const width = box.right - box.left
    const height = box.bottom - box.top
    if (height < 8 || height > 130 || width < 20 || width > 0.8 * page.width || width < 0.6 * height) continue
    if (displays.some((one) => overlap(one.box, box))) continue
    const beside = segments.filter((one) => one.baseline > box.top && one.baseline - 0.7 * one.size < box.bottom)
    const numbers = beside.filter((one) => one.left >= box.right && equationNumber(one.text) !== undefined)
    if (beside.some((one) => one.words > 0 && !numbers.includes(one))) continue
    const number = equationNumber(numbers[0]?.text ?? '')
    if (number !== undefined || announced(segments, box)) found.push({ box, number })
  }
  return found
}

/** The nearest text above ends with a colon and says that a formula comes. */
function announced(segments: readonly Segment[], box: Box): boolean {
  const above = segments.filter((one) => one.baseline < box.top + 2).toSorted((a, b) => b.baseline - a.baseline)
  const last = above[0]
  if (last === undefined || box.top - last.baseline > 4 * last.size) return false
  const line = above.filter((one) => last.baseline - one.baseline < 0.3 * last.size).toSorted((a, b) => a.left - b.left)
  const text = line.map((one) => one.text).join(' ')
  const before = above.find((one) => last.baseline - one.baseline > 0.5 * last.size)?.text ?? ''
  return /:\s*$/.test(text) && (cue.test(text) || cue.test(before))
}

function overlap(a: Box, b: Box): boolean {
  return gapAcross(a, b) === 0 && a.top < b.bottom && a.bottom > b.top
}
