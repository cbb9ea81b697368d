import { around, median } from '../read/boxes.ts'
import { isDash, superscriptDigits } from '../read/characters.ts'
import type { Glyph } from '../read/model.ts'
import type { Word } from './model.ts'
import type { SetGlyph } from './segments.ts'

const superscripts: Readonly<Record<string, string>> = { ...superscriptDigits, '-': '⁻', '−': '⁻', '–': '⁻' }

const gapsLookedAt = 48

/** The gap between the letters of text that is set widely, 0 for other text. The first ones tell. */
function letterGap(sets: readonly SetGlyph[], size: number): number {
  const gaps: number[] = []
  const last = Math.min(sets.length, gapsLookedAt)
  for (let at = 1; at < last; at += 1) {
    const gap = (sets[at]?.left ?? 0) - (sets[at - 1]?.right ?? 0)
    if (gap > 0.05 * size) gaps.push(gap)
  }
  return gaps.length > (last - 1) / 2 ? median(gaps) : 0
}

/** The words of a segment: parted by the file's own spaces, or by gaps that are wide for this text. */
export function wordsOf(sets: readonly SetGlyph[], size: number): Word[] {
  const usual = letterGap(sets, size)
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
    ...wordAround(list.map((set) => set.glyph)),
    bold: list.every((set) => set.glyph.bold),
  }))
}

function wordAround(glyphs: Glyph[]): Pick<Word, 'box' | 'size' | 'glyphs'> {
  let size = 0
  for (const glyph of glyphs) size = Math.max(size, glyph.size)
  return { box: around(glyphs), size, glyphs }
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
  return /\p{M}/u.test(text) ? text.normalize('NFC') : text
}
