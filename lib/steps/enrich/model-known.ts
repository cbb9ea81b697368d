import { PipelineError } from '../../errors.ts'
import type { LanguageModel } from '../../models/port.ts'
import type { StepContext } from '../step.ts'

/** Errors after which the same question may be answered later: the model is not there now. */
const awayCodes = new Set(['MODEL_UNAVAILABLE', 'MODEL_MISSING', 'MODEL_TIMEOUT', 'MODEL_BUSY'])

/** Whether an error says that the model is not there for now. */
export function isAway(thrown: unknown): thrown is PipelineError {
  return thrown instanceof PipelineError && awayCodes.has(thrown.code)
}

/** A model, from the server or from what it said last. */
export interface KnownModel {
  /** Undefined: the server is away, and was never heard of this model. */
  digest: string | undefined
  contextTokens: number | undefined
  /** Why the server could not be asked; then the rest is what it said last. */
  away: PipelineError | undefined
}

/** What is noted of a model is looked at again after this time, in milliseconds. */
const notedMs = 3_600_000

/** Asks the server for a model, or remembers what it said. Throws what the port throws, but what says that the model is away. */
export async function knowModel(llm: LanguageModel, model: string, context: StepContext): Promise<KnownModel> {
  const { postgres } = context.stores
  const progress = context.progress
  const { rows } = await postgres.query<{ digest: string; context_tokens: number | null; seen_at: Date }>(
    'select digest, context_tokens, seen_at from pipeline.enrichment_model where place = $1 and model = $2',
    [llm.place, model],
  )
  const [last] = rows
  try {
    const info = await llm.describe(model, {
      signal: context.signal,
      onPull: ({ done, total }) =>
        progress({ phase: 'pull', done, unit: 'bytes', ...(total === undefined ? {} : { total }) }),
    })
    const now = context.clock.now()
    const fresh = last?.digest === info.digest && now.getTime() - last.seen_at.getTime() < notedMs
    if (!fresh) {
      await postgres.query(
        `insert into pipeline.enrichment_model (place, model, digest, context_tokens, seen_at) values ($1, $2, $3, $4, $5)
         on conflict (place, model) do update set digest = excluded.digest, context_tokens = excluded.context_tokens,
           seen_at = excluded.seen_at`,
        [llm.place, model, info.digest, info.contextTokens ?? null, now.toISOString()],
      )
    }
    return { digest: info.digest, contextTokens: info.contextTokens, away: undefined }
  } catch (thrown) {
    if (!isAway(thrown)) throw thrown
    return { digest: last?.digest, contextTokens: last?.context_tokens ?? undefined, away: thrown }
  }
}
