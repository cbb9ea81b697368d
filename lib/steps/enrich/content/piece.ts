import type { Box } from '../../pdf/read/model.ts'

/** A stretch of a document that belongs together: a paragraph, a table, a formula, a row. */
export interface Piece {
  text: string
  heading: boolean
  page?: number
  box?: Box
}

/** Where a piece stands in the text that the model sees. */
export interface PlacedPiece extends Piece {
  start: number
  end: number
}

/** A document as the model sees it: the pieces with blank lines between them. */
export interface Shown {
  text: string
  pieces: readonly PlacedPiece[]
  /** Characters that were taken out because no reader sees them. */
  hidden: number
}

/** The page and box that a place of the text stands on. */
export function placeOf({ pieces }: Shown, at: number): Pick<Piece, 'page' | 'box'> {
  let low = 0
  let high = pieces.length - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const piece = pieces[middle]
    if (piece === undefined) break
    if (at < piece.start) high = middle - 1
    else if (at >= piece.end) low = middle + 1
    else {
      const { page, box } = piece
      return { ...(page === undefined ? {} : { page }), ...(box === undefined ? {} : { box }) }
    }
  }
  return {}
}
