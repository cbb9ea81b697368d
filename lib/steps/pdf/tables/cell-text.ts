import { around } from '../read/boxes.ts'
import { lineText, type Word } from './words.ts'

/** A line of a cell. */
export interface CellLine {
  words: Word[]
  text: string
  left: number
  right: number
  baseline: number
  size: number
}

/** The lines of upright words, from top to bottom, whatever the gaps in them. */
export function linesOfWords(words: readonly Word[]): CellLine[] {
  const sorted = words.toSorted((a, b) => a.baseline - b.baseline || a.left - b.left)
  const lines: CellLine[] = []
  let open: Word[] = []
  const close = () => {
    if (open.length === 0) return
    const line = open.toSorted((a, b) => a.left - b.left)
    const box = around(line)
    const size = Math.max(...line.map((word) => word.size))
    lines.push({
      words: line,
      text: lineText(line),
      left: box.left,
      right: box.right,
      baseline: open[0]?.baseline ?? 0,
      size,
    })
    open = []
  }
  for (const word of sorted) {
    const first = open[0]
    if (first !== undefined && word.baseline - first.baseline > 0.35 * Math.max(first.size, word.size)) close()
    open.push(word)
  }
  close()
  return lines
}

/** What a cell says: its upright lines one after the other, or its turned ones. */
export function cellText(words: readonly Word[]): string {
  const upright = words.filter((word) => word.angle === 0)
  const parts = [joinLines(linesOfWords(upright).map((line) => line.text))]
  for (const angle of [90, 270]) {
    const turned = words.filter((word) => word.angle === angle)
    if (turned.length === 0) continue
    const lines = turnedLines(turned, angle)
    // a cell so low that every letter is a line
    const letters = lines.length > 2 && lines.filter((line) => line.length === 1).length > 0.6 * lines.length
    parts.push(letters ? lines.join('') : joinLines(lines))
  }
  return parts.filter((part) => part !== '').join(' ')
}

/** Joins the lines of a wrapped text. A hyphen between letters at a line's end is taken back when the next goes on in small letters. */
export function joinLines(lines: readonly string[]): string {
  let text = ''
  for (const line of lines) {
    if (text === '') text = line
    else if (/\p{L}-$/u.test(text) && /^\p{Ll}/u.test(line)) text = text.slice(0, -1) + line
    else text += ` ${line}`
  }
  return text
}

function turnedLines(words: readonly Word[], angle: number): string[] {
  const down = angle === 90
  const across = (word: Word) => (down ? -word.right : word.left)
  const sorted = words.toSorted((a, b) => across(a) - across(b))
  const lines: Word[][] = []
  for (const word of sorted) {
    const line = lines.at(-1)
    const first = line?.[0]
    if (line !== undefined && first !== undefined && Math.abs(across(word) - across(first)) <= 0.35 * first.size)
      line.push(word)
    else lines.push([word])
  }
  return lines.map((line) =>
    line
      .toSorted((a, b) => (down ? a.top - b.top : b.bottom - a.bottom))
      .map((word) => word.text)
      .join(' '),
  )
}
