import type pg from 'pg'
import { PipelineError } from '../../errors.ts'
import type { ClientRecipe } from './client.ts'
import { CopyIn } from './copy-in.ts'
import { CopyOut } from './copy-out.ts'
import type { CopySink, PostgresTarget, Queryable, QueryOptions, QueryResult, Row } from './port.ts'

/** A server ends a late statement itself; only if it stays silent this much longer do we hang up. */
const GRACE_MS = 5_000

/** One pg client as a session: one statement at a time, each with a deadline, transactions and bulk loads. */
export class Session implements Queryable {
  readonly #client: pg.Client
  readonly #recipe: ClientRecipe
  readonly #target: PostgresTarget
  #tail: Promise<void> = Promise.resolve()
  #copying = false
  #inTransaction = false
  #broken = false

  constructor(client: pg.Client, recipe: ClientRecipe, target: PostgresTarget) {
    this.#client = client
    this.#recipe = recipe
    this.#target = target
    client.on('error', this.#lost)
  }

  /** Whether the connection is in no state to be used again. */
  get broken(): boolean {
    return this.#broken || this.#copying || this.#client.getTransactionStatus() !== 'I'
  }

  /** Lets go of the client without closing it. */
  release(): void {
    this.#client.off('error', this.#lost)
  }

  async query<R extends Row = Row>(
    text: string,
    values: readonly unknown[] = [],
    options: QueryOptions = {},
  ): Promise<QueryResult<R>> {
    const leave = await this.#enter()
    try {
      return await this.#timed(options.timeoutMs, () => this.#send<R>(text, values, options.timeoutMs))
    } finally {
      leave()
    }
  }

  async transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    if (this.#inTransaction) {
      throw new PipelineError('TRANSACTION_NESTED', 'This connection is already in a transaction; use its `tx` instead')
    }
    this.#inTransaction = true
    let open = true
    try {
      await this.query('begin')
      const result = await work({
        query: async (text, values, options) => {
          if (open) return this.query(text, values, options)
          throw new PipelineError('TRANSACTION_OVER', 'The transaction has ended; a statement came after its end')
        },
      })
      open = false
      await this.#commit()
      return result
    } catch (error) {
      open = false
      await this.#rollback()
      throw error
    } finally {
      this.#inTransaction = false
    }
  }

