import { PipelineError } from '../errors.ts'
import { type Infer, Type } from '../schema.ts'

/** Where an answer can come from, the best first: the source itself, a mirror of it, the last good copy. */
export const tiers = ['primary', 'backup', 'cache'] as const
/** {@link tiers} as a schema. */
export const TierSchema = Type.Enum([...tiers])
/** One of {@link tiers}. */
export type TierName = Infer<typeof TierSchema>

/** A tier that could not serve, and why: part of every answer from a lower one. */
export const FailedTierSchema = Type.Object({
  tier: TierSchema,
  /** Address or name of the source. */
  source: Type.String(),
  code: Type.String(),
  message: Type.String(),
})
/** {@link FailedTierSchema} as a type. */
export type FailedTier = Infer<typeof FailedTierSchema>

/** Longest message of a failed tier, in characters: an answer repeats it for each of its parts, and goes into the journal. */
const maxMessage = 160

/** One source of a chain. */
export interface Tier<T> {
  tier: TierName
  /** Address or name, for a person to read. */
  source: string
  /** Answers from this source, its own retries included. `above` are the tiers that failed before it. */
  serve(above: readonly FailedTier[]): Promise<{ value: T; ageSeconds: number }>
}

/** What a chain answers: the value, who gave it, how old it is (seconds), and why nobody above gave it. */
export interface FallbackAnswer<T> {
  value: T
  tier: TierName
  source: string
  ageSeconds: number
  why: FailedTier[]
}

/**
 * Asks the tiers one after the other until one serves. `goesOn` says which errors speak of the source, so that the next tier
 * may do better; any other ends the chain and is thrown as it is. When no tier serves, the first one's error is thrown: alone as
 * it is, else with the others' in its message and `details.why`; it is retryable when any of them is.
 */
export async function fallback<T>(
  chain: readonly Tier<T>[],
  goesOn: (error: PipelineError, tier: TierName) => boolean,
): Promise<FallbackAnswer<T>> {
  const why: FailedTier[] = []
  const errors: PipelineError[] = []
  for (const { tier, source, serve } of chain) {
    try {
      const { value, ageSeconds } = await serve(why)
      return { value, tier, source, ageSeconds, why }
    } catch (thrown) {
      const error = PipelineError.from(thrown)
      if (!goesOn(error, tier)) throw error
      errors.push(error)
      why.push(failedTier(tier, source, error))
    }
  }
  throw allFailed(errors, why)
}

/** An error as part of an answer. */
export function failedTier(tier: TierName, source: string, { code, message }: PipelineError): FailedTier {
  const short = message.length > maxMessage ? `${message.slice(0, maxMessage - 1)}…` : message
  return { tier, source, code, message: short }
}

/** The lowest tier among several answers; undefined for none. */
export function worstTier(served: readonly TierName[]): TierName | undefined {
  return tiers.findLast((tier) => served.includes(tier))
}

function allFailed(errors: readonly PipelineError[], why: readonly FailedTier[]): PipelineError {
  const [first, ...others] = errors
  if (first === undefined) return new PipelineError('CONFIG', 'There is no source to ask')
  if (others.length === 0) return first
  const rest = why.slice(1).map(({ tier, source, code, message }) => `${tier} ${source}: ${code}: ${message}`)
  const retryable = errors.filter((error) => error.retryable)
  // As long as one source did not ask for a pause, there is no need to wait for the others.
  const asked = retryable.map((error) => error.retryAfterMs ?? 0)
  const wait = asked.length === 0 ? 0 : Math.min(...asked)
  return new PipelineError(first.code, `${first.message.replace(/\.$/, '')} (${rest.join('; ')})`, {
    retryable: retryable.length > 0,
    ...(wait > 0 ? { retryAfterMs: wait } : {}),
    cause: first,
    details: { ...first.details, why: [...why] },
  })
}
