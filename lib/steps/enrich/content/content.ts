import { open, readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { PipelineError } from '../../../errors.ts'
import { artifactKey, putArtifact } from '../../../stores/objects/artifacts.ts'
import { type Language, languageOf } from '../../language.ts'
import type { StepContext } from '../../step.ts'
import type { InstructionSpan } from '../grounding/grounding.ts'
import type { EnrichInput, Reference } from '../step-schema.ts'
import { extractionPieces, tooLong } from './extraction.ts'
import { instructionsIn } from './instructions.ts'
import type { Piece, Shown } from './piece.ts'
import { rowsText, textPieces } from './plain.ts'
import { show } from './shown.ts'

/** What a document may have in the store, in bytes, and as text, in characters. */
const mostBytes = 256 * 1_048_576
const mostCharacters = 10_000_000
const mostPictureBytes = 20 * 1_048_576
/** Rows that go on with the message, as JSON. */
const mostRowBytes = 12_288

/** What came in, as a model may see it. */
export interface Content {
  shown: Shown
  language: Language
  /** Spans that speak to a model. */
  instructions: readonly InstructionSpan[]
  /** PNG or JPEG; `shown` is then what is said beside it. */
  picture: Uint8Array | undefined
  /** As it is stored. */
  stored: Reference
  source: string
  name: string
  retrievedAt: string | undefined
  file: Reference | undefined
  rows: EnrichInput['rows']
}

type Context = Pick<StepContext, 'stores' | 'signal'>

/**
 * Reads what came in and stores what is not stored. Throws ENRICH_NO_SOURCE, ENRICH_EMPTY, ENRICH_CONTENT, ENRICH_TOO_LONG, OBJECT_NOT_FOUND,
 * ARTIFACT_KEY.
 */
export async function readContent(input: EnrichInput, context: Context): Promise<Content> {
  const { text, artifact, rows, row } = input
  const given = [text, artifact, rows, row].filter((value) => value !== undefined).length
  // a picture may have a text beside it
  if (given !== 1 && !(given === 2 && text !== undefined && artifact !== undefined)) {
    throw new PipelineError(
      'ENRICH_NO_SOURCE',
      `One of payload.text, payload.artifact, payload.rows, payload.row, or a text or Buffer as payload is expected; ${given} are there`,
    )
  }
  if (artifact !== undefined) return await readStored(artifact, input, context)
  const list = rows ?? (row === undefined ? undefined : [row])
  const words = list === undefined ? (text ?? '') : rowsText(list)
  if (words.length > mostCharacters) throw tooLong(mostCharacters)
  const stored = await putArtifact(context.stores.objects, Buffer.from(words), {
    contentType: 'text/plain; charset=utf-8',
    signal: context.signal,
  })
  const few = list !== undefined && goesOn(JSON.stringify(list))
  return await contentOf(textPieces(words), referenceOf(stored), input, { rows: few ? list : undefined })
}

async function readStored(
  given: string | Reference,
  input: EnrichInput,
  { stores, signal }: Context,
): Promise<Content> {
  const named = typeof given === 'string' ? given : given.key
  const key = /^[0-9a-f]{64}$/.test(named) ? artifactKey(named) : named
  const known = await stores.objects.head(key)
  if (known === undefined) throw new PipelineError('OBJECT_NOT_FOUND', `The object store has no ${key}`)
  if (known.bytes > mostBytes) {
    throw new PipelineError('ENRICH_TOO_LONG', `${key} has ${known.bytes} bytes; ${mostBytes} are read at most`)
  }
  return await stores.objects.withFile(
    key,
    async (file) => {
      const sha256 = /([0-9a-f]{64})$/.exec(key)?.[1]
      const stored =
        sha256 !== undefined && key === artifactKey(sha256)
          ? { key, sha256, bytes: known.bytes }
          : // an object that somebody else put there: it gets its place by its content
            referenceOf(await putArtifact(stores.objects, { file }, { signal }))
      const head = await headOf(file)
      if (isPicture(head)) {
        if (known.bytes > mostPictureBytes) {
          throw new PipelineError(
            'ENRICH_TOO_LONG',
            `The picture has ${known.bytes} bytes; ${mostPictureBytes} are the most`,
          )
        }
        return await contentOf(textPieces(input.text ?? ''), stored, input, { picture: await readFile(file) })
      }
      if (input.text !== undefined) {
        throw new PipelineError('ENRICH_NO_SOURCE', 'payload.text beside payload.artifact is for pictures only')
      }
      const extraction = head.toString('latin1').startsWith('{"type":"document",')
      if (!extraction && known.bytes > 4 * mostCharacters) throw tooLong(mostCharacters)
      const pieces = extraction
        ? await extractionPieces(file, mostCharacters)
        : textPieces(decoded(await readFile(file)))
      return await contentOf(pieces, stored, input, {})
    },
    { signal },
  )
}

async function contentOf(
  pieces: readonly Piece[],
  stored: Reference,
  input: EnrichInput,
  { picture, rows }: { picture?: Uint8Array; rows?: EnrichInput['rows'] },
): Promise<Content> {
  const shown = await show(pieces)
  if (shown.text === '' && picture === undefined) {
    throw new PipelineError('ENRICH_EMPTY', `${input.name ?? input.source ?? 'The document'} has no text to work on`)
  }
  return {
    shown,
    language: languageOf(shown.text),
    instructions: await instructionsIn(shown.text),
    picture,
    stored,
    source: input.source ?? stored.key,
    name: input.name ?? (input.source === undefined ? stored.key : basename(input.source)),
    retrievedAt: input.retrievedAt,
    file: input.file,
    rows,
  }
}

/** The first bytes of a file, by which one knows what it is. */
async function headOf(file: string): Promise<Buffer> {
  const handle = await open(file)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(32), 0, 32, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

/** Whether rows may go on with the message: few, and without what the journal cannot keep. */
function goesOn(rows: string): boolean {
  return Buffer.byteLength(rows) <= mostRowBytes && !/\\u(?:0000|d[89a-f])/i.test(rows)
}

function decoded(bytes: Uint8Array): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    if (text.length > mostCharacters) throw tooLong(mostCharacters)
    return text
  } catch (cause) {
    if (cause instanceof PipelineError) throw cause
    throw new PipelineError(
      'ENRICH_CONTENT',
      'The stored file is no text (UTF-8), no picture (PNG, JPEG) and no extraction of a PDF: put ysh-pdf-extract before this node for PDFs',
      { cause },
    )
  }
}

function isPicture(bytes: Uint8Array): boolean {
  const [a, b, c, d] = bytes
  return (a === 0x89 && b === 0x50 && c === 0x4e && d === 0x47) || (a === 0xff && b === 0xd8 && c === 0xff)
}

function referenceOf({ key, sha256, bytes }: Reference): Reference {
  return { key, sha256, bytes }
}
