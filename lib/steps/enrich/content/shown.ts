import { setImmediate as turn } from 'node:timers/promises'
import { visibleText } from '../grounding/grounding.ts'
import { defuse } from './defuse.ts'
import type { Piece, PlacedPiece, Shown } from './piece.ts'

/** Between two pieces. */
export const gap = '\n\n'

/** After so many characters others get their turn. */
const charactersATurn = 500_000

/** Brings pieces into the text that a model may see: without what no reader sees, and without what a model's server takes for marks. */
export async function show(pieces: readonly Piece[]): Promise<Shown> {
  const placed: PlacedPiece[] = []
  const texts: string[] = []
  let at = 0
  let hidden = 0
  let looked = 0
  for (const piece of pieces) {
    looked += piece.text.length
    if (looked > charactersATurn) {
      looked = 0
      await turn()
    }
    const visible = visibleText(piece.text)
    hidden += visible.total
    const text = defuse(visible.text).toWellFormed().trim()
    if (text === '') continue
    if (texts.length > 0) at += gap.length
    texts.push(text)
    placed.push({ ...piece, text, start: at, end: at + text.length })
    at += text.length
  }
  return { text: texts.join(gap), pieces: placed, hidden }
}
