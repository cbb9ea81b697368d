import { PipelineError } from '../../lib/errors.ts'
import type { Red, RedNode } from './red.ts'

/** A message under way: where it is to be delivered yet, and at how many nodes it is. */
interface Trail {
  /** Deliveries that are sent and have not arrived, by node id. */
  coming: Map<string, number>
  count: number
  over(): void
}

const trails = new Map<string, Trail>()
const label = 'ysh-let-through'

/**
 * Sends a message and resolves when the flow has let it through: no node works on it, or on a copy of it, any more. Told by Node-RED's own
 * hooks, so that nothing needs to be wired back. What a node keeps for later after it has said `done` (a join that collects) counts as
 * through. Throws LET_THROUGH when it takes longer than `patienceMs`; rejects with the signal's reason.
 */
export async function letThrough(
  red: Red,
  id: string,
  send: () => void,
  { signal, patienceMs }: { signal: AbortSignal; patienceMs: number },
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const trail: Trail = { coming: new Map(), count: 0, over: resolve }
  if (trails.size === 0) listen(red)
  trails.set(id, trail)
  const late = setTimeout(() => {
    const seconds = patienceMs / 1_000
    reject(
      new PipelineError(
        'LET_THROUGH',
        `The flow has not let a message through within ${seconds} s: a node keeps it, or never ends it`,
      ),
    )
  }, patienceMs)
  const stop = () => reject(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  try {
    signal.throwIfAborted()
    send()
    // nobody is wired; asked a moment later, for another package's hook may take its time
    setImmediate(() => setImmediate(() => trail.count === 0 && resolve()))
    await promise
  } finally {
    clearTimeout(late)
    signal.removeEventListener('abort', stop)
    trails.delete(id)
    if (trails.size === 0) red.hooks.remove(`*.${label}`)
  }
}

function listen({ hooks }: Red): void {
  hooks.add(`preDeliver.${label}`, ({ msg, destination }) => {
    const trail = trailOf(msg)
    if (trail === undefined) return
    trail.count += 1
    trail.coming.set(destination.id, (trail.coming.get(destination.id) ?? 0) + 1)
  })
  hooks.add(`onReceive.${label}`, ({ msg, destination }) => {
    const trail = trailOf(msg)
    if (trail === undefined) return
    const coming = trail.coming.get(destination.id) ?? 0
    // a link hands its message on without a delivery
    if (coming === 0) trail.count += 1
    else trail.coming.set(destination.id, coming - 1)
  })
  hooks.add(`postReceive.${label}`, ({ msg, destination }) => {
    // a node of the old kind says no `done`: it counts as through as soon as it has the message
    if (destination.node !== undefined && !saysDone(destination.node)) leave(trailOf(msg))
  })
  hooks.add(`onComplete.${label}`, ({ msg }) => leave(trailOf(msg)))
}

function trailOf(msg: { _msgid?: unknown } | undefined): Trail | undefined {
  return typeof msg?._msgid === 'string' ? trails.get(msg._msgid) : undefined
}

function leave(trail: Trail | undefined): void {
  if (trail === undefined) return
  trail.count -= 1
  if (trail.count > 0) return
  // What the node sent before it said `done` is counted already; a node may also send right after it.
  setImmediate(() => trail.count <= 0 && trail.over())
}

/** Node-RED counts the handlers of a node that take `done`. */
function saysDone(node: RedNode & { _expectedDoneCount?: number }): boolean {
  return node._expectedDoneCount !== 0
}
