import { PipelineError } from '../../errors.ts'
import type { ServerSocket } from '../../net/server-socket.ts'
import { inTime } from '../../stopped.ts'
import type { Caller } from '../access/caller.ts'
import type { Gate } from '../access/gate.ts'
import { type Asked, credentialFrom } from './credential.ts'
import { type EventHub, type Topic, wants } from './hub.ts'
import { errorMessage, eventMessage, readHello, readLater } from './protocol.ts'
import { callerEnded, checkScopes, merged, without } from './topics.ts'

/** What a session needs of its surroundings. */
export interface SessionOptions {
  socket: ServerSocket
  /** The request that became the connection. */
  request: Asked
  hub(signal: AbortSignal): Promise<EventHub>
  gate: Gate
  /** Counts a caller in. Throws EVENTS_FULL. */
  admitted(caller: Caller): void
  /** Whether key or token are still good is asked again after so long: */
  againMs: number
  /** who it is now; undefined when nobody can say. Throws API_UNKNOWN_CALLER, API_SCOPE, API_LOOPBACK_ONLY. */
  again(credential: Asked): Promise<Caller | undefined>
  /** The position is told at least so often when it has moved without an event for this subscriber. */
  tellMs: number
}

/** Patience with whoever checks keys and tokens, and with stores that are being opened. */
const patience = {
  ms: 15_000,
  late: () => new PipelineError('STORE_TIMEOUT', 'The API is not ready yet', { retryable: true }),
}

/**
 * Serves one subscriber, from its first message until it goes; see docs/api-events.md. Rejects with why it has to end: what `endingOf`
 * knows, STOPPED when the connection has gone or the hub is closing.
 */
export async function serveSession(options: SessionOptions): Promise<void> {
  const { socket } = options
  const text = await socket.first()
  socket.signal.throwIfAborted()
  if (text === undefined) throw new PipelineError('EVENTS_MESSAGE', 'No first message came in time')
  const hello = readHello(text)
  const credential = credentialFrom(options.request, hello.key ?? hello.token)
  const failed = Promise.withResolvers<never>()
  // what fails beside the events ends the session as well
  failed.promise.catch(() => undefined)
  let { caller } = await inTime(patience, () => options.gate.admit(credential, 'events'), socket.signal)
  checkScopes(caller, hello.topics)
  options.admitted(caller)
  let topics: readonly Topic[] = merged([], hello.topics)

  const hub = await inTime(patience, () => options.hub(socket.signal), socket.signal)
  if (hello.after !== undefined) await hub.check(hello.after)
  let position = hello.after ?? (await hub.newest())
  let told = position
  const tell = (type: 'subscribed' | 'position' | 'pong') => {
    told = position
    socket.send(JSON.stringify({ type, position, ...(type === 'subscribed' ? { topics } : {}) }))
  }

  const recheck = async (): Promise<void> => {
    if (caller.expires !== undefined && caller.expires.getTime() <= Date.now()) throw callerEnded()
    caller = (await inTime(patience, () => options.again(credential), socket.signal)) ?? caller
    checkScopes(caller, topics)
    watch()
  }
  let timer: NodeJS.Timeout | undefined
  const watch = () => {
    const left = caller.expires === undefined ? options.againMs : Math.max(0, caller.expires.getTime() - Date.now())
    clearTimeout(timer)
    timer = setTimeout(() => recheck().catch(failed.reject), Math.min(left, options.againMs))
    timer.unref()
  }
  const teller = setInterval(() => {
    if (position !== told) tell('position')
  }, options.tellMs)
  teller.unref()

  const hear = (message: string | undefined) => {
    try {
      const asked = readLater(message)
      if (asked.type === 'ping') return tell('pong')
      if (asked.type === 'subscribe') checkScopes(caller, asked.topics)
      topics = asked.type === 'subscribe' ? merged(topics, asked.topics) : without(topics, asked.topics)
      tell('subscribed')
    } catch (thrown) {
      const error = PipelineError.from(thrown)
      // a wish that cannot be granted leaves the rest as it is
      if (error.code === 'API_SCOPE' || error.code === 'EVENTS_TOPICS') socket.send(errorMessage(error))
      else failed.reject(error)
    }
  }

  try {
    watch()
    tell('subscribed')
    socket.listen(hear)
    const sending = (async () => {
      for await (const event of hub.subscribe('all', { after: position, signal: socket.signal })) {
        const wanted = wants(topics, event)
        position = event.position
        if (!wanted) continue
        told = position
        if (!socket.send(eventMessage(event))) await socket.drained()
      }
    })()
    await Promise.race([sending, failed.promise])
  } finally {
    clearTimeout(timer)
    clearInterval(teller)
  }
}
