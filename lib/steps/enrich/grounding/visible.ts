/** What is taken out of a text because a reader does not see it. */
export type HiddenKind =
  | 'zero-width'
  | 'bidi'
  | 'tag'
  | 'soft-hyphen'
  | 'variation'
  | 'control'
  | 'private'
  | 'comment'
  | 'hidden-element'

/** A text without what is not seen. */
export interface Hidden {
  text: string
  /** Characters taken out, by kind; kinds that did not occur are left out. */
  removed: Partial<Record<HiddenKind, number>>
  /** All of them. */
  total: number
}

/** The text as a reader sees it. Ordinary text comes back unchanged. */
export function visibleText(text: string): Hidden {
  return { text, removed: {}, total: 0 }
}
