import type { Box } from '../../pdf/read/model.ts'

export type { Box } from '../../pdf/read/model.ts'

/** Where something stands. */
export interface Place {
  /** From 1. */
  page: number
  /** In points, from the top left of the page. */
  box: Box
}

export type ChunkKind = 'text' | 'table' | 'formula' | 'rows'

/** A paragraph, table or formula, before it is cut or joined to the length of a chunk. */
export interface Block {
  kind: ChunkKind
  /** The way from the document's title to here: chapters, sections, the article. */
  headings: readonly string[]
  /** What must not be parted unless it alone is too long: lines of a table, one paragraph. */
  parts: readonly { text: string; place?: Place }[]
  /** Stands above each chunk of it: the header of a table. */
  header?: string
  /** The headings end in an article, whose parts stay together as far as they fit. */
  article: boolean
}

/** What is embedded, stored and found. */
export interface Chunk {
  kind: ChunkKind
  headings: readonly string[]
  /** At most {@link ChunkSizes.most} characters. */
  text: string
  /** One a page, of all that the chunk rests on; empty where there are no pages. */
  places: readonly Place[]
  /** What a model was asked for, where the text is its answer about the document and none of the document's own words. */
  task?: string | undefined
}

export interface ChunkSizes {
  /** Characters that a chunk should have. */
  target: number
  /** And never more than. */
  most: number
}

/** Raised when the same content gives other chunks: documents are then indexed anew when they come again. */
export const chunkerVersion = 1

/** What is embedded of a chunk, and what its words are taken from: its headings say what its text is about. */
export function embeddedText({ headings, text }: Pick<Chunk, 'headings' | 'text'>): string {
  return headings.length === 0 ? text : `${headings.join(' > ')}\n${text}`
}
