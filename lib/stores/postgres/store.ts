import pg from 'pg'
import { PipelineError } from '../../errors.ts'
import { type ClientRecipe, clientRecipe } from './client.ts'
import { connectReady, openConnection } from './connection.ts'
import { listen } from './listen.ts'
import type { Connection, PostgresStore, PostgresTarget, Queryable, QueryOptions, QueryResult, Row } from './port.ts'
import { Session } from './session.ts'
import { Slots } from './slots.ts'

/** What stands behind a pool: nothing for a server, the child process for the embedded store. */
export interface Backing {
  /** Resolves when the database can be connected to. */
  ready(): Promise<void>
  /** After a connection could not be opened: true if it has been seen to, so that opening is worth another try. */
  revive(): Promise<boolean>
  release(): Promise<void>
}

/** The port over a pool of pg clients; the same for both kinds. */
export class PooledStore implements PostgresStore {
  readonly target: PostgresTarget
  readonly #recipe: ClientRecipe
  readonly #backing: Backing
  readonly #pool: pg.Pool
  readonly #slots: Slots
  readonly #inFlight = new Set<Promise<unknown>>()
  #closed: Promise<void> | undefined

  constructor(target: PostgresTarget, maxConnections: number, backing: Backing) {
    this.target = target
    this.#recipe = clientRecipe(target)
    this.#backing = backing
    this.#slots = new Slots(maxConnections)
    this.#pool = new pg.Pool({
      ...this.#recipe.config,
      max: maxConnections,
      allowExitOnIdle: true,
      onConnect: (client) => connectReady(client, this.#recipe, target),
    })
    // A lost idle connection has left the pool already; the next statement opens another or says why it cannot.
    this.#pool.on('error', () => {})
  }

  get kind(): 'embedded' | 'server' {
    return this.target.kind
  }

  query<R extends Row = Row>(
    text: string,
    values?: readonly unknown[],
    options?: QueryOptions,
  ): Promise<QueryResult<R>> {
    return this.#with((session) => session.query<R>(text, values, options))
  }

  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    return this.#with((session) => session.transaction(work))
  }

  async connect(): Promise<Connection> {
    this.#check()
    return this.#reach(() => openConnection(this.target))
  }

  listen(channel: string, heard: (payload: string | undefined) => void, signal: AbortSignal): Promise<void> {
    return listen(this.target, channel, heard, signal)
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#inFlight)
    await this.#pool.end()
    await this.#backing.release()
  }

  #check(): void {
    if (this.#closed !== undefined) throw new PipelineError('STORE_CLOSED', 'The PostgreSQL store has been closed')
  }

  async #with<T>(work: (session: Session) => Promise<T>): Promise<T> {
    this.#check()
    const running = this.#lend(work)
    this.#inFlight.add(running)
    try {
      return await running
    } finally {
      this.#inFlight.delete(running)
    }
  }

  async #lend<T>(work: (session: Session) => Promise<T>): Promise<T> {
    await this.#slots.acquire(this.target.statementTimeoutMs)
    try {
      const client = await this.#reach(() => this.#pool.connect())
      const session = new Session(client, this.#recipe, this.target)
      try {
        return await work(session)
      } finally {
        const { broken } = session
        session.release()
        client.release(broken)
      }
    } finally {
      this.#slots.release()
    }
  }

  /** Opens a connection; nothing has been sent yet, so that a second try does no harm. */
  async #reach<T>(open: () => Promise<T>): Promise<T> {
    await this.#backing.ready()
    try {
      return await open()
    } catch (thrown) {
      const error = this.#recipe.errors(thrown)
      // With an SQLSTATE the database is alive, and has its reasons.
      const dead = error.code === 'STORE_UNAVAILABLE' && error.details?.sqlstate === undefined
      if (!dead || !(await this.#backing.revive())) throw error
      return await open().catch((again: unknown) => {
        throw this.#recipe.errors(again)
      })
    }
  }
}
