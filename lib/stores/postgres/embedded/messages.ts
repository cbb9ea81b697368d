import type { SerialisedError } from '../../../errors.ts'

// Both ends are of one build, and the child must stay small (a schema compiler alone is 29 MB): plain checks do here.

/** What the parent tells its child. */
export type Command =
  | { type: 'create'; folder: string; parent: string; template?: string }
  | {
      type: 'serve'
      folder: string
      parent: string
      address: string
      secret: string
      idleInTransactionMs: number
    }
  | { type: 'ping' }
  | { type: 'close' }

/** What the child tells its parent. */
export type Report =
  | { type: 'done' }
  | { type: 'ready' }
  | { type: 'pong' }
  | { type: 'failed'; error: SerialisedError }

/** Whether a message that came in is a {@link Command}. */
export function isCommand(value: unknown): value is Command {
  const type = typeOf(value)
  return type === 'create' || type === 'serve' || type === 'ping' || type === 'close'
}

/** Whether a message that came in is a {@link Report}. */
export function isReport(value: unknown): value is Report {
  const type = typeOf(value)
  return type === 'done' || type === 'ready' || type === 'pong' || (type === 'failed' && hasError(value))
}

function hasError(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'error' in value && typeof value.error === 'object'
}

function typeOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'type' in value ? value.type : undefined
}
