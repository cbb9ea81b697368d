/** A part of a text, in UTF-16 units; the end is exclusive. */
export interface Span {
  start: number
  end: number
}

/**
 * Where a quote stands in its source. White space, case, hyphenation at line ends, typographic quotes and dashes and raised digits may differ;
 * words and digits may not. A quote without a digit and of fewer than two words is none.
 */
export function findQuote(_quote: string, _source: string): Span | undefined {
  return undefined
}
