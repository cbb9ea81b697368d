/** One row as the driver returns it; name the columns in the type argument of {@link Queryable.query}. */
export type Row = Record<string, unknown>

/** The result of one statement. */
export interface QueryResult<R extends Row> {
  rows: R[]
  /** Rows touched or returned. */
  rowCount: number
}

/** Anything that can run a statement. Values are bound, never spliced; identifiers go through `quoteIdentifier`. */
export interface Queryable {
  /** Runs one statement (unnamed, parameters $1…). Throws PipelineError: STORE_UNAVAILABLE, STORE_TIMEOUT (retryable), SQL_<sqlstate>. */
  query<R extends Row = Row>(text: string, values?: readonly unknown[]): Promise<QueryResult<R>>
}

/** A bulk load in progress, PostgreSQL's binary COPY format. */
export interface CopySink {
  /**
   * Sends a block of **whole rows** (binary COPY tuples; the 19-byte header and the trailer are the sink's business).
   * `bytes` may be reused when the promise resolves: back-pressure is awaiting it. The view starts `headroom` bytes into its
   * ArrayBuffer's usable area: the sink may write a message header into those bytes.
   */
  write(bytes: Uint8Array): Promise<void>
  /** Ends the load; resolves with the rows the database counted. */
  end(): Promise<number>
  /** Gives the load up; the statement fails and its rows are gone. */
  fail(reason: string): Promise<void>
}

/** One session of the database, for a worker thread or a bulk load. */
export interface Connection extends Queryable {
  /** True where a bulk load commits chunk by chunk (embedded store), false where it is one statement. */
  readonly chunkedCopy: boolean
  /** Starts `COPY <target> FROM STDIN (FORMAT binary<options>)`. `target` is quoted SQL: `"s"."t" ("a", "b")`. */
  copyIn(target: string, options?: { freeze?: boolean }): Promise<CopySink>
  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** Plain data with which any thread of this machine can open a connection of its own. */
export type PostgresTarget =
  | { kind: 'server'; url: string; connectTimeoutMs: number; statementTimeoutMs: number }
  | { kind: 'embedded'; socket: string; connectTimeoutMs: number; statementTimeoutMs: number }

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
  /** Waits for statements in flight, then closes. */
  close(): Promise<void>
}

/** `name` as a quoted SQL identifier. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
