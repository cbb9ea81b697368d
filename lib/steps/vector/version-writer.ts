import { failPoint } from '../../fail-point.ts'
import type { Embedder } from '../../models/embedder.ts'
import type { PostgresStore } from '../../stores/postgres/port.ts'
import type { Facets, VectorPoint, VectorStore } from '../../stores/vectors/port.ts'
import { type Chunk, embeddedText } from './chunks/model.ts'
import { pointId, textHash } from './identity.ts'
import type { Lease } from './ledger/lease.ts'
import type { DocumentContents } from './ledger/state.ts'
import { type NewLine, noteDocuments, type OpenVersion } from './ledger/versions.ts'
import type { SourceDocument } from './sources.ts'
import { payloadOf } from './stored-chunk.ts'
import { documentTerms } from './terms/analyse.ts'

/** New chunks, and documents, that are gathered before they are embedded and written together. */
const mostChunks = 256
const mostLines = 500

/** What a document had in the version before. */
export type Before = Readonly<DocumentContents>

interface Pending {
  id: string
  document: string
  facets: Facets
  chunk: Chunk
  embedded: string
  /** A point whose vector is this one's, for its text is the same. */
  like: string | undefined
}

/** What a {@link VersionWriter} needs. */
export interface Writing {
  postgres: PostgresStore
  vectors: VectorStore
  lease: Lease
  embedder: Embedder
  open: OpenVersion
  /** Vectors may lie in the store already, under a version that was given up. */
  salvage: boolean
  /** Put back what the store has lost. */
  repair: boolean
  now: Date
  onProgress(embedded: number): void
}

/** Writes documents into an open version: only what is new is embedded and put, only what vanished is retired. */
export class VersionWriter {
  readonly #writing: Writing
  readonly counts = { chunks: 0, embedded: 0, reused: 0, retired: 0 }
  #pending: Pending[] = []
  #lines: NewLine[] = []
  #gone: string[] = []
  #retired: string[] = []

  constructor(writing: Writing) {
    this.#writing = writing
  }

  /** A document with its chunks, in place of what it had before. */
  async add(
    source: SourceDocument,
    { chunks, facets }: { chunks: readonly Chunk[]; facets: Facets },
    before: Before | undefined,
  ): Promise<void> {
    const { document } = source
    const known = new Set(before?.points)
    if (this.#writing.repair && before !== undefined) await this.#forgetLost(known, before.points)
    const likes = new Map(before?.texts.map((text, at) => [text, before.points[at]]))
    const occurrences = new Map<string, number>()
    const points: string[] = []
    const texts: string[] = []
    for (const chunk of chunks) {
      const embedded = embeddedText(chunk)
      const text = textHash(embedded)
      const first = pointId(document, chunk, embedded, facets, 0)
      const occurrence = occurrences.get(first) ?? 0
      occurrences.set(first, occurrence + 1)
      const id = occurrence === 0 ? first : pointId(document, chunk, embedded, facets, occurrence)
      points.push(id)
      texts.push(text)
      if (known.has(id)) continue
      this.#pending.push({ id, document, facets, chunk, embedded, like: likes.get(text) })
      if (this.#pending.length >= mostChunks) await this.flush()
    }
    this.counts.chunks += chunks.length
    const kept = new Set(points)
    this.#retire(before?.points.filter((id) => !kept.has(id)) ?? [])
    this.#lines.push({
      document,
      hash: source.hash,
      title: source.title,
      url: source.url,
      sha256: source.sha256,
      retrievedAt: this.#retrievedAt(source, before),
      said: source.kept === undefined ? null : JSON.stringify(source.kept),
      points,
      texts,
    })
    if (this.#lines.length + this.#gone.length >= mostLines) await this.flush()
  }

  /** As the message says, else when these bytes came first. */
  #retrievedAt({ retrievedAt, sha256 }: SourceDocument, before: Before | undefined): Date {
    if (retrievedAt !== undefined) return new Date(retrievedAt)
    return before?.sha256 === sha256 ? before.retrievedAt : this.#writing.now
  }

  /** A document that is no more. */
  async remove(document: string, before: Before): Promise<void> {
    this.#gone.push(document)
    this.#retire(before.points)
    if (this.#lines.length + this.#gone.length >= mostLines) await this.flush()
  }

  #retire(ids: readonly string[]): void {
    this.counts.retired += ids.length
    for (const id of ids) this.#retired.push(id)
  }

  async #forgetLost(known: Set<string>, points: readonly string[]): Promise<void> {
    const { vectors, open, lease } = this.#writing
    const there = await vectors.vectorsOf(open.target.physical, points, lease.signal)
    for (const id of points) if (!there.has(id)) known.delete(id)
  }

  /** Embeds and writes what was gathered: points first, then the ledger's lines of documents that are through. */
  async flush(): Promise<void> {
    const { vectors, open, lease, postgres } = this.#writing
    const { physical } = open.target
    lease.signal.throwIfAborted()
    const pending = this.#pending.splice(0)
    if (pending.length > 0) {
      const points = await this.#points(pending)
      lease.signal.throwIfAborted()
      await vectors.put(physical, points, { since: open.version, signal: lease.signal })
    }
    const retired = this.#retired.splice(0)
    if (retired.length > 0) await vectors.retire(physical, retired, { until: open.version, signal: lease.signal })
    if (pending.length + retired.length > 0) failPoint('vector-put')
    await noteDocuments(postgres, lease, open.version, this.#lines.splice(0), this.#gone.splice(0))
  }

  async #points(pending: readonly Pending[]): Promise<VectorPoint[]> {
    const { vectors, embedder, lease, open, salvage } = this.#writing
    const likes = pending.flatMap(({ id, like }) => [...(like === undefined ? [] : [like]), ...(salvage ? [id] : [])])
    const known =
      likes.length === 0
        ? new Map<string, Float32Array>()
        : await vectors.vectorsOf(open.target.physical, [...new Set(likes)], lease.signal)
    const byText = new Map<string, Float32Array>()
    const vectorOf = ({ id, like, embedded }: Pending) =>
      (like === undefined ? undefined : known.get(like)) ?? known.get(id) ?? byText.get(embedded)
    const texts = [...new Set(pending.filter((each) => vectorOf(each) === undefined).map(({ embedded }) => embedded))]
    if (texts.length > 0) {
      const { embedded: before } = this.counts
      const made = await embedder.embed(texts, 'document', {
        signal: lease.signal,
        onProgress: (done) => this.#writing.onProgress(before + done),
      })
      for (const [at, text] of texts.entries()) byText.set(text, made[at] ?? new Float32Array())
    }
    this.counts.embedded += texts.length
    this.counts.reused += pending.length - texts.length
    return pending.map((each) => ({
      id: each.id,
      document: each.document,
      facets: each.facets,
      vector: vectorOf(each) ?? new Float32Array(),
      lexical: documentTerms(each.embedded),
      payload: payloadOf(each.chunk),
    }))
  }
}
