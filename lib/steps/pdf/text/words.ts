import { isDash } from '../read/characters.ts'
import { around, median } from './boxes.ts'
import type { Word } from './model.ts'
import type { SetGlyph } from './segments.ts'

const superscripts: Record<string, string> = {
  '0': '⁰',
  '1': '¹',
  '2': '²',
  '3': '³',
  '4': '⁴',
  '5': '⁵',
  '6': '⁶',
  '7': '⁷',
  '8': '⁸',
  '9': '⁹',
  '-': '⁻',
  '−': '⁻',
  '–': '⁻',
}

/** The words of a segment: parted by the file's own spaces, or by gaps that are wide for this text. */
export function wordsOf(sets: readonly SetGlyph[], size: number): Word[] {
  const gaps = sets.slice(1).map((set, at) => set.left - (sets[at]?.right ?? 0))
  // text that is set widely has gaps between all its letters
  const usual = Math.max(0, median(gaps))
  const hasSpaces = sets.some((set, at) => at > 0 && set.glyph.spaced)
  const parting = usual + (hasSpaces ? 0.28 : 0.18) * size
  const words: SetGlyph[][] = []
  let word: SetGlyph[] = []
  let right = -Infinity
  for (const set of sets) {
    const gap = set.left - right
    if (word.length > 0 && (gap > parting || (set.glyph.spaced && gap > 0.04 * size))) {
      words.push(word)
      word = []
    }
    word.push(set)
    right = Math.max(word.length === 1 ? -Infinity : right, set.right)
  }
  if (word.length > 0) words.push(word)
  return words.map((list) => ({
    text: textOf(list),
    box: around(list.map((set) => set.glyph)),
    size: Math.max(...list.map((set) => set.size)),
    bold: list.every((set) => set.glyph.bold),
    glyphs: list.map((set) => set.glyph),
  }))
}

const digit = /^\d/

function textOf(word: readonly SetGlyph[]): string {
  let text = ''
  for (const [at, { glyph, script }] of word.entries()) {
    const raised = script === 'up' ? superscripts[glyph.text] : undefined
    if (raised !== undefined) text += raised
    // an odd dash right before a digit is a minus sign, unless a digit stands before it: 10–20
    else if (isDash(glyph.text) && glyph.text !== '-' && at === 0 && digit.test(word[1]?.glyph.text ?? '')) text += '-'
    else text += glyph.text
  }
  return /[\u0300-\u036f]/.test(text) ? text.normalize('NFC') : text
}
