import { plain } from './characters.ts'
import type { Placed } from './text-run.ts'

/** In most TrueType fonts glyph 3 is the space, and the characters of ASCII follow in order. */
const usualShift = 29

/**
 * Fonts that say nothing of what their glyphs read as: pdf.js then gives the glyph's number as if it were a character. Such a font betrays
 * itself by control characters (the digits are glyphs 19 to 28). Its glyphs become the usual characters of those numbers, or �, and
 * are marked as guesses. Gives the glyphs without those that are spaces.
 */
export function guessNumbered(glyphs: readonly Placed[]): Placed[] {
  const fonts = new Map<Placed['font'], { numbered: boolean; low: boolean }>()
  for (const { code, font, raw } of glyphs) {
    if (!font.composite || code === undefined) continue
    const seen = fonts.get(font) ?? { numbered: true, low: false }
    fonts.set(font, seen)
    if (raw !== String.fromCharCode(code)) seen.numbered = false
    else if (code < 0x20) seen.low = true
  }
  let spaced = false
  return glyphs.filter(({ glyph, code, font }) => {
    const seen = fonts.get(font)
    if (code !== undefined && seen?.numbered === true && seen.low) {
      glyph.text = code >= 3 && code <= 97 ? plain(String.fromCharCode(code + usualShift)) : '\ufffd'
      glyph.guessed = true
    }
    const space = glyph.text.trim() === ''
    if (!space && spaced) glyph.spaced = true
    spaced = space
    return !space
  })
}
