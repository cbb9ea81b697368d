import type { OPS } from 'pdfjs-dist'
import { Drawing } from './drawing.ts'
import { type Font, readFont } from './fonts.ts'
import { asMatrix, intersect, type Matrix, multiply, transformBox } from './matrix.ts'
import type { Box } from './model.ts'
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
const numeric = (value: unknown): number => (typeof value === 'number' && Number.isFinite(value) ? value : 0)

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
      case ops.constructPath:
        this.#path(args)
        break
      case ops.clip:
        this.#clipNext = 'winding'
        break
      case ops.eoClip:
        this.#clipNext = 'evenOdd'
        break
      case ops.setFillRGBColor:
        if (typeof args[0] === 'string') state.fill = args[0]
        state.fillOpaque = true
        break
      case ops.setStrokeRGBColor:
        if (typeof args[0] === 'string') state.stroke = args[0]
        break
      case ops.setFillColorN:
        state.fill = undefined
        state.fillOpaque = args[0] !== 'TilingPattern'
        break
      case ops.setStrokeColorN:
        state.stroke = undefined
        break
      case ops.setFillTransparent:
        state.fill = 'none'
        break
      case ops.setStrokeTransparent:
        state.stroke = 'none'
        break
      case ops.setLineWidth:
        state.lineWidth = numeric(args[0])
        break
      case ops.setGState:
        this.#graphicsState(args[0])
        break
      case ops.shadingFill:
        if (this.#drawn) {
          this.drawing.shade(state)
          this.#openWindow()
        }
        break
      default:
        if (!this.#text(code, args) && !this.#picture(code, args)) this.#content(code, args)
    }
  }

  #text(code: number, args: readonly unknown[]): boolean {
    const { ops } = this.#resources
    const state = this.#state
    switch (code) {
      case ops.beginText:
        state.textMatrix = [1, 0, 0, 1, 0, 0]
        state.x = state.lineX = state.y = state.lineY = 0
        return true
      case ops.setTextMatrix: {
        const matrix = asMatrix(args[0])
        if (matrix !== undefined) state.textMatrix = matrix
        state.x = state.lineX = state.y = state.lineY = 0
        return true
      }
      case ops.setLeadingMoveText:
        state.leading = numeric(args[1])
        this.#moveText(numeric(args[0]), numeric(args[1]))
        return true
      case ops.moveText:
        this.#moveText(numeric(args[0]), numeric(args[1]))
        return true
      case ops.nextLine:
        this.#moveText(0, state.leading)
        return true
      case ops.setLeading:
        state.leading = -numeric(args[0])
        return true
      case ops.setFont:
        this.#setFont(args[0], args[1])
        return true
      case ops.setCharSpacing:
        state.charSpacing = numeric(args[0])
        return true
      case ops.setWordSpacing:
        state.wordSpacing = numeric(args[0])
        return true
      case ops.setHScale:
        state.horizontal = numeric(args[0]) / 100
        return true
      case ops.setTextRise:
        state.rise = numeric(args[0])
        return true
      case ops.setTextRenderingMode:
        state.mode = numeric(args[0])
        return true
      default:
        return false
    }
  }

  #moveText(x: number, y: number): void {
    const state = this.#state
    state.x = state.lineX += x
    state.y = state.lineY += y
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

  #graphicsState(settings: unknown): void {
    if (!Array.isArray(settings)) return
    const state = this.#state
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
      else if (key === 'Font' && Array.isArray(value)) this.#setFont(value[0], value[1])
    }
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

  #picture(code: number, args: readonly unknown[]): boolean {
    const { ops } = this.#resources
    const opaque = code === ops.paintImageXObject || code === ops.paintInlineImageXObject
    if (
      opaque ||
      code === ops.paintImageMaskXObject ||
      code === ops.paintSolidColorImageMask ||
      code === ops.paintInlineImageXObjectGroup
    ) {
      this.#image(this.#state.matrix, opaque)
      return true
    }
    if (code === ops.paintImageXObjectRepeat || code === ops.paintImageMaskXObjectRepeat) {
      const mask = code === ops.paintImageMaskXObjectRepeat
      const [, a, second, third, d, list] = mask ? args : [args[0], args[1], 0, 0, args[2], args[3]]
      const positions = list instanceof Float32Array || Array.isArray(list) ? list : []
      for (let at = 0; at + 1 < positions.length && at < 20_000; at += 2) {
        const place: Matrix = [
          numeric(a),
          numeric(second),
          numeric(third),
          numeric(d),
          numeric(positions[at]),
          numeric(positions[at + 1]),
        ]
        this.#image(multiply(this.#state.matrix, place), !mask)
      }
      return true
    }
    if (code === ops.paintImageMaskXObjectGroup) {
      const [images]: readonly unknown[] = args
      for (const image of Array.isArray(images) ? (images as readonly unknown[]) : []) {
        const place = record(image) ? asMatrix(image.transform) : undefined
        if (place !== undefined) this.#image(multiply(this.#state.matrix, place), false)
      }
      return true
    }
    return false
  }

  #image(matrix: Matrix, opaque: boolean): void {
    if (!this.#drawn) return
    this.drawing.image({ ...this.#state, matrix }, opaque)
    this.#openWindow()
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
