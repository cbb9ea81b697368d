import { Socket } from 'node:net'
import pg from 'pg'
import { PipelineError } from '../../errors.ts'
import { type ErrorMapper, errorMapper } from './errors.ts'
import type { PostgresTarget } from './port.ts'
import { typeParsers } from './types.ts'

/** PostgreSQL 15, in `server_version_num`. */
const OLDEST = 150_000

/**
 * A transaction whose client says nothing for so long, in milliseconds, is given up by the server. Nobody waits inside one, so the client is frozen
 * or gone without a word; its locks keep others from taking over its runs.
 */
const IDLE_MS = 15_000

/** How to make pg clients for one target, and how to read their errors. */
export interface ClientRecipe {
  readonly config: pg.ClientConfig
  readonly errors: ErrorMapper
  /** Makes a fresh connection usable: settings of the session, age of the server. */
  prepare(client: pg.ClientBase): Promise<void>
}

/** The {@link ClientRecipe} of a target. Throws STORE_CONFIG for a URL that pg cannot read. */
export function clientRecipe(target: PostgresTarget): ClientRecipe {
  return target.kind === 'server' ? serverRecipe(target) : embeddedRecipe(target)
}

function serverRecipe(target: Extract<PostgresTarget, { kind: 'server' }>): ClientRecipe {
  const config: pg.ClientConfig = {
    connectionString: target.url,
    connectionTimeoutMillis: target.connectTimeoutMs,
    fallback_application_name: 'node-red-data-pipeline',
    keepAlive: true,
    types: typeParsers,
  }
  const errors = errorMapper([passwordOf(config)])
  return {
    config,
    errors,
    async prepare(client) {
      // One round trip, and no start-up parameters: poolers refuse those. UTC makes both stores cast dates alike.
      const { rows } = await client.query<{ version: string }>(
        `select current_setting('server_version_num') as version,
                set_config('TimeZone', 'UTC', false),
                set_config('statement_timeout', $1, false),
                set_config('idle_in_transaction_session_timeout', $2, false)`,
        [String(target.statementTimeoutMs), String(IDLE_MS)],
      )
      const version = Number(rows[0]?.version)
      if (!(version >= OLDEST)) {
        throw new PipelineError(
          'STORE_TOO_OLD',
          `PostgreSQL 15 or newer is needed, the server is ${Math.floor(version / 10_000)} (${version})`,
          { details: { expected: OLDEST, actual: version } },
        )
      }
    },
  }
}

function passwordOf(config: pg.ClientConfig): string {
  try {
    // Only a parse: nothing connects.
    return new pg.Client(config).password ?? ''
  } catch {
    // The original error may quote the URL, password and all.
    throw new PipelineError('STORE_CONFIG', 'PostgreSQL URL: expected postgresql://user:password@host:5432/database')
  }
}

function embeddedRecipe(target: Extract<PostgresTarget, { kind: 'embedded' }>): ClientRecipe {
  return {
    config: {
      user: 'postgres',
      database: 'postgres',
      password: target.secret,
      ssl: false,
      stream: () => new LocalSocket(target.socket),
      // The child answers nobody while a statement runs, so that connecting has to wait as long as a statement may.
      connectionTimeoutMillis: Math.max(target.connectTimeoutMs, target.statementTimeoutMs),
      types: typeParsers,
    },
    errors: errorMapper([target.secret]),
    // One session serves all clients: its settings are the front's business.
    prepare: async () => {},
  }
}

/** A socket that goes to one fixed path, whatever host and port pg asks for: abstract sockets and pipes have neither. */
class LocalSocket extends Socket {
  readonly #path: string

  constructor(path: string) {
    super()
    this.#path = path
  }

  override connect(): this {
    return super.connect({ path: this.#path })
  }
}
