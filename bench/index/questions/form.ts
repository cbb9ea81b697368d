/** A piece of a document that answers questions or does not. */
export interface Passage {
  id: string
  heading: string
  /** 120 to 1,500 characters; tables have a line for each row, cells parted by ` | `. */
  text: string
}

/** A document of one or more sections, in the order of its text. */
export interface SourceDocument {
  id: string
  title: string
  passages: readonly [Passage, ...Passage[]]
}

/** How a question is put: in words of the passage, in everyday words, in English, or hastily typed. */
export const kinds = ['lexical', 'paraphrase', 'english', 'typos'] as const
export type Kind = (typeof kinds)[number]

/** A question with every passage that answers it. */
export interface Question {
  id: string
  kind: Kind
  question: string
  answers: readonly [string, ...string[]]
}
