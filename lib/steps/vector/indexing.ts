import { PipelineError } from '../../errors.ts'
import type { Embedder } from '../../models/embedder.ts'
import type { Facets } from '../../stores/vectors/port.ts'
import type { StepContext } from '../step.ts'
import type { Chunk } from './chunks/model.ts'
import { packChunks } from './chunks/pack.ts'
import type { IndexConfig, IndexInput, IndexManifest } from './index-schema.ts'
import { buildGeneration, fits } from './ledger/generations.ts'
import { asWriter, type Lease } from './ledger/lease.ts'
import { type KnownDocument, type Live, listDocuments, readContents, readKnown, readLive } from './ledger/state.ts'
import { upkeep, upkeepDue } from './ledger/upkeep.ts'
import { abandonVersion, openVersion, publishVersion } from './ledger/versions.ts'
import { keptOf } from './said.ts'
import { type SourceDocument, sourceDocuments, together } from './sources.ts'
import { VersionWriter } from './version-writer.ts'

/** Documents that are compared with the ledger in one look. */
const batchSize = 500
/** Problems that a manifest names. */
const mostProblems = 20
/** A document of a list that cannot be read for one of these is left as it was; the others go on. */
const ofOneDocument = new Set(['OBJECT_NOT_FOUND', 'ARTIFACT_CORRUPT', 'INDEX_CONTENT', 'INDEX_TOO_LARGE'])

/** Where a run stands while it writes. */
interface Begun {
  live: Live | undefined
  writer: VersionWriter
  publish(manifest: IndexManifest): Promise<void>
  /** What was embedded and taken over to build a generation anew. */
  built: { embedded: number; reused: number; whole: boolean }
}

/** One run of the index step. Nothing is written, and nobody has to wait, before the first document turns out to have changed. */
export class Indexing {
  readonly #input: IndexInput
  readonly #config: IndexConfig
  readonly #context: StepContext<IndexManifest>
  readonly #embedder: Embedder
  readonly #model: string
  readonly #started: number
  readonly #seen = new Set<string>()
  readonly #counts = { documents: 0, indexed: 0, unchanged: 0, empty: 0, removed: 0 }
  readonly #problems: string[] = []
  #more = 0

  constructor(
    input: IndexInput,
    config: IndexConfig,
    context: StepContext<IndexManifest>,
    embedder: Embedder,
    model: string,
  ) {
    this.#input = input
    this.#config = config
    this.#context = context
    this.#embedder = embedder
    this.#model = model
    this.#started = context.clock.now().getTime()
  }

