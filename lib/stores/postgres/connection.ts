import pg from 'pg'
import { PipelineError } from '../../errors.ts'
import { type ClientRecipe, clientRecipe } from './client.ts'
import type { Connection, PostgresTarget } from './port.ts'
import { closeClient, Session } from './session.ts'

/**
 * Opens a session of its own on a store that is running, from any thread of this machine. Throws STORE_UNAVAILABLE
 * (retryable), STORE_TOO_OLD, STORE_TLS, STORE_CONFIG, SQL_28P01 (wrong password) and the like.
 */
export async function openConnection(target: PostgresTarget): Promise<Connection> {
  const recipe = clientRecipe(target)
  const client = new pg.Client(recipe.config)
  const session = new Session(client, recipe, target)
  try {
    await client.connect()
    await connectReady(client, recipe, target)
  } catch (error) {
    await closeClient(client)
    throw recipe.errors(error)
  }
  return {
    chunkedCopy: target.kind === 'embedded',
    query: (text, values, options) => session.query(text, values, options),
    transaction: (work) => session.transaction(work),
    copyIn: (name, options) => session.copyIn(name, options),
    copyOut: (source) => session.copyOut(source),
    close: () => session.close(),
  }
}

/** {@link ClientRecipe.prepare} with the deadline of connecting. */
export async function connectReady(client: pg.ClientBase, recipe: ClientRecipe, target: PostgresTarget): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    const message = `PostgreSQL let us in but did not answer within ${target.connectTimeoutMs} ms`
    reject(new PipelineError('STORE_UNAVAILABLE', message, { retryable: true }))
  }, target.connectTimeoutMs)
  try {
    await Promise.race([recipe.prepare(client), promise])
  } finally {
    clearTimeout(timer)
  }
}
