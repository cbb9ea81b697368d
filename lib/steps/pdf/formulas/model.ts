import type { Box } from '../read/model.ts'

/** A formula that was rebuilt, or read by a model. */
export interface Formula {
  /** From 1. */
  page: number
  /** In points, as on the page. */
  box: Box
  /** Parses with KaTeX. */
  latex: string
  /** The equation's number as printed, without its brackets: `3.2`. */
  number: string | undefined
  /** The list that explains the variables, when it follows: `onde: V = tensão; …`, shortened. */
  where: string | undefined
  /** 0 to 1: what was doubtful on the way takes from it. */
  confidence: number
  /** `layout`: from the glyphs and lines of the page. `vision`: a model read a picture of it. */
  source: 'layout' | 'vision'
}

/** A formula that is there and could not be read. */
export interface UnreadFormula {
  page: number
  box: Box
  number: string | undefined
  where: string | undefined
  /**
   * `picture`: it is a bitmap. `unknown-glyphs`: its font does not say what its characters are. `not-rebuilt`: the pieces make no
   * formula. `invalid`: what came out does not parse.
   */
  reason: 'picture' | 'unknown-glyphs' | 'not-rebuilt' | 'invalid'
  /** What its characters are, in order of drawing, for a person to look at. */
  text: string
}

/** The formulas of a page, from top to bottom. */
export interface PageFormulas {
  formulas: Formula[]
  unread: UnreadFormula[]
}
