import type { OPS } from 'pdfjs-dist'
import { Drawing } from './drawing.ts'
import { type Font, readFont } from './fonts.ts'
import { asMatrix, intersect, type Matrix, multiply, transformBox } from './matrix.ts'
import type { Box } from './model.ts'
import { colourOperator, graphicsState, numeric, picturesOf, textOperator } from './operators.ts'
import { boxOf, isRectangle, partsOf } from './paths.ts'
import type { Clip } from './sheet.ts'
import { initialState, type State } from './state.ts'
import { type Placed, placeText } from './text-run.ts'

/** What the painter must ask the document for. */
export interface Resources {
  ops: typeof OPS
  /** A font by pdf.js's id. */
  font(id: string): unknown
  /** Whether a layer is on. */
  layerOn(group: unknown): boolean
}

/** Operators between two looks at whether the work has been stopped. */
const stride = 4_096
/** States inside each other; a file that nests deeper is not a page. */
const deepest = 4_000
/** Things on a page; what is beyond is not read, and the page says so. */
const mostThings = 400_000
const mostClipOutlines = 6

const record = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

/** Follows a page's operators as a screen would, and gives them to a {@link Drawing}. */
export class Painter {
  readonly drawing: Drawing
  readonly #resources: Resources
  readonly #base: Matrix
  readonly #page: Clip
  readonly #fonts = new Map<string, Font>()
  #state: State
  readonly #stack: State[] = []
  /** Whether what is marked is drawn, and the innermost mark. */
  readonly #marks: { drawn: boolean; mark: string | undefined }[] = []
  /** Layers that are off, and groups that draw a mask and not the page. */
  #off = 0
  readonly #groups: boolean[] = []
  #clipNext: 'winding' | 'evenOdd' | undefined
  #spaced = false
  /** Things were left out, because there are too many. */
  truncated = false

  constructor(width: number, height: number, base: Matrix, resources: Resources) {
    this.drawing = new Drawing(width, height)
    this.#resources = resources
    this.#base = base
    this.#page = { box: { left: 0, top: 0, right: width, bottom: height }, outlines: [] }
    this.#state = initialState(base, this.#page)
  }

  /** Paints a list of operators. Throws what `stop` throws. */
  paint(codes: readonly number[], args: readonly unknown[], stop: () => void): void {
    for (let at = 0; at < codes.length; at += 1) {
      if (at % stride === 0) {
        stop()
        if (this.drawing.size > mostThings) {
          this.truncated = true
          return
        }
      }
      const given: unknown = args[at]
      this.#operator(codes[at] ?? 0, Array.isArray(given) ? given : [])
    }
  }

