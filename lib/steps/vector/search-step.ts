import { PipelineError } from '../../errors.ts'
import type { FacetFilter } from '../../stores/vectors/port.ts'
import { defineStep, type StepContext } from '../step.ts'
import { contextOf, fitting } from './cite.ts'
import { embedderOf } from './embedders.ts'
import { facetsOfLines } from './facets.ts'
import { type Fused, fuse, weightsFor } from './fuse.ts'
import { type DocumentLine, type Live, ledgerReady, readDocuments, readLive } from './ledger/state.ts'
import {
  type Hit,
  type SearchConfig,
  SearchConfigSchema,
  type SearchInput,
  SearchInputSchema,
  SearchOutputSchema,
  type SearchResult,
} from './search-schema.ts'
import { storedChunk } from './stored-chunk.ts'
import { questionTerms } from './terms/analyse.ts'

/** Of each half so many hits are fused for one that is shown, and never fewer than the second number: a hit that both have is often first in none. */
const candidates = 4
const fewestCandidates = 50
/** Errors that say there is no model to embed the question with, now or any more. */
const away = /^(MODEL_|HOST_OPEN$|INDEX_CONFIG$)/

/**
 * Searches a collection by vectors and by words, as of one version, and says of each hit where it stands. Errors: docs/errors.md, "Search".
 */
export const vectorSearch = defineStep({
  name: 'vector-search',
  version: 1,
  config: SearchConfigSchema,
  input: SearchInputSchema,
  output: SearchOutputSchema,
  run: searchCollection,
})

/** The same, for whoever is no step. */
export async function searchCollection(
  input: SearchInput,
  config: SearchConfig,
  context: SearchContext,
): Promise<SearchResult> {
  const started = context.clock.now().getTime()
  await ledgerReady(context.stores.postgres)
  const result = await search(input, config, context).catch((thrown: unknown) => {
    // the generation that was read may have been replaced and dropped in between: once is enough, its grace is minutes
    if (PipelineError.from(thrown).code !== 'VECTOR_NOT_FOUND') throw thrown
    return search(input, config, context)
  })
  return { ...result, seconds: (context.clock.now().getTime() - started) / 1000 }
}

type SearchContext = Pick<StepContext, 'stores' | 'signal' | 'clock'>

async function search(
  input: SearchInput,
  config: SearchConfig,
  { stores, signal }: SearchContext,
): Promise<Omit<SearchResult, 'seconds'>> {
  const { collection } = config
  const live = await readLive(stores.postgres, collection)
  if (live === undefined) {
    throw new PipelineError('COLLECTION_UNKNOWN', `Nothing was indexed into the collection ${collection} yet`)
  }
  const { vector, reason } = config.mode === 'lexical' ? {} : await questionVector(input.question, live, config, signal)
  const terms = config.mode === 'dense' && vector !== undefined ? undefined : questionTerms(input.question)
  const limit = input.limit ?? config.limit
  const filter: FacetFilter = { ...facetsOfLines(config.filter), ...input.filter }
  // a question of stop words alone has nothing to look for
  const lexical = terms !== undefined && terms.terms.length > 0 ? terms : undefined
  const found =
    vector === undefined && lexical === undefined
      ? { dense: [], lexical: [] }
      : await stores.vectors.search(live.physical, {
          ...(vector === undefined ? {} : { vector }),
          ...(lexical === undefined ? {} : { lexical }),
          ...(Object.keys(filter).length === 0 ? {} : { filter }),
          at: live.version,
          abandoned: live.abandoned,
          limit: Math.max(limit * candidates, fewestCandidates),
          signal,
        })
  const best = fuse(found.dense, found.lexical, weightsFor(live.semantic)).slice(0, limit)
  const documents = await readDocuments(stores.postgres, collection, live.version, [
    ...new Set(best.map(({ hit }) => hit.document)),
  ])
  const all = best.map((fused, at) => hitOf(fused, at + 1, documents.get(fused.hit.document)))
  const hits = fitting(all)
  return {
    question: input.question,
    collection,
    version: live.version,
    hits,
    context: contextOf(hits, config.contextCharacters),
    degraded: reason !== undefined,
    ...(reason === undefined ? {} : { reason }),
    mode: vector === undefined ? 'lexical' : config.mode,
    embedder: live.embedder,
    semantic: live.semantic,
    cut: all.length - hits.length,
  }
}

async function questionVector(
  question: string,
  live: Live,
  { ollama, whenAway }: SearchConfig,
  signal: AbortSignal,
): Promise<{ vector?: Float32Array; reason?: string }> {
  try {
    const embedder = await embedderOf(live, ollama, signal)
    const [vector] = await embedder.embed([question], 'question', { signal })
    return vector === undefined ? {} : { vector }
  } catch (thrown) {
    const error = PipelineError.from(thrown)
    if (whenAway === 'fail' || signal.aborted || !away.test(error.code)) throw error
    return { reason: `${error.code}: ${error.message}` }
  }
}

function hitOf({ hit, score, ranks }: Fused, number: number, known: DocumentLine | undefined): Hit {
  const { kind, headings, text, places, task } = storedChunk(hit.payload)
  const [place] = places
  return {
    number,
    text,
    headings,
    kind,
    score,
    ranks,
    citation: {
      document: hit.document,
      title: known?.title ?? hit.document,
      ...(place === undefined ? {} : { page: place.page, box: place.box }),
      url: known?.url ?? '',
      sha256: known?.sha256 ?? '',
      retrievedAt: known?.retrievedAt.toISOString() ?? '',
      ...(task === undefined ? {} : { task }),
    },
    facets: { ...hit.facets },
  }
}
