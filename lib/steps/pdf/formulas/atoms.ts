import type { Box, Glyph } from '../read/model.ts'
import { type Role, symbolOf } from './symbols.ts'

/** A piece of a formula: a character, or several that were joined. Its box is what is inked, nearly. */
export interface Item extends Box {
  latex: string
  role: Role | 'node'
  baseline: number
  /** Where a fraction's line would be. */
  axis: number
  size: number
  /** As drawn; empty for what was joined. */
  text: string
  upright: boolean
  /** A bracket, big operator or root that may be taller than its line. */
  tall: boolean
  /** The file has a space before it. */
  spaced: boolean
  /** How much was guessed inside, from 0. */
  doubt: number
}

/** The height of a fraction's line over the baseline, in parts of the font's size. */
export const axisHeight = 0.25

/** Fonts whose big characters hang from their baseline: TeX's extensible ones. */
const hanging = /CMEX|MathExtension|EUEX|TXEX|PXEX|MTEX|rtxmioex/i
/** Those whose root hangs. */
const hangingRoot = /CMSY|LMSY|MathSymbols/i
/** Fonts of formulas in which no letter says whether it is upright. */
const mathFont = /math|CMMI|CMSY|LMMI/i

const pieces: Record<string, { char: string; place: 'top' | 'middle' | 'bottom' | 'any' }> = {
  '⎛': { char: '(', place: 'top' },
  '⎜': { char: '(', place: 'middle' },
  '⎝': { char: '(', place: 'bottom' },
  '⎞': { char: ')', place: 'top' },
  '⎟': { char: ')', place: 'middle' },
  '⎠': { char: ')', place: 'bottom' },
  '⎡': { char: '[', place: 'top' },
  '⎢': { char: '[', place: 'middle' },
  '⎣': { char: '[', place: 'bottom' },
  '⎤': { char: ']', place: 'top' },
  '⎥': { char: ']', place: 'middle' },
  '⎦': { char: ']', place: 'bottom' },
  '⎧': { char: '{', place: 'top' },
  '⎨': { char: '{', place: 'middle' },
  '⎩': { char: '{', place: 'bottom' },
  '⎫': { char: '}', place: 'top' },
  '⎬': { char: '}', place: 'middle' },
  '⎭': { char: '}', place: 'bottom' },
  '⎪': { char: '', place: 'any' },
  '⌠': { char: '∫', place: 'top' },
  '⎮': { char: '∫', place: 'middle' },
  '⌡': { char: '∫', place: 'bottom' },
  '\ue001': { char: '√', place: 'top' },
  '\ue000': { char: '√', place: 'middle' },
  '⎷': { char: '√', place: 'bottom' },
  '∣': { char: '|', place: 'middle' },
  '⏐': { char: '|', place: 'middle' },
}

/** Whether a character is a piece of a tall bracket. */
export const isPiece = (text: string): boolean => text in pieces

/** The glyph's vertical extent, judged by what it is: fonts' own heights hold the tallest of their characters. */
function inked(glyph: Glyph, role: Role): { top: number; bottom: number } {
  const { baseline, size, font } = glyph
  if (
    hanging.test(font) &&
    (role === 'open' || role === 'close' || role === 'big' || role === 'root' || role === 'fence')
  )
    return { top: baseline, bottom: baseline + (role === 'big' ? 1.4 : 1.2) * size }
  if (role === 'root' && hangingRoot.test(font)) return { top: baseline, bottom: baseline + 0.95 * size }
  if (role === 'big') return { top: baseline - 0.85 * size, bottom: baseline + 0.3 * size }
  if (role === 'relation' || role === 'binary') return { top: baseline - 0.5 * size, bottom: baseline }
  return { top: baseline - 0.7 * size, bottom: baseline + 0.2 * size }
}

function atom(glyph: Glyph): Item {
  const { latex, role } = symbolOf(glyph.text)
  const { top, bottom } = inked(glyph, role)
  const hangs = top === glyph.baseline
  return {
    left: glyph.left,
    right: glyph.right,
    top,
    bottom,
    latex,
    role,
    baseline: glyph.baseline,
    axis: hangs ? (top + bottom) / 2 : glyph.baseline - axisHeight * glyph.size,
    size: glyph.size,
    text: glyph.text,
    upright: !glyph.italic && !mathFont.test(glyph.font) && !/^\p{Script=Greek}$/u.test(glyph.text),
    tall: role === 'open' || role === 'close' || role === 'fence' || role === 'big' || role === 'root',
    spaced: glyph.spaced,
    doubt: (glyph.guessed ? 0.5 : 0) + (role === 'unknown' ? 1 : 0),
  }
}

/** A glyph that reads as several letters (a ligature) is as many pieces. */
function split(glyph: Glyph): Glyph[] {
  const chars = [...glyph.text.replace(/\ufe0e|\ufe0f/g, '')]
  if (chars.length < 2 || /\p{M}/u.test(glyph.text)) return [glyph]
  const width = (glyph.right - glyph.left) / chars.length
  return chars.map((text, at) => ({
    ...glyph,
    text,
    left: glyph.left + at * width,
    right: glyph.left + (at + 1) * width,
    spaced: at === 0 && glyph.spaced,
  }))
}

