/** One row as the driver returns it; name the columns in the type argument of {@link Queryable.query}. */
export type Row = Record<string, unknown>

/** The result of one statement. */
export interface QueryResult<R extends Row> {
  rows: R[]
  /** Rows touched or returned. */
  rowCount: number
}

/** Options of {@link Queryable.query}. */
export interface QueryOptions {
  /** Deadline of this statement in milliseconds instead of the store's; 0 for none (building an index, a migration). */
  timeoutMs?: number
}

/** Anything that can run a statement. Values are bound, never spliced; identifiers go through `quoteIdentifier`. */
export interface Queryable {
  /**
   * Runs one statement (unnamed, parameters $1…). Without values it may be several statements, which run as one implicit
   * transaction; the result is then that of the last. `int8` and `numeric` come back as strings, `date` as 'YYYY-MM-DD',
   * `timestamp` as a string, `timestamptz` as a Date, `bytea` as a Buffer.
   *
   * Throws PipelineError: STORE_UNAVAILABLE, STORE_TIMEOUT, STORE_BUSY (retryable), STORE_FULL, SQL_<sqlstate>.
   * After STORE_UNAVAILABLE or STORE_TIMEOUT outside a transaction the statement may still have taken effect.
   */
  query<R extends Row = Row>(text: string, values?: readonly unknown[], options?: QueryOptions): Promise<QueryResult<R>>
}

/** A bulk load in progress, PostgreSQL's binary COPY format. */
export interface CopySink {
  /**
   * Sends a block of **whole rows** (binary COPY tuples; the 19-byte header and the trailer are the sink's business).
   * Resolves once the bytes have left this process: only then may `bytes` be reused. Back-pressure is awaiting it; two or
   * three blocks may be under way at once, and arrive in the order of the calls. Rejects as soon as the database refuses a
   * row; `end` then rejects with the same error.
   */
  write(bytes: Uint8Array): Promise<void>
  /** Ends the load; resolves with the rows the database counted. */
  end(): Promise<number>
  /** Gives the load up; the statement fails and its rows are gone (see {@link Connection.chunkedCopy}). */
  fail(reason: string): Promise<void>
}

/** One session of the database, for a worker thread or a bulk load. One statement at a time; others wait their turn. */
export interface Connection extends Queryable {
  /**
   * True where a bulk load outside a transaction commits chunk by chunk and leaves the rows of earlier chunks behind when
   * it fails (embedded store); false where it is one statement. Inside {@link transaction} it is atomic on both.
   */
  readonly chunkedCopy: boolean
  /**
   * Starts `COPY <target> FROM STDIN (FORMAT binary<options>)`. `target` is quoted SQL: `"s"."t" ("a", "b")`. Inside
   * `transaction` it belongs to that transaction. Until it has ended the connection refuses other statements. `freeze`
   * demands that the table was made in the same transaction; it is ignored where `chunkedCopy`.
   */
  copyIn(target: string, options?: { freeze?: boolean }): Promise<CopySink>
  /**
   * Reads by `COPY <source> TO STDOUT`, binary: blocks of tuples without the header and the trailer, and as the generator's result the number of
   * rows. `source` is quoted SQL, a table with its columns or a query in parentheses. No faster than it is read; who stops reading loses the
   * connection. Inside `transaction` it belongs to that transaction. On the embedded store all rows of a statement come at once: ask for pages.
   */
  copyOut(source: string): AsyncGenerator<Buffer, number>
  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** Plain data with which any thread of this machine can open a connection of its own. Holds secrets: not for logs. */
export type PostgresTarget =
  | { kind: 'server'; url: string; connectTimeoutMs: number; statementTimeoutMs: number }
  | {
      kind: 'embedded'
      /** Where its files are. */
      folder: string
      socket: string
      secret: string
      connectTimeoutMs: number
      statementTimeoutMs: number
    }

/** The port: rows, journal, queue and cache all live behind it. */
export interface PostgresStore extends Queryable {
  readonly kind: 'embedded' | 'server'
  readonly target: PostgresTarget
  /**
   * Runs `work` in one transaction, commits when it resolves and rolls back when it throws. Never do network I/O inside:
   * on the embedded store every other client waits.
   */
  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T>
  /** A session of its own, for bulk loads. The caller closes it. */
  connect(): Promise<Connection>
  /**
   * Hears of notifications (`pg_notify`) on a channel until the signal aborts, on a connection of its own that is opened again
   * when it is lost. `heard` gets the payload, and undefined after each (re)connection, for some may have been missed. Only a hint
   * to look: poolers swallow notifications. Resolves when the signal aborts, never rejects.
   */
  listen(channel: string, heard: (payload: string | undefined) => void, signal: AbortSignal): Promise<void>
  /** Waits for statements in flight, then closes. */
  close(): Promise<void>
}

/** `name` as a quoted SQL identifier. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
