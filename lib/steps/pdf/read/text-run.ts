import { plain } from './characters.ts'
import type { Font } from './fonts.ts'
import { multiply, transformBox } from './matrix.ts'
import type { Glyph } from './model.ts'
import type { State } from './state.ts'

/** A glyph as pdf.js names it; numbers between them are gaps. */
interface RawGlyph {
  unicode: string
  width: number
  code: number | undefined
  space: boolean
  vertical: readonly [advance: number, x: number, y: number] | undefined
  inFont: boolean
}

const record = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

function numbers3(value: unknown): RawGlyph['vertical'] {
  if (!Array.isArray(value)) return undefined
  const [advance, x, y]: unknown[] = value
  return typeof advance === 'number' && typeof x === 'number' && typeof y === 'number' ? [advance, x, y] : undefined
}

function rawGlyph(value: unknown): RawGlyph | undefined {
  if (!record(value)) return undefined
  const { unicode, width, originalCharCode, isSpace, vmetric, isInFont } = value
  return {
    unicode: typeof unicode === 'string' ? unicode : '',
    width: typeof width === 'number' && Number.isFinite(width) ? width : 0,
    code: typeof originalCharCode === 'number' ? originalCharCode : undefined,
    space: isSpace === true,
    vertical: numbers3(vmetric),
    inFont: isInFont === true,
  }
}

/** A name that tells nothing of what the glyph is: g12, cid:34, glyph7. */
const namelessName = /^(?:g|c|cid:?|glyph|index|a)\d+$/i

/** Private, control and replacement characters: they say what is drawn to nobody. */
function unreadable(text: string): boolean {
  const code = text.codePointAt(0) ?? 0
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0xe000 && code <= 0xf8ff) || code === 0xfffd
}

function guessed(raw: RawGlyph, text: string, font: Font): boolean {
  if (unreadable(raw.unicode)) return !font.symbol || unreadable(text)
  const name = raw.code === undefined ? undefined : font.differences(raw.code)
  return name !== undefined && namelessName.test(name) && raw.code === raw.unicode.charCodeAt(0)
}

/** A glyph where it stands, and its code in the font. */
export interface Placed {
  glyph: Glyph
  code: number | undefined
  /** What pdf.js says it reads as. */
  raw: string
  font: Font
}

/** Places the glyphs of one text operator and moves the state's text position on. Gives those that the font draws. */
export function placeText(
  state: State,
  list: readonly unknown[],
  place: (placed: Placed) => void,
  spaced: boolean,
): boolean {
  const { font } = state
  const size = Math.abs(state.size)
  if (font === undefined || size === 0 || !Number.isFinite(size)) return spaced
  const direction = state.size < 0 ? -1 : 1
  const horizontal = state.horizontal * direction
  const m = multiply(
    state.matrix,
    multiply(state.textMatrix, [horizontal, 0, 0, direction, state.x, state.y + state.rise]),
  )
  const scale = size * font.matrix[0]
  const height = size * Math.hypot(m[2], m[3])
  const angle = angleOf(m[0], m[1])
  const colour = state.fill === undefined || state.fill === 'none' ? '#000000' : state.fill
  let at = 0
  for (const value of list) {
    if (typeof value === 'number') {
      at += ((font.vertical ? 1 : -1) * value * size) / 1_000
      continue
    }
    const raw = rawGlyph(value)
    if (raw === undefined) continue
    const spacing = ((raw.space ? state.wordSpacing : 0) + state.charSpacing) * direction
    const width = raw.width * scale
    const vertical = font.vertical ? raw.vertical : undefined
    const x = vertical === undefined ? at : -vertical[1] * scale
    const y = vertical === undefined ? 0 : -(at + vertical[2] * scale)
    at += font.vertical ? -(vertical?.[0] ?? -1_000) * scale - spacing : width + spacing
    const text = textOf(raw, font)
    if (text.trim() === '') {
      spaced ||= text !== '' || raw.space
      continue
    }
    if (!(raw.inFont || font.substituted || font.type3) || !font.draws(value)) continue
    const box = transformBox(m, x, y + font.descent * size, x + width, y + font.ascent * size)
    if (!Number.isFinite(box.left + box.right + box.top + box.bottom)) continue
    const glyph: Glyph = {
      left: box.left,
      top: box.top,
      right: box.right,
      bottom: box.bottom,
      text,
      baseline: m[1] * x + m[3] * y + m[5],
      size: height,
      angle,
      font: font.name,
      bold: font.bold,
      italic: font.italic,
      colour,
      mark: undefined,
      spaced,
      guessed: guessed(raw, text, font),
    }
    spaced = false
    place({ glyph, code: raw.code, raw: raw.unicode, font })
  }
  if (font.vertical) state.y -= at
  else state.x += at * horizontal
  return spaced
}

const texts = new Map<string, string>()

/** Whether pdf.js gives a glyph's number for its character, and a number that is none. */
const isNumber = ({ code, unicode }: RawGlyph, font: Font): boolean =>
  font.composite && code !== undefined && code < 0x20 && unicode === String.fromCharCode(code)

/** What a glyph reads as. Nearly all are one of a few hundred, so they are looked up. */
function textOf(raw: RawGlyph, font: Font): string {
  if (font.symbol) return plain(raw.unicode, true)
  // perhaps to be guessed when the page is whole
  if (isNumber(raw, font)) return '\ufffd'
  let text = texts.get(raw.unicode)
  if (text === undefined) {
    text = plain(raw.unicode)
    if (texts.size < 20_000) texts.set(raw.unicode, text)
  }
  return text
}

/** Degrees clockwise, whole ones near the four upright directions. */
function angleOf(x: number, y: number): number {
  if (y === 0 && x > 0) return 0
  const degrees = ((Math.atan2(y, x) * 180) / Math.PI + 360) % 360
  const upright = Math.round(degrees / 90) * 90
  return (Math.abs(degrees - upright) < 0.5 ? upright : Math.round(degrees * 10) / 10) % 360
}
