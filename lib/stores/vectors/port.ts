import type { Json } from '../cache/port.ts'

/** Terms of a text as numbers, for the lexical half of a search; the same analyser made those of documents and questions. */
export interface TermWeights {
  /** Ids of terms, 0 to 999,999,999, rising. */
  terms: readonly number[]
  /** As long as `terms`. Of a document: saturated frequency, without the rarity of the term, which the store knows. Of a question: 1 each. */
  weights: readonly number[]
}

/** One chunk in a collection. Never changed once it is there: another content is another id. */
export interface VectorPoint {
  /** UUID, derived from the content. */
  id: string
  /** Of length 1. */
  vector: Float32Array
  lexical: TermWeights
  /** The document it belongs to. */
  document: string
  /** What searches filter by. */
  facets: Facets
  /** What a hit shows. */
  payload: Readonly<Record<string, Json>>
}

export type Facet = string | number | boolean
export type Facets = Readonly<Record<string, Facet | readonly string[]>>

/** All conditions must hold. A list: one of them. `from` and `to` include their ends. */
export type FacetFilter = Readonly<Record<string, Facet | readonly Facet[] | { from?: number; to?: number }>>

/**
 * What of a collection is visible: points that came at or before version `at` and had not gone by then. Versions that were given up
 * (`abandoned`) never count, neither as coming nor as going: their writer may be a process that does not know it yet.
 */
export interface Visibility {
  at: number
  abandoned: readonly number[]
}

/** One of the best by one of the two halves. */
export interface VectorHit {
  id: string
  document: string
  /** Cosine, or the sum of term weights times rarity: only comparable within one list. */
  score: number
  facets: Facets
  payload: Readonly<Record<string, Json>>
}

/** A search; each half that is given makes a list of its own, the best first. */
export interface VectorSearch extends Visibility {
  vector?: Float32Array
  lexical?: TermWeights
  filter?: FacetFilter
  /** Of each list, 1 to 1,000. */
  limit: number
  signal: AbortSignal
}

/** What makes a collection; fixed for its life. */
export interface CollectionShape {
  /** 1 to 16,000 in general, fewer where the store says so (VECTOR_DIMENSIONS). */
  dimensions: number
}

/**
 * The port of vectors. It keeps points and answers searches as of a version; which versions exist, and which document is in which, is
 * written elsewhere, in PostgreSQL. Writing a version: `put` what is new and `retire` what goes, both under its number, which nobody
 * reads yet; then the number is published in one place; later `purge`. So readers never see a part of it, whatever the store.
 *
 * Errors: VECTOR_COLLECTION (there, but of another shape), VECTOR_DIMENSIONS, VECTOR_NOT_FOUND (no such collection), VECTOR_EXTENSION
 * (the database has no pgvector, or one that is too old), VECTOR_NAME, VECTOR_FILTER, VECTOR_POINT, STORE_UNAVAILABLE, STORE_TIMEOUT, STORE_BUSY
 * (retryable), STORE_DENIED, STORE_FULL, STOPPED.
 */
export interface VectorStore {
  readonly kind: 'pgvector' | 'qdrant'
  /** Makes the collection unless it is there. Name: lower-case letters, digits, `_`, at most 48, a letter first. */
  ensure(collection: string, shape: CollectionShape, signal: AbortSignal): Promise<void>
  /** Removing what is not there is not an error. */
  drop(collection: string, signal: AbortSignal): Promise<void>
  /**
   * Adds points that are visible from version `since` on; resolves with how many. Any number: sent in batches, awaited one after the other.
   * The same id again replaces the point, unless a later version has put it. So never put what the published version shows: until the next
   * one is published it would be gone.
   */
  put(
    collection: string,
    points: Iterable<VectorPoint> | AsyncIterable<VectorPoint>,
    options: { since: number; signal: AbortSignal },
  ): Promise<number>
  /** Points are invisible from version `until` on; of several versions the latest counts. Ids that are not there are let be. */
  retire(collection: string, ids: readonly string[], options: { until: number; signal: AbortSignal }): Promise<void>
  /** Takes back what was written for a version that will not be: its points go, what it retired stays. */
  abandon(collection: string, version: number, signal: AbortSignal): Promise<void>
  /**
   * Deletes points that are invisible from version `at` or an earlier one on, and what abandoned versions left; resolves once they are gone.
   * Looks after the indexes too, so it is worth calling after much was put, and may take minutes then.
   */
  purge(collection: string, options: Visibility & { signal: AbortSignal }): Promise<void>
  search(
    collection: string,
    search: VectorSearch,
  ): Promise<{ dense: readonly VectorHit[]; lexical: readonly VectorHit[] }>
  /** Vectors of points, visible or not, for those that only moved; ids that are not there are left out. */
  vectorsOf(collection: string, ids: readonly string[], signal: AbortSignal): Promise<Map<string, Float32Array>>
  /** All visible points in order of their ids, without vectors, page by page. */
  list(
    collection: string,
    options: Visibility & { after?: string; limit: number; signal: AbortSignal },
  ): Promise<{ points: readonly Omit<VectorPoint, 'vector'>[]; next?: string }>
  /** Visible points. */
  count(collection: string, options: Visibility & { filter?: FacetFilter; signal: AbortSignal }): Promise<number>
  close(): Promise<void>
}
