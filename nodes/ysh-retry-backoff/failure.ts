import { PipelineError } from '../../lib/errors.ts'
import { parseRetryAfter } from '../../lib/net/errors.ts'
import { isListed } from '../../lib/runs/retry-decision.ts'
import { type Infer, parser, Type } from '../../lib/schema.ts'
import type { Json } from '../../lib/stores/cache/port.ts'
import type { Message } from '../kit/red.ts'
import { caughtError } from '../kit/run-message.ts'
import type { RetryNodeSchema } from './declaration.ts'

const facts = parser(
  Type.Object({
    retryable: Type.Optional(Type.Boolean()),
    retryAfterMs: Type.Optional(Type.Number({ minimum: 0 })),
  }),
  'msg.error.cause',
)
const sources = parser(
  Type.Object({
    id: Type.String(),
    type: Type.Optional(Type.String()),
    name: Type.Optional(Type.String()),
  }),
  'msg.error.source',
)

/** What a Catch node has put into a message. */
export interface Failure {
  /** Retryable as the error itself says; one of a node of another package says nothing, and counts as retryable. */
  error: PipelineError
  /** The node that failed, as small JSON. */
  source: Json
}

/** The failure that a message tells of. */
export function failureOf(message: Message): Failure {
  const { code, message: words } = caughtError(message) ?? { code: 'FLOW_ERROR', message: 'A node failed' }
  const thrown = objectOf(message.error)
  const { retryable, retryAfterMs } = read(facts, pick(thrown?.cause, ['retryable', 'retryAfterMs'])) ?? {}
  const wait = retryAfterMs ?? (retryable === undefined ? askedIn(message.headers) : undefined)
  return {
    error: new PipelineError(code, words, {
      retryable: retryable ?? true,
      ...(wait === undefined ? {} : { retryAfterMs: wait }),
    }),
    source: read(sources, pick(thrown?.source, ['id', 'type', 'name'])) ?? null,
  }
}

/** The error of a caught message, made anew from what the journal kept of it. */
export function asCaught(error: PipelineError, source: Json): Record<string, Json> {
  const { code, message, retryable } = error
  const known = read(sources, source)
  return {
    message,
    code,
    cause: { retryable },
    ...(known === undefined ? {} : { source: { ...known, count: 1 } }),
  }
}

/**
 * The failure's error, retryable or not by the node's settings. `evaluate` is asked only for `expression`; what it throws comes
 * through.
 */
export async function classified(
  { retryOn, codes, codesMean }: Pick<Infer<typeof RetryNodeSchema>, 'retryOn' | 'codes' | 'codesMean'>,
  { error }: Failure,
  evaluate: () => Promise<unknown>,
): Promise<PipelineError> {
  if (retryOn === 'pipeline') return error
  const retryable =
    retryOn === 'codes' ? isListed(codes, error.code) === (codesMean === 'retry') : Boolean(await evaluate())
  return PipelineError.fromJSON({ ...error.toJSON(), retryable })
}

/** How long a server asked to wait, in the headers that a node of another package left in the message. */
function askedIn(headers: unknown): number | undefined {
  const asked = Object.entries(objectOf(headers) ?? {}).find(([name]) => name.toLowerCase() === 'retry-after')?.[1]
  return typeof asked === 'string' || typeof asked === 'number' ? parseRetryAfter(String(asked)) : undefined
}

function read<T>(known: { problems(value: unknown): string[]; parse(value: unknown): T }, value: unknown) {
  return known.problems(value).length > 0 ? undefined : known.parse(value)
}

/** Some properties of an object, so that nothing else of it is looked at; those that are undefined are left out. */
function pick(value: unknown, names: readonly string[]): Record<string, unknown> {
  const all = objectOf(value)
  return Object.fromEntries(
    names.flatMap((name) => (all?.[name] === undefined || all[name] === null ? [] : [[name, all[name]]])),
  )
}

function objectOf(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : undefined
}
