import { intersect } from './matrix.ts'
import type { Box } from './model.ts'

/** Something on the page that later paint may cover. */
export interface Item {
  box: Box
  hidden: boolean
}

/** A closed outline, flattened: one list of x, y, x, y … for each of its parts. */
export interface Outline {
  parts: number[][]
  evenOdd: boolean
}

/** Where paint may go: a box, and outlines that cut it further. */
export interface Clip {
  box: Box
  outlines: readonly Outline[]
}

/** Opaque paint, where it was put. */
interface Paint {
  box: Box
  outlines: readonly Outline[]
  /** Undefined for pictures and gradients. */
  colour: string | undefined
}

interface Cell {
  items: Item[]
  paints: Paint[]
}

/** Whether a point is inside an outline. */
export function inside(outline: Outline, x: number, y: number): boolean {
  let winding = 0
  let crossings = 0
  for (const part of outline.parts) {
    let x0 = part.at(-2) ?? 0
    let y0 = part.at(-1) ?? 0
    for (let at = 0; at < part.length; at += 2) {
      const x1 = part[at] ?? 0
      const y1 = part[at + 1] ?? 0
      if (y0 <= y !== y1 <= y && x < x0 + ((y - y0) / (y1 - y0)) * (x1 - x0)) {
        crossings += 1
        winding += y1 > y0 ? 1 : -1
      }
      x0 = x1
      y0 = y1
    }
  }
  return outline.evenOdd ? crossings % 2 === 1 : winding !== 0
}

function holds(paint: { box: Box; outlines: readonly Outline[] }, x: number, y: number): boolean {
  const { box, outlines } = paint
  if (x < box.left || x > box.right || y < box.top || y > box.bottom) return false
  for (const outline of outlines) if (!inside(outline, x, y)) return false
  return true
}

/** Whether a clip lets the middle of a box through. */
export function shows(clip: Clip, box: Box): boolean {
  return holds(clip, (box.left + box.right) / 2, (box.top + box.bottom) / 2)
}

/** Whether somebody can tell two colours apart. */
export function sameColour(a: string, b: string): boolean {
  if (a === b) return true
  const x = Number.parseInt(a.slice(1), 16)
  const y = Number.parseInt(b.slice(1), 16)
  const apart = (shift: number) => Math.abs(((x >> shift) & 0xff) - ((y >> shift) & 0xff))
  return apart(16) <= 8 && apart(8) <= 8 && apart(0) <= 8
}

const paper = '#ffffff'
/** Paint that a cell remembers; the oldest go. */
const mostPaints = 64

/**
 * The page while it is painted, in cells, to answer two questions: what colour lies under a point, and what does new opaque paint hide.
 * Paint that fills a whole cell ends its memory, so that a page painted over a thousand times costs no more than one painted once.
 */
export class Sheet {
  readonly #size: number
  readonly #across: number
  readonly #down: number
  readonly #cells: (Cell | undefined)[]

  constructor(width: number, height: number) {
    this.#size = Math.max(24, Math.max(width, height) / 64)
    this.#across = Math.max(1, Math.ceil(width / this.#size))
    this.#down = Math.max(1, Math.ceil(height / this.#size))
    this.#cells = new Array<Cell | undefined>(this.#across * this.#down)
  }

  #column(x: number): number {
    return Math.min(this.#across - 1, Math.max(0, Math.floor(x / this.#size)))
  }

  #row(y: number): number {
    return Math.min(this.#down - 1, Math.max(0, Math.floor(y / this.#size)))
  }

  #cell(column: number, row: number): Cell {
    const at = row * this.#across + column
    const cell = this.#cells[at] ?? { items: [], paints: [] }
    this.#cells[at] = cell
    return cell
  }

  /** What lies under a point; undefined for pictures and gradients. */
  colourAt(x: number, y: number): string | undefined {
    const paints = this.#cells[this.#row(y) * this.#across + this.#column(x)]?.paints
    if (paints === undefined) return paper
    for (let at = paints.length - 1; at >= 0; at -= 1) {
      const paint = paints[at]
      if (paint !== undefined && holds(paint, x, y)) return paint.colour
    }
    return paper
  }

  add(item: Item): void {
    const { left, right, top, bottom } = item.box
    this.#cell(this.#column((left + right) / 2), this.#row((top + bottom) / 2)).items.push(item)
  }

  /** Opaque paint: hides what it covers. `outline`: what is painted, when it is not the whole box. */
  cover(box: Box, clip: Clip, outline: Outline | undefined, colour: string | undefined): void {
    this.#put(box, clip, outline, colour, true)
  }

  /** Paint that lets something through: it hides nothing, and what colour comes of it is not known. */
  tint(box: Box, clip: Clip, outline: Outline | undefined): void {
    this.#put(box, clip, outline, undefined, false)
  }

  #put(box: Box, clip: Clip, outline: Outline | undefined, colour: string | undefined, opaque: boolean): void {
    const shown = intersect(box, clip.box)
    if (shown === undefined || shown.right - shown.left < 1 || shown.bottom - shown.top < 1) return
    const paint: Paint = {
      box: shown,
      outlines: outline === undefined ? clip.outlines : [outline, ...clip.outlines],
      colour,
    }
    const size = this.#size
    for (let row = this.#row(shown.top); row <= this.#row(shown.bottom); row += 1) {
      for (let column = this.#column(shown.left); column <= this.#column(shown.right); column += 1) {
        const cell = this.#cell(column, row)
        if (opaque && cell.items.length > 0) cell.items = cell.items.filter((item) => !this.#covers(paint, item))
        const whole =
          paint.outlines.length === 0 &&
          shown.left <= column * size &&
          shown.right >= (column + 1) * size &&
          shown.top <= row * size &&
          shown.bottom >= (row + 1) * size
        if (whole) cell.paints.length = 0
        else if (cell.paints.length >= mostPaints) cell.paints.shift()
        cell.paints.push(paint)
      }
    }
  }

  /** Covered is what shows neither its middle nor any of its corners, a quarter in. */
  #covers(paint: Paint, item: Item): boolean {
    const { left, right, top, bottom } = item.box
    const x = (right - left) / 4
    const y = (bottom - top) / 4
    item.hidden =
      holds(paint, (left + right) / 2, (top + bottom) / 2) &&
      holds(paint, left + x, top + y) &&
      holds(paint, right - x, top + y) &&
      holds(paint, left + x, bottom - y) &&
      holds(paint, right - x, bottom - y)
    return item.hidden
  }
}
