import { PipelineError } from '../../errors.ts'
import { type Infer, parser, Type } from '../../schema.ts'
import type { StepContext } from '../step.ts'
import { FacetsSchema } from './facets.ts'
import type { GivenDocument } from './index-schema.ts'
import { hashOf, wholeText } from './lines.ts'

const SaidSchema = Type.Object({
  /** What the model was asked for. */
  task: Type.String(),
  text: Type.Optional(Type.String()),
  facets: Type.Optional(FacetsSchema),
  /** SHA-256 of an artifact with both, where they are large. */
  artifact: Type.Optional(Type.String()),
})
/** What a model said of a document for one task: a text (a summary, a translation), or fields. */
export type Said = Infer<typeof SaidSchema>

const KeptSchema = Type.Object({ content: Type.String(), said: Type.Array(SaidSchema) })
/** All that models said of a document, and of which content of it they said it. */
export type Kept = Infer<typeof KeptSchema>

const kepts = parser(KeptSchema, 'A line of the ledger', 'INDEX_CONTENT')

/** A document's line of the ledger as {@link Kept}. */
export function keptOf(line: string | null): Kept | undefined {
  return line === null ? undefined : kepts.parse(JSON.parse(line))
}

/**
 * What counts of a document once a message about it came: what other tasks said of the same content stays, for they may come by ways of their
 * own; what was said of an earlier content goes with it. An answer that was refused takes the place of the earlier one, a model that was away
 * leaves it.
 */
export function keep(content: string, given: GivenDocument, before: Kept | undefined): Kept | undefined {
  const { task, enriched, outcome } = given
  const answered = isEnrichment(given) && (enriched === true || outcome === 'rejected')
  const others = (before?.content === content ? before.said : []).filter((each) => !answered || each.task !== task)
  const said = answered && enriched === true ? saidOf(given) : undefined
  const all = said === undefined ? others : [...others, said].sort((one, other) => (one.task < other.task ? -1 : 1))
  return all.length === 0 ? undefined : { content, said: all }
}

/** Whether a document came as a manifest of `ollama-enrich`. */
export function isEnrichment({ task, content }: GivenDocument): boolean {
  return task !== undefined && content !== undefined
}

function saidOf({ task = '', result, fields = [], artifact }: GivenDocument): Said {
  if (result === undefined && artifact !== undefined) return { task, artifact: hashOf(artifact) }
  const facets = fieldFacets(fields)
  return {
    task,
    ...(typeof result === 'string' ? { text: result } : {}),
    ...(Object.keys(facets).length === 0 ? {} : { facets }),
  }
}

const answers = parser(
  Type.Object({
    result: Type.Unknown(),
    fields: Type.Array(Type.Object({ path: Type.String(), value: Type.Unknown() })),
  }),
  'The enriched document',
  'INDEX_CONTENT',
)

/** What was said, with what lies in an artifact read. Throws OBJECT_NOT_FOUND, ARTIFACT_CORRUPT, INDEX_CONTENT, INDEX_TOO_LARGE. */
export async function readSaid(
  said: Said,
  { stores, signal }: Pick<StepContext, 'stores' | 'signal'>,
): Promise<Omit<Said, 'artifact'>> {
  const { task, artifact } = said
  if (artifact === undefined) return said
  const text = await wholeText(stores.objects, artifact, signal)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new PipelineError('INDEX_CONTENT', `The artifact ${artifact} is no JSON`, { cause })
  }
  const { result, fields } = answers.parse(value)
  return saidOf({ task, result, fields })
}

/** Plain fields, and lists of words (`classes[0]`), with plain values; a filter by words of a whole paragraph is of no use. */
function fieldFacets(fields: readonly { path: string; value: unknown }[]): NonNullable<Said['facets']> {
  const facets: NonNullable<Said['facets']> = {}
  for (const { path, value } of fields) {
    const [, name, entry] = /^([A-Za-z][A-Za-z0-9_]{0,62})(\[\d+\])?$/.exec(path) ?? []
    if (name === undefined || (typeof value === 'string' && value.length > 200)) continue
    const list = facets[name]
    if (entry === undefined) {
      if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string') facets[name] = value
    } else if (typeof value === 'string') {
      facets[name] = Array.isArray(list) ? [...list, value].slice(0, 100) : [value]
    }
  }
  return facets
}
