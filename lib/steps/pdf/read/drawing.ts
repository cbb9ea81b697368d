import { intersect, scaleOf, transformBox } from './matrix.ts'
import type { Box, Fill, Rule } from './model.ts'
import { boxOf, isRectangle, type Part, partsOf } from './paths.ts'
import { type Item, inside, type Outline, Sheet, sameColour, shows } from './sheet.ts'
import type { State } from './state.ts'
import type { Placed } from './text-run.ts'

interface GlyphItem extends Item {
  placed: Placed
}
interface RuleItem extends Item {
  rule: Rule
}
interface FillItem extends Item {
  fill: Fill
}

/** A page when all is painted. */
interface Result {
  glyphs: Placed[]
  /** Drawn invisibly, or under other things. */
  unseen: Placed[]
  clipped: Placed[]
  rules: Rule[]
  fills: Fill[]
  images: Box[]
}

/** Thicker than this is a region and not a line, unless it is long. */
const thin = 1.6
const thinLong = 3.5
/** A region smaller than this neither hides nor colours anything that counts. */
const smallest = 1.5
const mostOutlinePoints = 4_000

/** What a page's operators put on it, with what is hidden kept apart. */
export class Drawing {
  readonly #page: Box
  readonly #sheet: Sheet
  readonly #glyphs: GlyphItem[] = []
  readonly #rules: RuleItem[] = []
  readonly #fills: FillItem[] = []
  readonly #images: Item[] = []
  /** Glyphs that nobody sees: drawn invisibly, or under a picture. */
  readonly #unseen: Placed[] = []
  /** Glyphs on the page that only the clip hides. */
  readonly #clipped: Placed[] = []
  outlines = 0

  constructor(width: number, height: number) {
    this.#page = { left: 0, top: 0, right: width, bottom: height }
    this.#sheet = new Sheet(width, height)
  }

  /** How many things are on the page. */
  get size(): number {
    return (
      this.#glyphs.length +
      this.#rules.length +
      this.#fills.length +
      this.#images.length +
      this.#unseen.length +
      this.#clipped.length
    )
  }

  /** A glyph that the state makes visible or not. */
  glyph(placed: Placed, state: State): void {
    const { glyph } = placed
    const middle = (glyph.left + glyph.right) / 2
    const height = (glyph.top + glyph.bottom) / 2
    const under = this.#sheet.colourAt(middle, height)
    if (!inked(state) || (under !== undefined && !this.#visible(state, under))) {
      this.#unseen.push(placed)
      return
    }
    if (!shows(state.clip, glyph)) {
      const { left, top, right, bottom } = this.#page
      const onPage = middle >= left && middle <= right && height >= top && height <= bottom
      ;(onPage ? this.#clipped : this.#unseen).push(placed)
      return
    }
    const item = { box: glyph, hidden: false, placed }
    this.#glyphs.push(item)
    this.#sheet.add(item)
  }

  /** Whether the state's colour can be told from what lies under it. */
  #visible({ mode, fill, stroke }: State, under: string): boolean {
    const way = mode & 3
    const fills = way !== 1 && fill !== 'none' && (fill === undefined || !sameColour(fill, under))
    const strokes =
      (way === 1 || way === 2) && stroke !== 'none' && (stroke === undefined || !sameColour(stroke, under))
    return fills || strokes
  }

  /** A filled path. */
  fill(data: Float32Array, bounds: Box, state: State, evenOdd: boolean): void {
    if (state.fill === 'none' || state.fillAlpha * state.groupAlpha < 0.02) return
    const around = intersect(bounds, state.clip.box)
    if (around === undefined) return
    const opaque = isOpaque(state)
    const boxes = partsOf(data, state.matrix).map((part) => ({ part, box: boxOf(part.points) }))
    const nested = holdsAnother(boxes.map(({ box }) => box))
    if (nested && this.#frame(boxes, evenOdd, state)) return
    const other: Part[] = []
    for (const { part, box } of boxes) {
      if (!nested && isRectangle(part, box)) this.#fillBox(box, state, opaque)
      else {
        other.push(part)
        if (part.curved) this.outlines += 1
      }
    }
    if (other.length === 0) return
    const points = other.reduce((sum, part) => sum + part.points.length, 0)
    if (points > mostOutlinePoints) return
    const outline: Outline = { parts: other.map((part) => part.points), evenOdd }
    const box = boxOf(other.length === 1 ? (other[0]?.points ?? []) : other.flatMap((part) => part.points))
    if (box.right - box.left < smallest || box.bottom - box.top < smallest) return
    // a band with round corners is a band
    const item = fullness(outline, box) > 0.85 ? this.#newFill(box, state) : undefined
    this.#put(box, state, outline, opaque)
    if (item !== undefined) this.#sheet.add(item)
  }

  /** A thin frame, drawn as a box with a hole, is four rules. */
  #frame(boxes: readonly { part: Part; box: Box }[], evenOdd: boolean, state: State): boolean {
    const [first, second, ...rest] = boxes
    if (first === undefined || second === undefined || rest.length > 0) return false
    if (boxes.some(({ part, box }) => !isRectangle(part, box))) return false
    const [outer, inner] = holds(first.box, second.box) ? [first.box, second.box] : [second.box, first.box]
    const outline: Outline = { parts: boxes.map(({ part }) => part.points), evenOdd }
    if (inside(outline, (inner.left + inner.right) / 2, (inner.top + inner.bottom) / 2)) return false
    const sides: Box[] = [
      { ...outer, right: inner.left },
      { ...outer, left: inner.right },
      { ...outer, bottom: inner.top },
      { ...outer, top: inner.bottom },
    ]
    if (sides.some((side) => Math.min(side.right - side.left, side.bottom - side.top) > thinLong)) return false
    for (const side of sides) this.#addRule(side, state.fill, state)
    return true
  }

  #fillBox(box: Box, state: State, opaque: boolean): void {
    const width = box.right - box.left
    const height = box.bottom - box.top
    const [short, long] = width < height ? [width, height] : [height, width]
    if (short <= thin || (short <= thinLong && long > 12 * short)) {
      this.#addRule(box, state.fill, state)
      return
    }
    const item = this.#newFill(box, state)
    this.#put(box, state, undefined, opaque)
    if (item !== undefined) this.#sheet.add(item)
  }