/** The characters of a formula as pieces to build with; brackets that are drawn in several glyphs are one. */
export function atomsOf(glyphs: readonly Glyph[]): Item[] {
  const items: Item[] = []
  const parts: Glyph[] = []
  for (const glyph of glyphs) {
    if (isPiece(glyph.text)) parts.push(glyph)
    else for (const one of split(glyph)) items.push(atom(one))
  }
  return centred(joinRoots([...items, ...joinPieces(parts)]))
}

/** The foot of a root whose upper part is a glyph of another kind. */
const foot = '⎷'

/** A tall root of several glyphs over each other is one. */
function joinRoots(items: readonly Item[]): Item[] {
  const roots = items.filter((item) => item.role === 'root').toSorted((a, b) => a.top - b.top)
  if (roots.length < 2) return [...items]
  const joined: Item[] = []
  for (const root of roots) {
    const above = joined.find(
      (one) =>
        Math.abs(one.left - root.left) < 0.5 * (root.right - root.left) &&
        root.top - one.bottom < (root.text === foot ? 1.2 : 0.35) * root.size,
    )
    if (above === undefined) joined.push({ ...root })
    else {
      above.bottom = Math.max(above.bottom, root.bottom)
      above.right = Math.max(above.right, root.right)
      above.left = Math.min(above.left, root.left)
      above.axis = (above.top + above.bottom) / 2
    }
  }
  return [...items.filter((item) => item.role !== 'root'), ...joined]
}

/**
 * Big brackets that hang from their baseline have one of four heights, and nothing says which. They are centred on the line they stand in,
 * which the sign of relation or the letter before them tells.
 */
function centred(items: Item[]): Item[] {
  return items.map((item) => {
    const hangs = item.tall && item.top === item.baseline && item.role !== 'root' && item.role !== 'big'
    if (!hangs) return item
    const near = items.filter(
      (other) =>
        !other.tall &&
        other.size > 0.85 * item.size &&
        other.axis > item.top + 0.3 * item.size &&
        other.axis < item.top + 1.7 * item.size &&
        Math.max(other.left - item.right, item.left - other.right) < 8 * item.size,
    )
    const distance = (other: Item): number =>
      Math.max(other.left - item.right, item.left - other.right) + (other.role === 'relation' ? -12 * item.size : 0)
    const nearest = near.toSorted((a, b) => distance(a) - distance(b))[0]
    if (nearest === undefined) return item
    const bottom = 2 * nearest.axis - item.top
    return { ...item, bottom, axis: nearest.axis, baseline: nearest.axis + axisHeight * item.size }
  })
}

/** Brackets out of their pieces: those over each other at the same place, until a new top begins. */
function joinPieces(parts: readonly Glyph[]): Item[] {
  const sorted = parts.toSorted((a, b) => a.baseline - b.baseline)
  const groups: Glyph[][] = []
  for (const glyph of sorted) {
    const place = pieces[glyph.text]?.place
    const char = pieces[glyph.text]?.char ?? ''
    const group = groups.findLast((one) => {
      const last = one.at(-1)
      if (last === undefined || place === 'top') return false
      // a stretched piece may have its origin under the last one
      if (pieces[last.text]?.place === 'bottom' && place === 'bottom') return false
      const same = one.every((other) => {
        const its = pieces[other.text]?.char ?? ''
        return its === '' || char === '' || its === char
      })
      return (
        same &&
        Math.abs(last.left - glyph.left) < 0.35 * glyph.size &&
        glyph.baseline - last.baseline < 2.2 * glyph.size
      )
    })
    if (group === undefined) groups.push([glyph])
    else group.push(glyph)
  }
  return groups.flatMap(joinGroup)
}

function joinGroup(group: readonly Glyph[]): Item[] {
  const first = group[0]
  const last = group.at(-1)
  if (first === undefined || last === undefined) return []
  const char = group.map((glyph) => pieces[glyph.text]?.char ?? '').find((one) => one !== '') ?? '|'
  const { latex, role } = symbolOf(char)
  const hangs = hanging.test(first.font)
  const top = hangs ? first.baseline : first.baseline - 0.9 * first.size
  const bottom = hangs ? last.baseline + 1.2 * last.size : last.baseline + 0.3 * last.size
  const axis = (top + bottom) / 2
  return [
    {
      left: Math.min(...group.map((glyph) => glyph.left)),
      right: Math.max(...group.map((glyph) => glyph.right)),
      top,
      bottom,
      latex,
      role,
      baseline: axis + axisHeight * first.size,
      axis,
      size: first.size,
      text: char === '√' && pieces[first.text]?.place === 'bottom' ? foot : char,
      upright: true,
      tall: true,
      spaced: first.spaced,
      doubt: 0,
    },
  ]
}
