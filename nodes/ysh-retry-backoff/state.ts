import type { Message, RedUtil } from '../kit/red.ts'

/** What travels in `msg.retry` of a message that is being tried. */
export interface RetryState {
  /** The retry node's stable id. */
  node: string
  /** Of this message's tries. */
  id: string
  /** The try that is under way, or the last one that was made. */
  attempt: number
  /** How many tries there may be. */
  tries: number
  /** When the first try began, in ISO. */
  startedAt: string
  lastError?: { code: string; message: string }
  /** Set when there is no further try. */
  gaveUp?: { why: string; at: string; problem?: string }
  /** The message as it came in: each try begins with it. A retry node around this one has its own state in here. */
  input: Message
}

/** Retry nodes around each other are looked through this deep. */
const maxDepth = 16

/** The state that a retry node gave a message; also from within those of other retry nodes that the message went through later. */
export function stateOf(message: Message, node: string): RetryState | undefined {
  let state = read(message.retry)
  for (let depth = 0; state !== undefined && depth < maxDepth; depth += 1) {
    if (state.node === node) return state
    state = read(state.input.retry)
  }
  return undefined
}

/** Whether the retry node that had the message last has given it up. */
export function isGivenUp(message: Message): boolean {
  return read(message.retry)?.gaveUp !== undefined
}

/**
 * What the tries of a message begin with: a copy, without what cannot be copied (an HTTP request and response, which the message keeps)
 * and without an error. Of the node's own earlier state only what was around it stays.
 */
export function inputOf(util: RedUtil, message: Message, own: RetryState | undefined): Message {
  const { req: _req, res: _res, error: _error, _error: _before, retry, ...rest } = message
  const outer = own === undefined ? retry : own.input.retry
  return util.cloneMessage({ ...rest, ...(outer === undefined ? {} : { retry: outer }) })
}

/** The message as it goes out: as it came in, with the state; what cannot be copied comes from the message at hand. */
export function messageOf(util: RedUtil, state: RetryState, atHand: Message): Message {
  const { retry: _, ...copy } = util.cloneMessage(state.input)
  return {
    ...copy,
    ...(atHand.req === undefined ? {} : { req: atHand.req }),
    ...(atHand.res === undefined ? {} : { res: atHand.res }),
    retry: state,
  }
}

/** A `msg.retry` that is somebody else's is none. */
function read(retry: unknown): RetryState | undefined {
  return isState(retry) ? retry : undefined
}

function isState(value: unknown): value is RetryState {
  if (typeof value !== 'object' || value === null) return false
  const { node, id, attempt, tries, startedAt, input }: Partial<Record<keyof RetryState, unknown>> = value
  return (
    typeof node === 'string' &&
    typeof id === 'string' &&
    Number.isSafeInteger(attempt) &&
    Number(attempt) >= 1 &&
    typeof tries === 'number' &&
    typeof startedAt === 'string' &&
    !Number.isNaN(Date.parse(startedAt)) &&
    typeof input === 'object' &&
    input !== null
  )
}

/**
 * A message as JSON text; undefined when JSON cannot say all of it (an HTTP response, bytes, dates, functions, cycles), or when it is
 * longer than `most` bytes or holds a NUL character, which PostgreSQL refuses.
 */
export function jsonText(message: Message, most: number): string | undefined {
  if (!isJson(message, 0)) return undefined
  const text = JSON.stringify(message)
  return Buffer.byteLength(text) > most || text.includes('\\u0000') ? undefined : text
}

/** Deeper than this counts as endless. */
const deepest = 200

function isJson(value: unknown, depth: number): boolean {
  if (value === null || value === undefined || typeof value === 'string' || typeof value === 'boolean') return true
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object' || depth > deepest) return false
  if (Array.isArray(value)) return value.every((part) => part !== undefined && isJson(part, depth + 1))
  const prototype: unknown = Object.getPrototypeOf(value)
  // By its own prototype's: objects of other realms (a function node's) have another Object.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return false
  return Object.values(value).every((part) => isJson(part, depth + 1))
}