  #put(box: Box, state: State, outline: Outline | undefined, opaque: boolean): void {
    if (opaque) this.#sheet.cover(box, state.clip, outline, state.fill)
    else this.#sheet.tint(box, state.clip, outline)
  }

  /** A region to be seen. It goes on the sheet after its own paint, which would hide it. */
  #newFill(box: Box, state: State): Item | undefined {
    const { fill } = state
    const shown = intersect(intersect(box, state.clip.box) ?? nowhere, this.#page)
    if (shown === undefined || fill === undefined || fill === 'none' || state.windowed) return undefined
    if (shown.right - shown.left < 3 || shown.bottom - shown.top < 3 || !shows(state.clip, shown)) return undefined
    const under = this.#sheet.colourAt((shown.left + shown.right) / 2, (shown.top + shown.bottom) / 2)
    if (under !== undefined && sameColour(under, fill)) return undefined
    const item = { box: shown, hidden: false, fill: { ...shown, colour: fill } }
    this.#fills.push(item)
    return item
  }

  #addRule(box: Box, colour: string | undefined | 'none', state: State): void {
    const shown = intersect(intersect(box, state.clip.box) ?? nowhere, this.#page)
    if (shown === undefined || colour === 'none' || !shows(state.clip, shown)) return
    const x = (shown.left + shown.right) / 2
    const y = (shown.top + shown.bottom) / 2
    const under = this.#sheet.colourAt(x, y)
    if (under !== undefined && colour !== undefined && sameColour(under, colour)) return
    const horizontal = shown.right - shown.left >= shown.bottom - shown.top
    const item = {
      box: shown,
      hidden: false,
      rule: { ...shown, direction: horizontal ? ('horizontal' as const) : ('vertical' as const) },
    }
    this.#rules.push(item)
    this.#sheet.add(item)
  }

  /** A stroked path: its upright straight pieces are rules. */
  stroke(data: Float32Array, bounds: Box, state: State): void {
    if (state.stroke === 'none' || state.strokeAlpha * state.groupAlpha < 0.02) return
    const width = Math.max(0.1, state.lineWidth * scaleOf(state.matrix))
    const half = width / 2
    if (intersect(grow(bounds, half), state.clip.box) === undefined) return
    for (const { points, closed, curved } of partsOf(data, state.matrix)) {
      if (curved) continue
      let [x0 = 0, y0 = 0] = closed ? points.slice(-2) : points
      for (let at = closed ? 0 : 2; at < points.length; at += 2) {
        const x1 = points[at] ?? 0
        const y1 = points[at + 1] ?? 0
        const dx = Math.abs(x1 - x0)
        const dy = Math.abs(y1 - y0)
        const flat = dy < 0.3 && dx >= 1
        if (flat || (dx < 0.3 && dy >= 1)) {
          const box = flat
            ? {
                left: Math.min(x0, x1),
                right: Math.max(x0, x1),
                top: (y0 + y1) / 2 - half,
                bottom: (y0 + y1) / 2 + half,
              }
            : {
                left: (x0 + x1) / 2 - half,
                right: (x0 + x1) / 2 + half,
                top: Math.min(y0, y1),
                bottom: Math.max(y0, y1),
              }
          this.#strokeBox(box, width, Math.max(dx, dy), state)
        }
        x0 = x1
        y0 = y1
      }
    }
  }

  #strokeBox(box: Box, width: number, length: number, state: State): void {
    if (width <= thinLong || length > 12 * width) this.#addRule(box, state.stroke, state)
    const opaque = isOpaque({ ...state, fill: state.stroke, fillOpaque: true, fillAlpha: state.strokeAlpha })
    if (width > smallest && opaque) this.#sheet.cover(box, state.clip, undefined, state.stroke)
  }

  /** A picture in the unit square of the state. */
  image(state: State, opaque: boolean): void {
    const box = transformBox(state.matrix, 0, 0, 1, 1)
    const shown = intersect(intersect(box, state.clip.box) ?? nowhere, this.#page)
    if (shown === undefined || state.fillAlpha * state.groupAlpha < 0.02) return
    const upright =
      Math.abs(state.matrix[1]) + Math.abs(state.matrix[2]) < 0.01 ||
      Math.abs(state.matrix[0]) + Math.abs(state.matrix[3]) < 0.01
    const whole = { ...state, fillOpaque: true, fill: undefined }
    this.#put(box, whole, undefined, opaque && upright && !state.pictureMasked && isOpaque(whole))
    if (shown.right - shown.left < 4 || shown.bottom - shown.top < 4) return
    const item = { box: shown, hidden: false }
    this.#images.push(item)
    this.#sheet.add(item)
  }

  /** A gradient over all that the clip leaves free. */
  shade(state: State): void {
    const whole = { ...state, fillOpaque: true, fill: undefined }
    this.#put(state.clip.box, whole, undefined, isOpaque(whole))
  }

  /** What is left to see. */
  result(): Result {
    const glyphs: Placed[] = []
    const unseen = [...this.#unseen]
    for (const item of this.#glyphs) (item.hidden ? unseen : glyphs).push(item.placed)
    return {
      glyphs,
      unseen,
      clipped: this.#clipped,
      rules: this.#rules.filter((item) => !item.hidden).map((item) => item.rule),
      fills: this.#fills.filter((item) => !item.hidden).map((item) => item.fill),
      images: this.#images.filter((item) => !item.hidden).map((item) => item.box),
    }
  }
}

const nowhere: Box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity }

/** Whether the first box holds the second. */
const holds = (a: Box, b: Box): boolean =>
  a.left <= b.left && a.right >= b.right && a.top <= b.top && a.bottom >= b.bottom

/** Whether the largest of some boxes holds another: one may be a hole in it. */
function holdsAnother(boxes: readonly Box[]): boolean {
  const [first, ...rest] = boxes
  if (first === undefined || rest.length === 0) return false
  const area = (box: Box) => (box.right - box.left) * (box.bottom - box.top)
  const largest = rest.reduce((most, box) => (area(box) > area(most) ? box : most), first)
  return boxes.some((box) => box !== largest && holds(largest, box))
}

function grow(box: Box, by: number): Box {
  return { left: box.left - by, top: box.top - by, right: box.right + by, bottom: box.bottom + by }
}

/** Whether text is painted at all: not in mode 3 (invisible) or 7 (a window), not in a colour that lets everything through. */
function inked(state: State): boolean {
  const way = state.mode & 3
  const fills = way !== 1 && state.fill !== 'none' && state.fillAlpha * state.groupAlpha >= 0.02
  const strokes = (way === 1 || way === 2) && state.stroke !== 'none' && state.strokeAlpha * state.groupAlpha >= 0.02
  return way !== 3 && (fills || strokes)
}

function isOpaque(state: State): boolean {
  return (
    state.fillOpaque &&
    state.fill !== 'none' &&
    state.fillAlpha * state.groupAlpha >= 0.95 &&
    !state.blended &&
    !state.masked &&
    !state.windowed
  )
}

/** The part of its box that an outline fills, from its area. */
function fullness({ parts }: Outline, box: Box): number {
  let area = 0
  for (const points of parts) {
    let x0 = points.at(-2) ?? 0
    let y0 = points.at(-1) ?? 0
    for (let at = 0; at < points.length; at += 2) {
      const x = points[at] ?? 0
      const y = points[at + 1] ?? 0
      area += x0 * y - x * y0
      x0 = x
      y0 = y
    }
  }
  return Math.abs(area) / 2 / ((box.right - box.left) * (box.bottom - box.top))
}
