import { isSymbolFont } from './characters.ts'
import type { Matrix } from './matrix.ts'
import { asMatrix } from './matrix.ts'
import { isTexExtension } from './tex-fonts.ts'

/** What placing and naming glyphs needs of a font. */
export interface Font {
  name: string
  bold: boolean
  italic: boolean
  vertical: boolean
  type3: boolean
  matrix: Matrix
  /** Above and below the baseline, in parts of the font's size. */
  ascent: number
  descent: number
  /** Not embedded: every character is drawn with a substitute. */
  substituted: boolean
  symbol: boolean
  /** One of TeX's fonts of big signs, whose glyphs have names that no list knows. */
  texExtension: boolean
  /** Codes of several bytes. */
  composite: boolean
  /** Names of the glyphs that the file gives for codes. */
  differences: (code: number) => string | undefined
  /** Whether a glyph of a Type3 font puts anything on the page. */
  draws: (glyph: unknown) => boolean
}

const record = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

/** Own words of the font's name, so that "Semibold" and "Black" count and "Boldoni" does not. */
const boldName = /bold|black|heavy|(?:^|[-,. ])(?:bd|blk)(?:$|[-,. ])/i
const italicName = /italic|oblique|(?:^|[-,. ])(?:it|obl)(?:$|[-,. ])/i

function numberOr(value: unknown, fallback: number): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : fallback
}

/** Heights that a font's makers left out or got wrong are those of an ordinary font. */
function heights(font: Record<string, unknown>, type3: boolean, matrix: Matrix): { ascent: number; descent: number } {
  let ascent = numberOr(font.ascent, 0)
  let descent = numberOr(font.descent, 0)
  if (descent > 0) descent = -descent
  if (type3) {
    const box: unknown = font.bbox
    const [, low, , high]: unknown[] = Array.isArray(box) || box instanceof Float32Array ? [...box] : []
    const scale = Math.abs(matrix[3])
    ascent = numberOr(high, 0) * scale
    descent = numberOr(low, 0) * scale
    if (descent > 0) descent = 0
  }
  if (ascent < 0.3 || ascent > 1.4) ascent = 0.8
  if (descent < -0.6 || descent === 0) descent = -0.2
  return { ascent, descent }
}

const nothing = (): undefined => undefined

/** A font as pdf.js describes it. */
export function readFont(value: unknown): Font {
  const font = record(value) ? value : {}
  const matrix = asMatrix(font.fontMatrix) ?? [0.001, 0, 0, 0.001, 0, 0]
  const type3 = font.isType3Font === true
  const name = (typeof font.name === 'string' ? font.name : '').replace(/^[A-Z]{6}\+/, '')
  const names: unknown = font.differences
  const lookUp = names instanceof Map ? (code: number): unknown => names.get(code) : undefined
  const listed: Record<string, unknown> | undefined = lookUp === undefined && record(names) ? names : undefined
  const procedures: unknown = font.charProcOperatorList
  return {
    name,
    bold: font.bold === true || font.black === true || boldName.test(name),
    italic: font.italic === true || italicName.test(name),
    vertical: font.vertical === true,
    type3,
    matrix,
    ...heights(font, type3, matrix),
    substituted: font.missingFile === true,
    symbol: isSymbolFont(name),
    texExtension: isTexExtension(name),
    composite: font.composite === true,
    differences:
      lookUp === undefined && listed === undefined
        ? nothing
        : (code) => {
            const found = lookUp?.(code) ?? listed?.[code]
            return typeof found === 'string' ? found : undefined
          },
    draws: type3 ? drawsOf(procedures) : () => true,
  }
}

function drawsOf(procedures: unknown): (glyph: unknown) => boolean {
  const known = new Map<string, boolean>()
  const get = (id: string): unknown =>
    procedures instanceof Map ? procedures.get(id) : record(procedures) ? procedures[id] : undefined
  return (glyph) => {
    const id = record(glyph) ? glyph.operatorListId : undefined
    if (typeof id !== 'string') return false
    let draws = known.get(id)
    if (draws === undefined) {
      const list = get(id)
      const codes: unknown = record(list) ? list.fnArray : undefined
      // 44 text, 62 shading, 83 … 91 pictures and paths
      draws = Array.isArray(codes) && codes.some((code) => code === 44 || code === 62 || (code >= 83 && code <= 91))
      known.set(id, draws)
    }
    return draws
  }
}
