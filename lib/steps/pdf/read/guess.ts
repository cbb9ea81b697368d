import { plain } from './characters.ts'
import type { Placed } from './text-run.ts'

/** In most TrueType fonts glyph 3 is the space, and the characters of ASCII follow in order. */
const usualShift = 29

/**
 * Fonts that say nothing of what their glyphs read as: pdf.js then gives the glyph's number as if it were a character. Such a font betrays
 * itself by control characters (the digits are glyphs 19 to 28). Its glyphs become the usual characters of those numbers, or �, and
 * are marked as guesses.
 */
export function guessNumbered(glyphs: readonly Placed[]): void {
  const fonts = new Map<Placed['font'], { numbered: boolean; low: boolean }>()
  for (const { code, font, raw } of glyphs) {
    if (!font.composite || code === undefined) continue
    const seen = fonts.get(font) ?? { numbered: true, low: false }
    fonts.set(font, seen)
    if (raw !== String.fromCharCode(code)) seen.numbered = false
    else if (code < 0x20) seen.low = true
  }
  for (const { glyph, code, font } of glyphs) {
    const seen = fonts.get(font)
    if (code === undefined || seen === undefined || !seen.numbered || !seen.low) continue
    glyph.text = code >= 3 && code <= 97 ? plain(String.fromCharCode(code + usualShift)) : '\ufffd'
    glyph.guessed = true
  }
}