  async run(): Promise<IndexManifest> {
    const { stores, signal } = this.#context
    const live = await readLive(stores.postgres, this.#config.collection)
    if (live !== undefined && fits(live, this.#embedder) && (await this.#isUnchanged(live))) {
      if (await upkeepDue(stores.postgres, this.#config.collection)) {
        await asWriter(stores.postgres, this.#config.collection, signal, (lease) => this.#tidy(lease))
      }
      return this.#manifest(live.version, undefined)
    }
    return await asWriter(stores.postgres, this.#config.collection, signal, (lease) => this.#write(lease))
  }

  /** Compares all that was given with what readers see, without a write and without a lock. */
  async #isUnchanged(live: Live): Promise<boolean> {
    if (this.#config.again === 'always') return false
    for await (const batch of this.#batches()) {
      const known = await this.#known(live, batch)
      if (batch.some((source) => !isKnown(source, known))) return false
      this.#counts.unchanged += batch.length
    }
    for await (const _ of this.#vanished(live)) return false
    return true
  }

  async #known(live: Live, batch: readonly SourceDocument[]): Promise<Map<string, KnownDocument>> {
    const ids = batch.map(({ document }) => document)
    return await readKnown(this.#context.stores.postgres, this.#config.collection, live.version, ids)
  }

  async #write(lease: Lease): Promise<IndexManifest> {
    // what was compared before may have changed while others wrote: all is compared again
    this.#seen.clear()
    this.#problems.length = 0
    this.#more = 0
    Object.assign(this.#counts, { documents: 0, indexed: 0, unchanged: 0, empty: 0, removed: 0 })
    const { postgres } = this.#context.stores
    const live = await readLive(postgres, lease.collection)
    let begun: Begun | undefined
    let version = 0
    const begin = async (): Promise<Begun> => {
      if (begun !== undefined) return begun
      const opened = await this.#begin(lease, live)
      version = opened.version
      begun = opened.begun
      return begun
    }
    try {
      if (live !== undefined && !fits(live, this.#embedder)) await begin()
      await this.#compare(live, begin)
      for await (const documents of this.#vanished(live)) {
        const { writer } = await begin()
        const contents = await readContents(postgres, lease.collection, live?.version ?? 0, documents)
        for (const [document, before] of contents) {
          this.#counts.removed += 1
          await writer.remove(document, before)
        }
      }
      if (begun === undefined) return this.#manifest(live?.version ?? 0, undefined)
      await begun.writer.flush()
      const manifest = this.#manifest(version, begun)
      await begun.publish(manifest)
      await this.#tidy(lease)
      return manifest
    } catch (error) {
      // when this fails too, the next writer does it
      if (version > 0) await abandonVersion(postgres, lease, version).catch(() => undefined)
      throw error
    }
  }

  async #begin(lease: Lease, live: Live | undefined): Promise<{ version: number; begun: Begun }> {
    const { stores, clock, progress } = this.#context
    const { postgres, vectors } = stores
    const onProgress = (done: number) => progress({ phase: 'embed', done, unit: 'items' })
    const common = { postgres, vectors, lease, embedder: this.#embedder, onProgress }
    const whole = live !== undefined && !fits(live, this.#embedder)
    const built =
      live === undefined || whole
        ? await buildGeneration({ ...common, model: this.#model }, live)
        : { target: live, embedded: 0, reused: 0 }
    const open = await openVersion(postgres, lease, built.target)
    const { rows: given } = await postgres.query(
      `select 1 from pipeline.vector_version where collection = $1 and physical = $2 and state = 'abandoned' limit 1`,
      [lease.collection, built.target.physical],
    )
    const writer = new VersionWriter({
      ...common,
      open,
      salvage: given.length > 0,
      repair: this.#config.again === 'always',
      now: clock.now(),
    })
    const publish = (manifest: IndexManifest) =>
      publishVersion(postgres, lease, open, (tx) => this.#context.finish(tx, manifest))
    return { version: open.version, begun: { live, writer, publish, built: { ...built, whole } } }
  }

  async #compare(live: Live | undefined, begin: () => Promise<Begun>): Promise<void> {
    const { postgres } = this.#context.stores
    for await (const batch of this.#batches()) {
      const known = live === undefined ? new Map<string, KnownDocument>() : await this.#known(live, batch)
      const changed = batch
        .filter((source) => this.#config.again === 'always' || !isKnown(source, known))
        .map((source) => withKnown(source, known))
      this.#counts.unchanged += batch.length - changed.length
      if (changed.length === 0) continue
      const ids = changed.map(({ document }) => document)
      const before =
        live === undefined
          ? new Map<string, never>()
          : await readContents(postgres, this.#config.collection, live.version, ids)
      for (const source of changed) {
        const contents = await this.#contents(source)
        if (contents === undefined) continue
        const { writer } = await begin()
        this.#counts.indexed += 1
        await writer.add(source, contents, before.get(source.document))
      }
    }
  }

  /** A document's chunks and facets; undefined for one without chunks, or that cannot be read: what was indexed of it before stays. */
  async #contents(source: SourceDocument): Promise<{ chunks: Chunk[]; facets: Facets } | undefined> {
    const sizes = { target: this.#config.targetCharacters, most: this.#config.mostCharacters }
    try {
      const { blocks, said, facets } = await source.read()
      const chunks = packChunks(blocks, sizes)
      // never joined with the document's own words
      for (const { task, blocks: words } of said) {
        for (const chunk of packChunks(words, sizes)) chunks.push({ ...chunk, task })
      }
      if (chunks.length > 0) return { chunks, facets }
      this.#counts.empty += 1
      // an extraction that found nothing is more often a failure than a document that became empty: removing is for `remove`
      this.#problem(`EMPTY_DOCUMENT: ${source.document} has no text; what was indexed of it before stays`)
      return undefined
    } catch (thrown) {
      const error = PipelineError.from(thrown)
      if (this.#input.documents === undefined || !ofOneDocument.has(error.code)) throw error
      this.#problem(`${error.code}: ${source.document}: ${error.message}`)
      return undefined
    }
  }

  /** What was given, in batches. A document that is named twice counts once, the first time; what models said of the same content is brought together. */
  async *#batches(): AsyncGenerator<SourceDocument[]> {
    let batch: SourceDocument[] = []
    for await (const source of sourceDocuments(this.#input, this.#config, this.#context)) {
      this.#context.signal.throwIfAborted()
      if (this.#seen.has(source.document)) {
        const at = batch.findIndex(({ document }) => document === source.document)
        const both = batch[at] && together(batch[at], source)
        if (both !== undefined) batch[at] = both
        else this.#problem(`${source.document} is in the list twice; the first one counts`)
        continue
      }
      this.#seen.add(source.document)
      this.#counts.documents += 1
      batch.push(source)
      if (batch.length < batchSize) continue
      yield batch
      batch = []
    }
    if (batch.length > 0) yield batch
  }

  /** Documents that readers see and that are to be no more. */
  async *#vanished(live: Live | undefined): AsyncGenerator<string[]> {
    const { remove = [], complete } = this.#input
    if (live === undefined) return
    const { postgres } = this.#context.stores
    const going = new Set(remove)
    if (complete !== true) {
      const wanted = [...going].filter((document) => !this.#seen.has(document))
      for (let at = 0; at < wanted.length; at += batchSize) {
        const there = await readKnown(postgres, this.#config.collection, live.version, wanted.slice(at, at + batchSize))
        if (there.size > 0) yield [...there.keys()]
      }
      return
    }
    for (let after = ''; ; ) {
      const page = await listDocuments(postgres, this.#config.collection, live.version, after, 5_000)
      const gone = page.filter((document) => !this.#seen.has(document))
      if (gone.length > 0) yield gone
      const last = page.at(-1)
      if (last === undefined) return
      after = last
    }
  }

  async #tidy(lease: Lease): Promise<void> {
    const { stores, log } = this.#context
    try {
      await upkeep(stores.postgres, stores.vectors, lease)
    } catch (thrown) {
      const error = PipelineError.from(thrown)
      log.warn(`Clearing away old versions of ${lease.collection} failed; the next run does it: ${error.message}`, {
        code: error.code,
      })
    }
  }

  #problem(text: string): void {
    if (this.#problems.length < mostProblems) this.#problems.push(text.slice(0, 500))
    else this.#more += 1
  }

  #manifest(version: number, begun: Begun | undefined): IndexManifest {
    const { indexed, removed, empty } = this.#counts
    const rebuilt = begun?.built.whole === true
    const written = begun?.writer.counts
    const outcome =
      indexed > 0 || rebuilt ? 'indexed' : removed > 0 ? 'removed' : empty > 0 ? 'empty' : ('unchanged' as const)
    return {
      outcome,
      collection: this.#config.collection,
      version,
      ...this.#counts,
      chunks: written?.chunks ?? 0,
      embedded: (written?.embedded ?? 0) + (begun?.built.embedded ?? 0),
      reused: (written?.reused ?? 0) + (begun?.built.reused ?? 0),
      retired: written?.retired ?? 0,
      rebuilt,
      embedder: this.#embedder.id,
      model: this.#model,
      semantic: this.#embedder.semantic,
      dimensions: this.#embedder.dimensions,
      problems: [...this.#problems, ...(this.#more > 0 ? [`and ${this.#more} more`] : [])],
      seconds: (this.#context.clock.now().getTime() - this.#started) / 1000,
    }
  }
}

/** A document with what models said of it before. */
function withKnown(source: SourceDocument, known: ReadonlyMap<string, KnownDocument>): SourceDocument {
  const kept = keptOf(known.get(source.document)?.said ?? null)
  return kept === undefined ? source : source.after(kept)
}

/** Whether the ledger has a document just as it came. */
function isKnown(source: SourceDocument, known: ReadonlyMap<string, KnownDocument>): boolean {
  return known.get(source.document)?.hash === withKnown(source, known).hash
}
