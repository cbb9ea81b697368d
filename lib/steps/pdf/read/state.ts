import type { Font } from './fonts.ts'
import { identity, type Matrix } from './matrix.ts'
import type { Clip } from './sheet.ts'
import type { Placed } from './text-run.ts'

/** What the operators of a page set, as PDF's graphics state. Colours: #rrggbb, undefined for patterns, `none` for no paint. */
export interface State {
  matrix: Matrix
  clip: Clip
  fill: string | undefined | 'none'
  /** Whether the pattern that fills lets nothing through. */
  fillOpaque: boolean
  stroke: string | undefined | 'none'
  fillAlpha: number
  strokeAlpha: number
  /** Of the groups that this is part of. */
  groupAlpha: number
  /** Mixed with what lies below by more than painting over it. */
  blended: boolean
  masked: boolean
  /** The next picture has a mask of its own. */
  pictureMasked: boolean
  lineWidth: number
  font: Font | undefined
  size: number
  charSpacing: number
  wordSpacing: number
  horizontal: number
  leading: number
  rise: number
  mode: number
  textMatrix: Matrix
  x: number
  y: number
  lineX: number
  lineY: number
  /** Text that is a window: it shows as soon as something is painted through it. */
  window: Placed[] | undefined
  /** What is painted shows only through text. */
  windowed: boolean
}

/** The state in which a page begins. */
export function initialState(matrix: Matrix, clip: Clip): State {
  return {
    matrix,
    clip,
    fill: '#000000',
    fillOpaque: true,
    stroke: '#000000',
    fillAlpha: 1,
    strokeAlpha: 1,
    groupAlpha: 1,
    blended: false,
    masked: false,
    pictureMasked: false,
    lineWidth: 1,
    font: undefined,
    size: 0,
    charSpacing: 0,
    wordSpacing: 0,
    horizontal: 1,
    leading: 0,
    rise: 0,
    mode: 0,
    textMatrix: identity,
    x: 0,
    y: 0,
    lineX: 0,
    lineY: 0,
    window: undefined,
    windowed: false,
  }
}
