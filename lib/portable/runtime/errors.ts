import { PipelineError } from '../../errors.ts'
import { isRecord, textOf } from '../../flow-check/node.ts'
import { isListed } from '../../runs/retry-decision.ts'
import { type CaughtError, errorNames, type State } from '../call.ts'
import type { PlanNode, Retry } from '../plan/schema.ts'

/** What an engine makes of a call's error; see {@link errorNames}. */
export type ErrorClass = keyof typeof errorNames

/**
 * A call that failed, as engines see it: `name` is one of {@link errorNames}, the message is the JSON of a {@link CaughtError}, which Lambda
 * hands to the Catch.
 */
export class CallError extends Error {
  readonly class: ErrorClass
  readonly error: CaughtError

  constructor(kind: ErrorClass, error: CaughtError, cause?: unknown) {
    super(JSON.stringify(error), { cause })
    this.name = errorNames[kind]
    this.class = kind
    this.error = error
  }
}

/** What a Catch may have: not the end of the run, and not the end of this process. */
export function isCaught(thrown: unknown): thrown is CallError {
  return thrown instanceof CallError && thrown.class !== 'run' && thrown.error.code !== 'STOPPED'
}

/** The error of a unit with the class that the node's policy gives it. FENCED ends the run here: it goes on elsewhere, or is over. */
export function callError(thrown: unknown, node: PlanNode | undefined): CallError {
  if (thrown instanceof CallError) return thrown
  const error = PipelineError.from(thrown)
  const retry = node !== undefined && 'retry' in node ? node.retry : null
  const told: CaughtError = {
    ...{ code: error.code, message: error.message.slice(0, 2_000), retryable: error.retryable },
    ...(node === undefined ? {} : { source: { id: node.path, type: node.type, name: node.name } }),
  }
  return new CallError(classOf(error, retry), told, error)
}

function classOf({ code, retryable }: PipelineError, retry: Retry | null): ErrorClass {
  if (code === 'FENCED') return 'run'
  // The process was told to end: that is nobody's failure.
  if (code === 'STOPPED') return 'retryable'
  const on = retry?.on
  const again =
    on === undefined || on.errors === 'retryable' ? retryable : isListed(on.codes, code) === (on.errors === 'codes')
  if (!again) return 'permanent'
  return code === 'TIMEOUT' ? 'timeout' : 'retryable'
}

/** The error that a state carries: its own, or as Step Functions' Catch has written it. */
export function errorIn({ error, caught }: Pick<State, 'error' | 'caught'>): CaughtError | null {
  if (caught === undefined) return error ?? null
  return (
    readCause(caught.Cause ?? '') ?? { code: caught.Error, message: caught.Cause ?? caught.Error, retryable: false }
  )
}

/** `Cause` is the error's own JSON, or Lambda's around it: `{errorType, errorMessage}`. */
function readCause(text: string): CaughtError | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isRecord(value)) return undefined
  if (typeof value.errorMessage === 'string') {
    const inner = readCause(value.errorMessage)
    if (inner !== undefined) return inner
    // Lambda's own trouble: the process died, or had no memory left.
    return { code: textOf(value.errorType) || 'LAMBDA', message: value.errorMessage, retryable: false }
  }
  if (typeof value.code !== 'string') return undefined
  const { source } = value
  return {
    ...{ code: value.code, message: textOf(value.message), retryable: value.retryable === true },
    ...(isRecord(source)
      ? { source: { id: textOf(source.id), type: textOf(source.type), name: textOf(source.name) } }
      : {}),
  }
}
