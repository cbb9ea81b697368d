import { createHash } from 'node:crypto'
import { PipelineError } from '../../errors.ts'
import { parser } from '../../schema.ts'
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
import { isEnrichment, type Kept, keep, readSaid } from './said.ts'

/** What is read of a document. */
export interface Contents {
  /** Its own words. */
  blocks: Iterable<Block>
  /** Texts of models about it. */
  said: { task: string; blocks: Iterable<Block> }[]
  facets: Facets
}

/** A document to be indexed. Nothing of it is read before {@link SourceDocument.read}. */
export interface SourceDocument {
  document: string
  title: string
  url: string
  sha256: string
  retrievedAt: string | undefined
  /** Hash of what is read of it. */
  content: string
  /** Of all that decides what is indexed of it; the same hash again is the same document. */
  hash: string
  /** What models said of it, for the ledger. */
  kept: Kept | undefined
  read(): Promise<Contents>
  /** The same with what is known already of what models said of it. */
  after(kept: Kept | undefined): SourceDocument
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

/** Two messages of a list about the same content of a document, such as a summary and fields, as one; undefined where they are no such. */
export function together(one: SourceDocument, other: SourceDocument): SourceDocument | undefined {
  if (one.content !== other.content || (one.kept === undefined && other.kept === undefined)) return undefined
  const after = (kept: Kept | undefined): SourceDocument => ({ ...other.after(one.after(kept).kept), after })
  return after(undefined)
}

/** Which contents a document brings; one is expected. */
function contentsOf(given: GivenDocument): string[] {
  const { artifact, text, rows, content } = given
  return Object.entries({ artifact, text, rows, content })
    .filter(([, value]) => value !== undefined)
    .map(([name]) => name)
}

function sourceOf(given: GivenDocument, shared: Facets, config: IndexConfig, context: Context): SourceDocument {
  const content = isEnrichment(given) ? ofEnrichment(given) : given
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
  const facets = { ...shared, ...given.facets }
  const { hash: contentHash, blocks } = readerOf(content, context)
  const title = given.title ?? (name === '' ? document : name)
  const settings = [chunkerVersion, config.targetCharacters, config.mostCharacters]
  const after = (before: Kept | undefined): SourceDocument => {
    const kept = keep(contentHash, given, before)
    return {
      document,
      title,
      url,
      sha256: given.sha256 ?? given.file?.sha256 ?? contentHash,
      retrievedAt: given.retrievedAt,
      content: contentHash,
      hash: sha256Of(JSON.stringify([settings, contentHash, title, url, sortedEntries(facets), kept?.said])),
      kept,
      async read() {
        const contents: Contents = { blocks: await blocks(), said: [], facets: { ...facets } }
        for (const each of kept?.said ?? []) {
          const { task, text, facets: found } = await readSaid(each, context)
          if (text !== undefined) contents.said.push({ task, blocks: textBlocks(text) })
          contents.facets = { ...contents.facets, ...found }
        }
        return contents
      },
      after,
    }
  }
  return after(undefined)
}

/** An enriched document with its own content in place of what a model made of it. */
function ofEnrichment({ content, artifact: _, rows: __, ...rest }: GivenDocument): GivenDocument {
  return content === undefined ? rest : { ...rest, artifact: content }
}

function readerOf(
  { artifact, text, rows }: GivenDocument,
  { stores, signal }: Context,
): { hash: string; blocks(): Promise<Iterable<Block>> } {
  if (text !== undefined) return { hash: sha256Of(text), blocks: async () => textBlocks(text) }
  if (rows !== undefined) return { hash: sha256Of(JSON.stringify(rows)), blocks: async () => rowBlocks(rows) }
  const hash = hashOf(artifact ?? '')
  return {
    hash,
    async blocks() {
      const { objects } = stores
      switch (await kindOf(stores, hash, signal)) {
        case 'extraction':
          return await extractionBlocks(jsonLines(objects, hash, signal))
        case 'picture':
          return []
        case 'text':
          return textBlocks(await wholeText(objects, hash, signal))
      }
    },
  }
}

/** What an artifact is: JSON lines of `pdf-extract` begin with the line of the document; a picture (PNG, JPEG) has no words of its own. */
async function kindOf(
  { objects }: Context['stores'],
  sha256: string,
  signal: AbortSignal,
): Promise<'extraction' | 'picture' | 'text'> {
  const begin = '{"type":"document"'
  const known = await objects.head(artifactKey(sha256))
  if (known !== undefined && known.bytes < begin.length) return 'text'
  const { body } = await getArtifact(objects, sha256, { range: { start: 0, end: begin.length - 1 }, signal })
  const chunks: Buffer[] = []
  for await (const chunk of body) chunks.push(chunk)
  const head = Buffer.concat(chunks).toString('latin1')
  if (head === begin) return 'extraction'
  return /^(?:\x89PNG|\xff\xd8\xff)/.test(head) ? 'picture' : 'text'
}

function sortedEntries(facets: Facets): [string, unknown][] {
  return Object.entries(facets).sort(([one], [other]) => (one < other ? -1 : 1))
}

function sha256Of(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
