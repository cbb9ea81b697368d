import { visibleText } from '../grounding/grounding.ts'
import { defuse } from './defuse.ts'
import type { Piece, PlacedPiece, Shown } from './piece.ts'

/** Between two pieces. */
export const gap = '\n\n'

/** Brings pieces into the text that a model may see: without what no reader sees, and without what a model's server takes for marks. */
export function show(pieces: readonly Piece[]): Shown {
  const placed: PlacedPiece[] = []
  const texts: string[] = []
  let at = 0
  let hidden = 0
  for (const piece of pieces) {
    const visible = visibleText(piece.text)
    hidden += visible.total
    const text = defuse(visible.text).trim()
    if (text === '') continue
    if (texts.length > 0) at += gap.length
    texts.push(text)
    placed.push({ ...piece, text, start: at, end: at + text.length })
    at += text.length
  }
  return { text: texts.join(gap), pieces: placed, hidden }
}
