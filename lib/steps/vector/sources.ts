import { createHash } from 'node:crypto'
import { PipelineError } from '../../errors.ts'
import { parser, Type } from '../../schema.ts'
import { artifactKey, getArtifact } from '../../stores/objects/artifacts.ts'
import type { Facets } from '../../stores/vectors/port.ts'
import type { StepContext } from '../step.ts'
import { extractionBlocks } from './chunks/extraction.ts'
import { type Block, chunkerVersion } from './chunks/model.ts'
import { rowBlocks } from './chunks/rows.ts'
import { textBlocks } from './chunks/text.ts'
import { documentFacets } from './facets.ts'
import { DocumentSchema, type GivenDocument, type IndexConfig, type IndexInput } from './index-schema.ts'
import { hashOf, jsonLines, wholeText } from './lines.ts'

/** A document to be indexed. Nothing of it is read before {@link SourceDocument.blocks}. */
export interface SourceDocument {
  document: string
  title: string
  url: string
  sha256: string
  retrievedAt: string | undefined
  facets: Facets
  /** Of all that decides what is indexed of it; the same hash again is the same document. */
  hash: string
  blocks(): Promise<Iterable<Block>>
}

type Context = Pick<StepContext, 'stores' | 'signal'>

const documents = parser(DocumentSchema, 'A document of the list', 'INDEX_INPUT')

/** The documents of a message, one after the other. Throws INDEX_INPUT, and what reading a list of them throws. */
export async function* sourceDocuments(
  input: IndexInput,
  config: IndexConfig,
  context: Context,
): AsyncGenerator<SourceDocument> {
  const { documents: list, remove, complete, ...single } = input
  const facets = documentFacets(config.facets)
  if (list === undefined) {
    if (complete === true) throw new PipelineError('INDEX_INPUT', '`complete` is for a list of documents')
    if (contentsOf(single).length === 0 && remove !== undefined) return
    yield sourceOf(single, facets, config, context)
    return
  }
  if (contentsOf(single).length > 0) {
    throw new PipelineError('INDEX_INPUT', 'The message has a document of its own beside the list of documents')
  }
  const shared = { ...facets, ...single.facets }
  if (Array.isArray(list)) {
    for (const each of list) yield sourceOf(each, shared, config, context)
    return
  }
  const { objects } = context.stores
  for await (const line of jsonLines(objects, hashOf(list), context.signal)) {
    yield sourceOf(documents.parse(line), shared, config, context)
  }
}

/** Which contents a document brings; one is expected. */
function contentsOf(given: GivenDocument): string[] {
  const { artifact, text, rows, content } = given
  return Object.entries({ artifact, text, rows, content })
    .filter(([, value]) => value !== undefined)
    .map(([name]) => name)
}

function sourceOf(given: GivenDocument, shared: Facets, config: IndexConfig, context: Context): SourceDocument {
  const enrichment = given.task !== undefined && given.content !== undefined
  const content = enrichment ? ofEnrichment(given) : given
  const names = contentsOf(content)
  if (names.length !== 1) {
    throw new PipelineError(
      'INDEX_INPUT',
      `A document has one of artifact, text or rows; ${given.document ?? given.name ?? 'this one'} has ${names.join(', ') || 'none'}`,
    )
  }
  const { source = '', name = '' } = given
  const url = given.url ?? (/^https?:\/\//.test(source) ? source : '')
  const document = given.document ?? [url, source, name].find((each) => each !== '')
  if (document === undefined) {
    throw new PipelineError('INDEX_INPUT', 'The document has no id: set payload.document')
  }
  const facets = { ...shared, ...given.facets, ...fieldFacets(given.fields ?? []) }
  const { hash: contentHash, blocks } = readerOf(content, context)
  const title = given.title ?? (name === '' ? document : name)
  const settings = [chunkerVersion, config.targetCharacters, config.mostCharacters]
  return {
    document,
    title,
    url,
    sha256: given.sha256 ?? given.file?.sha256 ?? contentHash,
    retrievedAt: given.retrievedAt,
    facets,
    hash: sha256Of(JSON.stringify([settings, contentHash, title, url, sortedEntries(facets)])),
    blocks,
  }
}

/** What is indexed of an enriched document: a text that was made of it (a summary, a translation), else what came in, with the fields as facets. */
function ofEnrichment({ enriched, result, content, artifact, rows: _, ...rest }: GivenDocument): GivenDocument {
  if (enriched === true && typeof result === 'string') return { ...rest, text: result }
  // a large result lies in an artifact of its own; `task` tells the reader what it is
  if (enriched === true && result === undefined && artifact !== undefined) return { ...rest, artifact }
  const { task: __, ...plain } = rest
  return content === undefined ? plain : { ...plain, artifact: content }
}

const enrichments = parser(Type.Object({ result: Type.Unknown() }), 'The enriched text', 'INDEX_CONTENT')

function enrichedText(text: string): string {
  const { result } = enrichments.parse(JSON.parse(text))
  return typeof result === 'string' ? result : JSON.stringify(result, undefined, 1)
}

/** Plain fields with plain values; a filter by words of a whole paragraph is of no use. */
function fieldFacets(fields: readonly { path: string; value: unknown }[]): Facets {
  const facets: Record<string, string | number | boolean> = {}
  for (const { path, value } of fields) {
    if (!/^[A-Za-z][A-Za-z0-9_]{0,62}$/.test(path)) continue
    if (typeof value === 'number' || typeof value === 'boolean') facets[path] = value
    if (typeof value === 'string' && value.length <= 200) facets[path] = value
  }
  return facets
}

function readerOf(
  { artifact, text, rows, task }: GivenDocument,
  { stores, signal }: Context,
): { hash: string; blocks(): Promise<Iterable<Block>> } {
  if (text !== undefined) return { hash: sha256Of(text), blocks: async () => textBlocks(text) }
  if (rows !== undefined) return { hash: sha256Of(JSON.stringify(rows)), blocks: async () => rowBlocks(rows) }
  const hash = hashOf(artifact ?? '')
  return {
    hash,
    async blocks() {
      const { objects } = stores
      if (await isExtraction(stores, hash, signal)) return await extractionBlocks(jsonLines(objects, hash, signal))
      const whole = await wholeText(objects, hash, signal)
      return textBlocks(task === undefined ? whole : enrichedText(whole))
    },
  }
}

/** Whether an artifact is JSON lines of `pdf-extract`: they begin with the line of the document. */
async function isExtraction({ objects }: Context['stores'], sha256: string, signal: AbortSignal): Promise<boolean> {
  const begin = '{"type":"document"'
  const known = await objects.head(artifactKey(sha256))
  if (known !== undefined && known.bytes < begin.length) return false
  const { body } = await getArtifact(objects, sha256, { range: { start: 0, end: begin.length - 1 }, signal })
  let head = ''
  for await (const chunk of body) head += String(chunk)
  return head === begin
}

function sortedEntries(facets: Facets): [string, unknown][] {
  return Object.entries(facets).sort(([one], [other]) => (one < other ? -1 : 1))
}

function sha256Of(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
