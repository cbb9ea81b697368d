import type { OPS } from 'pdfjs-dist'
import { asMatrix, type Matrix, multiply } from './matrix.ts'
import type { State } from './state.ts'

type Ops = typeof OPS

const record = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

/** A number, or 0 for what is none. */
export const numeric = (value: unknown): number => (typeof value === 'number' && Number.isFinite(value) ? value : 0)

function moveText(state: State, x: number, y: number): void {
  state.x = state.lineX += x
  state.y = state.lineY += y
}

function startText(state: State, matrix: Matrix): void {
  state.textMatrix = matrix
  state.x = state.lineX = state.y = state.lineY = 0
}

/** Follows an operator that sets where and how text stands. False when it is another one. */
export function textOperator(ops: Ops, state: State, code: number, args: readonly unknown[]): boolean {
  const [first, second] = args
  switch (code) {
    case ops.beginText:
      startText(state, [1, 0, 0, 1, 0, 0])
      return true
    case ops.setTextMatrix:
      startText(state, asMatrix(first) ?? state.textMatrix)
      return true
    case ops.setLeadingMoveText:
      state.leading = numeric(second)
      moveText(state, numeric(first), numeric(second))
      return true
    case ops.moveText:
      moveText(state, numeric(first), numeric(second))
      return true
    case ops.nextLine:
      moveText(state, 0, state.leading)
      return true
    case ops.setLeading:
      state.leading = -numeric(first)
      return true
    case ops.setCharSpacing:
      state.charSpacing = numeric(first)
      return true
    case ops.setWordSpacing:
      state.wordSpacing = numeric(first)
      return true
    case ops.setHScale:
      state.horizontal = numeric(first) / 100
      return true
    case ops.setTextRise:
      state.rise = numeric(first)
      return true
    case ops.setTextRenderingMode:
      state.mode = numeric(first)
      return true
    default:
      return false
  }
}

/** Follows an operator that sets colours or lines. False when it is another one. */
export function colourOperator(ops: Ops, state: State, code: number, [first]: readonly unknown[]): boolean {
  switch (code) {
    case ops.setFillRGBColor:
      if (typeof first === 'string') state.fill = first
      state.fillOpaque = true
      return true
    case ops.setStrokeRGBColor:
      if (typeof first === 'string') state.stroke = first
      return true
    case ops.setFillColorN:
      state.fill = undefined
      state.fillOpaque = first !== 'TilingPattern'
      return true
    case ops.setStrokeColorN:
      state.stroke = undefined
      return true
    case ops.setFillTransparent:
      state.fill = 'none'
      return true
    case ops.setStrokeTransparent:
      state.stroke = 'none'
      return true
    case ops.setLineWidth:
      state.lineWidth = numeric(first)
      return true
    default:
      return false
  }
}

/** Follows the settings of an extended graphics state; a font among them goes to `setFont`. */
export function graphicsState(state: State, settings: unknown, setFont: (id: unknown, size: unknown) => void): void {
  if (!Array.isArray(settings)) return
  // how pdf.js announces a picture that has a mask: no mask but its own, in a state of its own
  const [only]: unknown[] = settings
  state.pictureMasked = settings.length === 1 && Array.isArray(only) && only[0] === 'SMask' && only[1] === false
  for (const setting of settings as readonly unknown[]) {
    if (!Array.isArray(setting)) continue
    const [key, value]: unknown[] = setting
    if (key === 'ca') state.fillAlpha = numeric(value)
    else if (key === 'CA') state.strokeAlpha = numeric(value)
    else if (key === 'LW') state.lineWidth = Math.abs(numeric(value))
    else if (key === 'BM') state.blended = value !== 'source-over'
    else if (key === 'SMask') state.masked = value !== false && value !== null
    else if (key === 'Font' && Array.isArray(value)) setFont(value[0], value[1])
  }
}

/** Copies of one picture that are followed. */
const mostCopies = 20_000

/** Where an operator puts pictures: unit squares moved by these matrices. Undefined when it puts none. */
export function picturesOf(
  ops: Ops,
  code: number,
  args: readonly unknown[],
  matrix: Matrix,
): { places: Matrix[]; opaque: boolean } | undefined {
  switch (code) {
    case ops.paintImageXObject:
    case ops.paintInlineImageXObject:
      return { places: [matrix], opaque: true }
    case ops.paintImageMaskXObject:
    case ops.paintSolidColorImageMask:
    case ops.paintInlineImageXObjectGroup:
      return { places: [matrix], opaque: false }
    case ops.paintImageXObjectRepeat: {
      const [, across, down, positions] = args
      return { places: copies(matrix, [across, 0, 0, down], positions), opaque: true }
    }
    case ops.paintImageMaskXObjectRepeat: {
      const [, a, b, c, d, positions] = args
      return { places: copies(matrix, [a, b, c, d], positions), opaque: false }
    }
    case ops.paintImageMaskXObjectGroup: {
      const images: unknown[] = Array.isArray(args[0]) ? args[0].slice(0, mostCopies) : []
      const places = images.map((image) => (record(image) ? asMatrix(image.transform) : undefined))
      return {
        places: places.filter((place) => place !== undefined).map((place) => multiply(matrix, place)),
        opaque: false,
      }
    }
    default:
      return undefined
  }
}

function copies(matrix: Matrix, shape: readonly unknown[], positions: unknown): Matrix[] {
  if (!(positions instanceof Float32Array) && !Array.isArray(positions)) return []
  const [a, b, c, d] = shape.map(numeric)
  const places: Matrix[] = []
  for (let at = 0; at + 1 < positions.length && at < 2 * mostCopies; at += 2) {
    const place: Matrix = [a ?? 0, b ?? 0, c ?? 0, d ?? 0, numeric(positions[at]), numeric(positions[at + 1])]
    places.push(multiply(matrix, place))
  }
  return places
}
