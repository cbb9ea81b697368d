import { PipelineError } from '../errors.ts'
import { type Infer, Type } from '../schema.ts'
import type { Json } from '../stores/cache/port.ts'
import { splitPath, uuid5 } from './identity.ts'
import { maxOutputBytes } from './journal.ts'
import { plainJson } from './json.ts'

/** The namespace of the letters' ids (a random UUID, fixed for ever). */
const namespace = 'b7a0a2de-4c58-4f0a-8f1e-2f6c1f3f9b55'
/** Most open letters of one flow. The next failure is in the journal and the log, but can no more be redriven by itself. */
export const maxOpenLetters = 10_000
/** Largest message that is kept whole in the object store, in bytes of JSON. */
export const maxWholeBytes = 16 * 1024 * 1024

/** What failed: an item of an each, a whole run, or a message from outside any run. */
export type LetterKind = 'item' | 'run' | 'message'
/** Whether somebody has to look at it. */
export type LetterState = 'open' | 'redriven' | 'discarded'

/** Why something failed. */
export const LetterErrorSchema = Type.Object({
  code: Type.String(),
  message: Type.String(),
  retryable: Type.Boolean(),
  /** The node that failed, where it is known. */
  source: Type.Optional(Type.String()),
})
/** {@link LetterErrorSchema} as a type. */
export type LetterError = Infer<typeof LetterErrorSchema>

/** A letter as people see it. Times are ISO. */
export interface Letter {
  id: string
  kind: LetterKind
  /** Stable id of the trigger node, or of the node `ysh-dead-letter` for a message from outside any run. */
  flow: string
  run: string | null
  slot: string | null
  /** The each node, the trigger, or the node `ysh-dead-letter`. */
  node: string
  /** Path of the item; the topic of a message. */
  item: string
  /** What a person calls it: the item's key (nested ones with ` / `), the run's slot, the message's topic. */
  key: string
  /** The message that failed; only where it was asked for. */
  input?: Json
  /** What the input lacks. */
  note: string | null
  /** Key of the whole message in the object store, when the input has only a part. */
  object: string | null
  error: LetterError
  /** Tries until it was given up. */
  attempts: number
  state: LetterState
  createdAt: string
  settledAt: string | null
  settledBy: string | null
  /** Why it was discarded. */
  reason: string | null
  /** The run that redrives it. */
  redriveRun: string | null
  /** The run in which it succeeded after all. */
  recoveredRun: string | null
  recoveredAt: string | null
}

/** A letter about to be written. */
export interface LetterDraft {
  id: string
  /** JSON text. */
  input: string | null
  note: string | null
  error: LetterError
  attempts: number
}

/** The id of the letter of a failure. */
export function letterId(run: string, node: string, item: string): string {
  return uuid5(namespace, JSON.stringify([run, node, item]))
}

/** The item's keys as a person reads them. */
export function keyOf(path: string): string {
  const keys: string[] = []
  for (let rest = path; rest !== ''; ) {
    const { parent, key } = splitPath(rest)
    keys.unshift(key)
    rest = parent
  }
  return keys.join(' / ')
}

/** A message as a letter keeps it. */
export interface KeptInput {
  /** JSON text of at most 64 KiB: the properties that fit. */
  input: string
  /** What is left out and why; null when nothing is. */
  note: string | null
  /** JSON text of all that JSON can say, when `input` has only a part of it. */
  whole: string | undefined
}

/** Not of the message itself: connections, and what belongs to the run and the tries it came with. */
const dropped: ReadonlySet<string> = new Set(['req', 'res', 'run', 'retry', 'deadLetter'])

/**
 * A message as JSON, property by property: what JSON cannot say is left out and named, and so are the largest properties of one
 * that is too large for the table.
 */
export function keptInput(message: Readonly<Record<string, unknown>>): KeptInput {
  const texts: { name: string; text: string }[] = []
  const unsaid: string[] = []
  for (const [name, value] of Object.entries(message)) {
    if (dropped.has(name) || value === undefined || typeof value === 'function') continue
    const text = textOf(value)
    if (text === undefined) unsaid.push(name)
    else texts.push({ name, text })
  }
  const small = new Set<string>()
  let bytes = 2
  for (const { name, text } of [...texts].sort((a, b) => a.text.length - b.text.length)) {
    const needs = Buffer.byteLength(text) + Buffer.byteLength(JSON.stringify(name)) + 2
    if (bytes + needs > maxOutputBytes || unstorable.test(text) || unstorable.test(JSON.stringify(name))) continue
    bytes += needs
    small.add(name)
  }
  const join = (parts: typeof texts) =>
    `{${parts.map(({ name, text }) => `${JSON.stringify(name)}:${text}`).join(',')}}`
  const left = texts.filter(({ name }) => !small.has(name)).map(({ name }) => name)
  const notes = [
    ...(unsaid.length === 0 ? [] : [`Not kept, because JSON cannot say it: ${named(unsaid)}.`]),
    ...(left.length === 0
      ? []
      : [`Not in this table (more than ${maxOutputBytes} bytes, or characters it refuses): ${named(left)}.`]),
  ]
  return {
    input: join(texts.filter(({ name }) => small.has(name))),
    note: notes.length === 0 ? null : notes.join(' '),
    whole: left.length === 0 ? undefined : join(texts),
  }
}

// NUL and halves of surrogate pairs: jsonb refuses both.
const unstorable = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f][0-9a-f]{2})/

function textOf(value: unknown): string | undefined {
  try {
    // A buffer is written as Node.js does, and becomes one again when the message is sent out.
    return Buffer.isBuffer(value) ? JSON.stringify(value) : JSON.stringify(plainJson(value, 'The property'))
  } catch (thrown) {
    if (thrown instanceof PipelineError && thrown.code === 'NOT_JSON') return undefined
    throw thrown
  }
}

function named(names: readonly string[]): string {
  const some = names.slice(0, 20).map((name) => name.slice(0, 80))
  return names.length > some.length ? `${some.join(', ')} and ${names.length - some.length} more` : some.join(', ')
}

/** The message of an item, as its each sent it. */
export function itemMessage(value: Json, message: unknown): Record<string, unknown> {
  const carried = typeof message === 'object' && message !== null && !Array.isArray(message) ? message : {}
  return { ...carried, payload: value }
}

/** A kept message with its buffers made anew. */
export function revived(text: string): Record<string, unknown> {
  const message: unknown = JSON.parse(text, (_, value: unknown) => {
    if (typeof value !== 'object' || value === null || !('type' in value) || !('data' in value)) return value
    const { type, data } = value
    const bytes = type === 'Buffer' && Array.isArray(data) && data.every((byte) => Number.isInteger(byte))
    return bytes ? Buffer.from(data) : value
  })
  return typeof message === 'object' && message !== null ? { ...message } : {}
}

/** The error of a flow that has too many open letters. */
export function lettersFull(flow: string): PipelineError {
  return new PipelineError(
    'LETTERS_FULL',
    `${maxOpenLetters} dead letters of ${flow} are open already; this failure was not kept as one: redrive or discard some`,
    { retryable: true },
  )
}
