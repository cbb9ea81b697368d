import { PipelineError } from '../../errors.ts'
import { isRecord } from '../../flow-check/node.ts'
import { getArtifact, putArtifact } from '../../stores/objects/artifacts.ts'
import type { ObjectStore } from '../../stores/objects/port.ts'
import type { State } from '../call.ts'
import { pathOf, valueAt } from './core-entries.ts'

/** Step Functions and Lambda's asynchronous calls take 262,144 bytes; some are left for what the engine puts around. */
export const maxStateBytes = 240_000
/** A payload from this size on is moved out, so that what is beside it may grow. */
const inlineBytes = 100_000
const mark = '$stored'

/** A state as an engine may carry it: a large payload becomes a reference. Throws STATE_TOO_LARGE. */
export async function packed(
  state: State,
  keep: readonly string[],
  objects: ObjectStore,
  signal: AbortSignal,
): Promise<State> {
  const { payload } = state.message
  const small =
    sizeOf(payload) <= inlineBytes && sizeOf(state) <= maxStateBytes
      ? state
      : { ...state, message: { ...state.message, payload: await stored(payload, keep, objects, signal) } }
  const bytes = sizeOf(small)
  if (bytes <= maxStateBytes) return small
  throw new PipelineError(
    'STATE_TOO_LARGE',
    `What goes to the next step has ${bytes} bytes of JSON besides its payload, at most ${maxStateBytes} can be carried: hand on references`,
    { details: { bytes, limit: maxStateBytes } },
  )
}

/** An item of a list that goes through a bucket: a large payload becomes a reference, for its execution begins with it. */
export async function packedItem<T extends { message: Record<string, unknown> }>(
  item: T,
  objects: ObjectStore,
  signal: AbortSignal,
): Promise<T> {
  const { payload } = item.message
  if (sizeOf(payload) <= inlineBytes) return item
  return { ...item, message: { ...item.message, payload: await stored(payload, [], objects, signal) } }
}

/** A reference to a payload, with what choices read of it. */
export async function stored(
  payload: unknown,
  keep: readonly string[],
  objects: ObjectStore,
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  const bytes = Buffer.from(JSON.stringify(payload) ?? 'null')
  const { sha256 } = await putArtifact(objects, bytes, { contentType: 'application/json', signal })
  const kept: Record<string, unknown> = { [mark]: { sha256, bytes: bytes.length } }
  for (const path of keep) {
    const [first, ...names] = pathOf(path)
    const last = names.pop()
    const value = last === undefined ? undefined : valueAt(payload, [...names, last])
    if (first !== 'payload' || last === undefined || value === undefined || typeof value === 'object') continue
    let at = kept
    for (const name of names) {
      const next = at[name]
      const inner = isRecord(next) ? next : {}
      at[name] = inner
      at = inner
    }
    at[last] = value
  }
  return kept
}

/** The state with its payload back in place. Throws what the object store throws. */
export async function unpacked(state: State, objects: ObjectStore, signal: AbortSignal): Promise<State> {
  const { payload } = state.message
  const reference = isRecord(payload) ? payload[mark] : undefined
  if (!isRecord(reference) || typeof reference.sha256 !== 'string') return state
  return { ...state, message: { ...state.message, payload: await readStored(reference.sha256, objects, signal) } }
}

async function readStored(sha256: string, objects: ObjectStore, signal: AbortSignal): Promise<unknown> {
  const parts: Buffer[] = []
  const { body } = await getArtifact(objects, sha256, { signal })
  for await (const part of body) parts.push(Buffer.from(part))
  return JSON.parse(Buffer.concat(parts).toString('utf8'))
}

function sizeOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value) ?? '')
}
