import { putArtifact } from '../../stores/objects/artifacts.ts'
import type { StepContext } from '../step.ts'
import { short } from './answer/short.ts'
import type { Content } from './content/content.ts'
import { placeOf } from './content/piece.ts'
import type { EnrichConfig, EnrichManifest, GroundedField } from './step-schema.ts'
import type { Outcome } from './tasks/outcome.ts'

/** What a result with its fields may have as JSON to go with the message; more is an artifact. */
const mostInlineBytes = 20_480
/** Dropped and missing fields that go with the message; `droppedCount` counts all. */
const mostListed = 50
/** Reasons and problems that do. */
const mostReasons = 20

/** What every manifest has, whatever became of the document. */
export type ManifestBase = Pick<
  EnrichManifest,
  | 'task'
  | 'model'
  | 'digestRemembered'
  | 'hidden'
  | 'instructions'
  | 'content'
  | 'source'
  | 'name'
  | 'language'
  | 'seconds'
> &
  Partial<Pick<EnrichManifest, 'digest' | 'retrievedAt' | 'file' | 'rows'>>

/** What is known without a model. */
export function baseOf(content: Content, config: EnrichConfig, digest: string | undefined): ManifestBase {
  const { shown, instructions, stored, source, name, retrievedAt, file, rows, language } = content
  return {
    task: config.task,
    model: config.model,
    ...(digest === undefined ? {} : { digest }),
    digestRemembered: false,
    language,
    hidden: shown.hidden,
    instructions: instructions.length,
    content: stored,
    source,
    name,
    ...(retrievedAt === undefined ? {} : { retrievedAt }),
    ...(file === undefined ? {} : { file }),
    ...(rows === undefined ? {} : { rows }),
    seconds: 0,
  }
}

/** What did not happen: the manifest of a document for which there was no model. */
export function deferredManifest(base: ManifestBase, content: Content, reason: string, waits: boolean): EnrichManifest {
  return {
    ...base,
    ...empty,
    outcome: 'deferred',
    enriched: false,
    reason,
    waits,
    ...untouched(content),
  }
}

/** The manifest of an answer, or of none that held. */
export async function answeredManifest(
  base: ManifestBase,
  content: Content,
  outcome: Outcome,
  costs: Pick<EnrichManifest, 'cached' | 'questionTokens' | 'answerTokens'>,
  { stores, signal }: Pick<StepContext, 'stores' | 'signal'>,
): Promise<EnrichManifest> {
  const { result, dropped, parts } = outcome
  const missing = outcome.missing.slice(0, mostListed).map((path) => short(path))
  const problems = listed(outcome.problems)
  const rejected = listed(outcome.rejected)
  const common = { ...base, ...empty, ...costs, parts, missing, problems, rejected, droppedCount: dropped.length }
  if (result === undefined) {
    const [reason = 'no answer held'] = rejected
    return {
      ...common,
      outcome: 'rejected',
      enriched: false,
      reason,
      dropped: dropped.slice(0, mostListed),
      ...untouched(content),
    }
  }
  const fields = outcome.fields.map(({ path, value, quote, start }): GroundedField => {
    return { path, value, quote, ...placeOf(content.shown, start) }
  })
  const whole = { result, fields, dropped }
  const text = JSON.stringify(whole)
  const enriched = { ...common, outcome: 'enriched' as const, enriched: true, language: outcome.language }
  if (Buffer.byteLength(text) <= mostInlineBytes) return { ...enriched, ...whole }
  const { key, sha256, bytes } = await putArtifact(stores.objects, Buffer.from(text), {
    contentType: 'application/json',
    signal,
  })
  return { ...enriched, artifact: { key, sha256, bytes } }
}

const empty = {
  waits: false,
  cached: false,
  fields: [],
  missing: [],
  dropped: [],
  droppedCount: 0,
  rejected: [],
  problems: [],
  parts: 0,
  questionTokens: 0,
  answerTokens: 0,
}

/** The text as it came, where it is small: `content` has it in any case. */
function untouched({ shown, picture }: Content): { result?: string } {
  return picture !== undefined || Buffer.byteLength(JSON.stringify(shown.text)) > mostInlineBytes
    ? {}
    : { result: shown.text }
}

function listed(words: readonly string[]): string[] {
  return words.slice(0, mostReasons).map((line) => short(line))
}