  get #drawn(): boolean {
    return this.#off === 0
  }

  #operator(code: number, args: readonly unknown[]): void {
    const { ops } = this.#resources
    const state = this.#state
    switch (code) {
      case ops.save:
        this.#save()
        break
      case ops.restore:
        this.#restore()
        break
      case ops.transform: {
        const matrix = asMatrix(args)
        if (matrix !== undefined) state.matrix = multiply(state.matrix, matrix)
        break
      }
      case ops.showText:
        this.#showText(args[0])
        break
      case ops.setFont:
        this.#setFont(args[0], args[1])
        break
      case ops.constructPath:
        this.#path(args)
        break
      case ops.clip:
        this.#clipNext = 'winding'
        break
      case ops.eoClip:
        this.#clipNext = 'evenOdd'
        break
      case ops.setGState:
        graphicsState(state, args[0], (id, size) => this.#setFont(id, size))
        break
      case ops.shadingFill:
        if (this.#drawn) {
          this.drawing.shade(state)
          this.#openWindow()
        }
        break
      default:
        if (textOperator(ops, state, code, args) || colourOperator(ops, state, code, args)) return
        if (!this.#pictures(code, args)) this.#content(code, args)
    }
  }

  #setFont(id: unknown, size: unknown): void {
    this.#state.size = numeric(size)
    if (typeof id !== 'string') return
    let font = this.#fonts.get(id)
    if (font === undefined) {
      font = readFont(this.#resources.font(id))
      this.#fonts.set(id, font)
    }
    this.#state.font = font
  }

  #showText(list: unknown): void {
    if (!Array.isArray(list)) return
    const drawn = this.#drawn
    const mark = this.#marks.at(-1)?.mark
    const state = this.#state
    this.#spaced = placeText(
      state,
      list,
      (placed) => {
        placed.glyph.mark = mark
        if (!drawn) return
        if (state.mode >= 4) state.windowed = true
        if (state.mode === 7) this.#throughWindow(placed)
        else this.drawing.glyph(placed, state)
      },
      this.#spaced,
    )
  }

  /** Text in mode 7 shows what is painted through it; bounded by the page's own limit. */
  #throughWindow(placed: Placed): void {
    this.#state.window ??= []
    this.#state.window.push(placed)
  }

  #openWindow(): void {
    const { window } = this.#state
    if (window === undefined) return
    this.#state.window = undefined
    for (const placed of window) this.drawing.glyph(placed, { ...this.#state, mode: 0, fill: undefined })
  }

  #path(args: readonly unknown[]): void {
    const { ops } = this.#resources
    const [way, list, minMax]: readonly unknown[] = args
    const data: unknown = Array.isArray(list) ? list[0] : undefined
    const bounds = minMax instanceof Float32Array ? minMax : undefined
    const clipping = this.#clipNext
    this.#clipNext = undefined
    if (!(data instanceof Float32Array) || bounds === undefined) return
    const state = this.#state
    const [x0 = 0, y0 = 0, x1 = 0, y1 = 0] = bounds
    const box = transformBox(state.matrix, x0, y0, x1, y1)
    if (this.#drawn && typeof way === 'number') {
      const evenOdd = way === ops.eoFill || way === ops.eoFillStroke || way === ops.closeEOFillStroke
      const fills = evenOdd || way === ops.fill || way === ops.fillStroke || way === ops.closeFillStroke
      const strokes = way !== ops.fill && way !== ops.eoFill && way !== ops.endPath
      if (fills) this.drawing.fill(data, box, state, evenOdd)
      if (strokes) this.drawing.stroke(data, box, state)
      if (fills || strokes) this.#openWindow()
    }
    if (clipping !== undefined) this.#clip(data, state.matrix, clipping === 'evenOdd')
  }

  #clip(data: Float32Array, matrix: Matrix, evenOdd: boolean): void {
    const state = this.#state
    const parts = partsOf(data, matrix)
    if (parts.length === 0) return
    const boxes = parts.map((part) => boxOf(part.points))
    const around = boxes.reduce((all, box) => ({
      left: Math.min(all.left, box.left),
      top: Math.min(all.top, box.top),
      right: Math.max(all.right, box.right),
      bottom: Math.max(all.bottom, box.bottom),
    }))
    const [first] = parts
    const plain = parts.length === 1 && first !== undefined && isRectangle(first, around)
    this.#clipBox(around)
    if (plain || state.clip.outlines.length >= mostClipOutlines) return
    const outline = { parts: parts.map((part) => part.points), evenOdd }
    if (outline.parts.reduce((sum, points) => sum + points.length, 0) > 2_000) return
    state.clip = { box: state.clip.box, outlines: [...state.clip.outlines, outline] }
  }

  #clipBox(box: Box): void {
    const { clip } = this.#state
    const shared = intersect(clip.box, box) ?? { left: -2, top: -2, right: -1, bottom: -1 }
    this.#state.clip = { box: shared, outlines: clip.outlines }
  }

  #pictures(code: number, args: readonly unknown[]): boolean {
    const found = picturesOf(this.#resources.ops, code, args, this.#state.matrix)
    if (found === undefined) return false
    if (!this.#drawn) return true
    for (const matrix of found.places) this.drawing.image({ ...this.#state, matrix }, found.opaque)
    this.#openWindow()
    return true
  }

  #save(): void {
    if (this.#stack.length < deepest) this.#stack.push({ ...this.#state })
  }

  #restore(): void {
    const state = this.#stack.pop()
    if (state !== undefined) this.#state = state
  }

  #content(code: number, args: readonly unknown[]): void {
    const { ops } = this.#resources
    switch (code) {
      case ops.beginMarkedContent:
        this.#marks.push({ drawn: true, mark: markOf(args[0], undefined) ?? this.#marks.at(-1)?.mark })
        break
      case ops.beginMarkedContentProps: {
        const drawn = args[0] !== 'OC' || args[1] === null || this.#resources.layerOn(args[1])
        if (!drawn) this.#off += 1
        this.#marks.push({ drawn, mark: markOf(args[0], args[1]) ?? this.#marks.at(-1)?.mark })
        break
      }
      case ops.endMarkedContent:
        if (this.#marks.pop()?.drawn === false) this.#off -= 1
        break
      case ops.paintFormXObjectBegin:
        this.#save()
        this.#enter(asMatrix(args[0]), args[1])
        break
      case ops.paintFormXObjectEnd:
        this.#restore()
        break
      case ops.beginGroup:
        this.#beginGroup(args[0])
        break
      case ops.endGroup:
        if (this.#groups.pop() === true) this.#off -= 1
        this.#restore()
        break
      case ops.beginAnnotation: {
        this.#save()
        this.#state = initialState(this.#base, this.#page)
        const [, rectangle, place, matrix] = args
        this.#clipTo(rectangle)
        for (const next of [place, matrix]) {
          const m = asMatrix(next)
          if (m !== undefined) this.#state.matrix = multiply(this.#state.matrix, m)
        }
        break
      }
      case ops.endAnnotation:
        this.#restore()
        break
      default:
    }
  }

  #enter(matrix: Matrix | undefined, bounds: unknown): void {
    if (matrix !== undefined) this.#state.matrix = multiply(this.#state.matrix, matrix)
    this.#clipTo(bounds)
  }

  #clipTo(bounds: unknown): void {
    if (!(bounds instanceof Float32Array) && !Array.isArray(bounds)) return
    const [x0, y0, x1, y1]: unknown[] = [...bounds]
    this.#clipBox(transformBox(this.#state.matrix, numeric(x0), numeric(y0), numeric(x1), numeric(y1)))
  }

  #beginGroup(group: unknown): void {
    this.#save()
    const mask = record(group) && record(group.smask)
    this.#groups.push(mask)
    if (mask) this.#off += 1
    const state = this.#state
    if (record(group) && (group.bbox instanceof Float32Array || Array.isArray(group.bbox))) {
      const { matrix } = state
      this.#enter(asMatrix(group.matrix), group.bbox)
      state.matrix = matrix
    }
    state.groupAlpha *= state.fillAlpha
    state.fillAlpha = state.strokeAlpha = 1
  }
}

function markOf(tag: unknown, id: unknown): string | undefined {
  if (tag === 'Artifact') return 'artifact'
  return typeof id === 'number' ? `mc${id}` : undefined
}