  async copyIn(target: string, options: { freeze?: boolean } = {}): Promise<CopySink> {
    const freeze = options.freeze === true && this.#target.kind === 'server' ? ', FREEZE' : ''
    const leave = await this.#enter()
    const deadline = this.#deadline(this.#target.statementTimeoutMs)
    const copy = new CopyIn(`COPY ${target} FROM STDIN (FORMAT binary${freeze})`, {
      errors: (thrown) => deadline.error() ?? this.#failed(thrown),
      waiting: (on) => (on ? deadline.start() : deadline.stop()),
    })
    this.#copying = true
    // A load takes as long as it takes; what has a deadline is each wait for the database (see the hooks).
    const over = this.#timed(0, () => {
      this.#client.query(copy)
      return copy.finished
    }).finally(() => {
      deadline.stop()
      this.#copying = false
      leave()
    })
    await Promise.race([copy.started.catch(() => over), over])
    return {
      write: (bytes) => copy.write(bytes),
      end: async () => {
        void copy.end()
        return over
      },
      fail: async (reason) => {
        await copy.fail(reason)
        await over.catch(() => undefined)
      },
    }
  }

  /** See {@link Connection.copyOut}. */
  async *copyOut(source: string): AsyncGenerator<Buffer, number> {
    const leave = await this.#enter()
    const deadline = this.#deadline(this.#target.statementTimeoutMs)
    const copy = new CopyOut(`COPY ${source} TO STDOUT (FORMAT binary)`, {
      errors: (thrown) => deadline.error() ?? this.#failed(thrown),
      waiting: (on) => (on ? deadline.start() : deadline.stop()),
    })
    this.#copying = true
    const ended = this.#timed(0, () => {
      this.#client.query(copy)
      return copy.finished
    }).finally(() => {
      deadline.stop()
      this.#copying = false
      leave()
    })
    // Whatever fails before the copy begins would leave its reader waiting.
    ended.catch((error: unknown) => copy.handleError(error))
    try {
      for (;;) {
        const block = await copy.next()
        if (block === undefined) return await ended
        yield block
      }
    } finally {
      // Read no further: nothing else ends it.
      if (!copy.over) this.#cut()
      await ended.catch(() => undefined)
    }
  }

  /** Waits for the statement in flight and closes the connection. */
  async close(): Promise<void> {
    if (this.#copying) this.#cut()
    await this.#tail
    await closeClient(this.#client)
    this.release()
  }

  readonly #lost = (): void => {
    // The statement in flight, or the next one, is rejected with the reason.
    this.#broken = true
  }

  /** Waits for this statement's turn; resolves with the function that passes the turn on. */
  async #enter(): Promise<() => void> {
    if (this.#copying) {
      throw new PipelineError('COPY_OPEN', 'This connection has a bulk load open; end it or use another connection')
    }
    const before = this.#tail
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#tail = promise
    await before
    return resolve
  }

  async #commit(): Promise<void> {
    if (this.#copying) throw new PipelineError('COPY_OPEN', 'The transaction was to commit with a bulk load still open')
    const leave = await this.#enter()
    try {
      const { command } = await this.#raw('commit', [], this.#target.statementTimeoutMs)
      if (command === 'COMMIT') return
      // PostgreSQL answers COMMIT with ROLLBACK, and no error, once a statement of the transaction has failed.
      throw new PipelineError('SQL_25P02', 'The transaction was rolled back: one of its statements had failed')
    } finally {
      leave()
    }
  }

  async #rollback(): Promise<void> {
    if (this.#copying) return this.#cut()
    if (this.#broken || this.#client.getTransactionStatus() === 'I') return
    // Without a rollback the connection cannot be used again; the database rolls back when it goes away.
    await this.query('rollback').catch(() => this.#cut())
  }

  /** Runs `work` under another statement timeout than the session's; only a server knows such a thing. */
  async #timed<T>(timeoutMs: number | undefined, work: () => Promise<T>): Promise<T> {
    if (timeoutMs === undefined || this.#target.kind !== 'server') return work()
    // pg rejects before it has heard how the transaction stands, so that is asked first.
    const inTransaction = this.#client.getTransactionStatus() !== 'I'
    const restore = `set statement_timeout = ${this.#target.statementTimeoutMs}`
    await this.#send(`set statement_timeout = ${Math.trunc(timeoutMs)}`, [], undefined)
    try {
      const result = await work()
      await this.#send(restore, [], undefined)
      return result
    } catch (error) {
      // In a transaction the setting goes with the rollback that has to follow.
      if (!inTransaction && !this.#broken) await this.#send(restore, [], undefined)
      throw error
    }
  }

  async #send<R extends Row>(
    text: string,
    values: readonly unknown[],
    timeoutMs: number | undefined,
  ): Promise<QueryResult<R>> {
    const result = await this.#raw<R>(text, values, timeoutMs ?? this.#target.statementTimeoutMs)
    return { rows: result.rows, rowCount: result.rowCount ?? 0 }
  }

  async #raw<R extends Row>(text: string, values: readonly unknown[], timeoutMs: number): Promise<pg.QueryResult<R>> {
    const deadline = this.#deadline(timeoutMs)
    deadline.start()
    try {
      const result: pg.QueryResult<R> | pg.QueryResult<R>[] = await this.#client.query<R>(text, [...values])
      const last = Array.isArray(result) ? result.at(-1) : result
      if (last === undefined) throw new PipelineError('STORE_ERROR', 'PostgreSQL answered a statement with nothing')
      return last
    } catch (thrown) {
      throw deadline.error() ?? this.#failed(thrown)
    } finally {
      deadline.stop()
    }
  }

  #failed(thrown: unknown): PipelineError {
    const error = this.#recipe.errors(thrown)
    if (error.code === 'STORE_UNAVAILABLE') this.#broken = true
    return error
  }

  /** A timer that hangs up, and the error that says so. */
  #deadline(timeoutMs: number): { start(): void; stop(): void; error(): PipelineError | undefined } {
    const after = this.#target.kind === 'server' ? timeoutMs + GRACE_MS : timeoutMs
    let timer: NodeJS.Timeout | undefined
    let late: PipelineError | undefined
    return {
      start: () => {
        clearTimeout(timer)
        if (timeoutMs <= 0) return
        timer = setTimeout(() => {
          late = new PipelineError('STORE_TIMEOUT', `PostgreSQL did not answer within ${timeoutMs} ms`, {
            retryable: true,
            details: { timeoutMs },
          })
          this.#cut()
        }, after)
      },
      stop: () => clearTimeout(timer),
      error: () => late,
    }
  }

  #cut(): void {
    this.#broken = true
    this.#client.connection.stream.destroy()
  }
}

/** Says goodbye, and hangs up if that takes long (the embedded store answers nobody while a statement runs). */
export async function closeClient(client: pg.Client): Promise<void> {
  const timer = setTimeout(() => client.connection.stream.destroy(), GRACE_MS)
  try {
    await client.end()
  } finally {
    clearTimeout(timer)
  }
}
