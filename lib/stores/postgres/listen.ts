import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { clientRecipe } from './client.ts'
import { connectReady } from './connection.ts'
import { type PostgresTarget, quoteIdentifier } from './port.ts'
import { closeClient } from './session.ts'

/** Pause before a lost connection is opened again, in milliseconds: doubles up to the second figure. */
const againMs = [500, 30_000] as const

/** See {@link PostgresStore.listen}. Resolves when the signal aborts. Never rejects: hearing is a convenience. */
export async function listen(
  target: PostgresTarget,
  channel: string,
  heard: (payload: string | undefined) => void,
  signal: AbortSignal,
): Promise<void> {
  let pause: number = againMs[0]
  while (!signal.aborted) {
    const began = performance.now()
    await listenOnce(target, channel, heard, signal)
    // A connection that held for a while was a good one.
    pause = performance.now() - began > againMs[1] ? againMs[0] : Math.min(pause * 2, againMs[1])
    await sleep(pause, undefined, { signal, ref: false }).catch(() => undefined)
  }
}

/** One connection, until it is lost or the signal aborts. */
async function listenOnce(
  target: PostgresTarget,
  channel: string,
  heard: (payload: string | undefined) => void,
  signal: AbortSignal,
): Promise<void> {
  const recipe = clientRecipe(target)
  const client = new pg.Client(recipe.config)
  const { promise: over, resolve: end } = Promise.withResolvers<void>()
  const stop = () => end()
  client.on('error', stop)
  client.on('end', stop)
  client.on('notification', (message) => heard(message.payload ?? ''))
  signal.addEventListener('abort', stop, { once: true })
  try {
    await client.connect()
    await connectReady(client, recipe, target)
    await client.query(`listen ${quoteIdentifier(channel)}`)
    if (!signal.aborted) heard(undefined)
    await over
  } catch {
    // Whoever listens looks by itself from time to time as well.
  } finally {
    signal.removeEventListener('abort', stop)
    await closeClient(client).catch(() => undefined) // it was lost already
  }
}
