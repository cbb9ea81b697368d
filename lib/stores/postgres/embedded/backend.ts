import { PGlite } from '@electric-sql/pglite'
import { vector } from '@electric-sql/pglite-pgvector'
import { Answer, type AnswerSinks } from './answer.ts'
import { COPY_HEADER, COPY_TRAILER } from './copy-chunks.ts'
import { query } from './wire.ts'

/** Opens (or first makes) the database of a folder. The one place that knows how PGlite is set up. */
export async function openDatabase(folder: string): Promise<PGlite> {
  // The log that is kept for reuse: see upkeep.ts, which makes the checkpoints.
  const postgresqlconf = ['shared_buffers = 16MB', 'max_wal_size = 128MB', 'min_wal_size = 32MB']
  return PGlite.create({ dataDir: folder, extensions: { vector }, postgresqlconf })
}

/** The one session of PGlite, spoken to in wire protocol. Calls must not overlap; the front sees to that. */
export class Backend {
  readonly #database: PGlite

  constructor(database: PGlite) {
    this.#database = database
  }

  /** Runs messages to their end. The thread is blocked for as long. */
  async run(messages: Buffer, sinks: AnswerSinks): Promise<Answer> {
    const answer = new Answer(sinks)
    await this.#database.execProtocolRawStream(messages, {
      syncToFs: false, // the folder is written through
      onRawData: (bytes) => answer.push(Buffer.from(bytes)), // a view of WebAssembly memory, gone after the call
    })
    return answer
  }

  /** Runs a COPY FROM '/dev/blob' over whole binary rows. */
  async copy(text: string, rows: Buffer<ArrayBuffer>, sinks: AnswerSinks): Promise<Answer> {
    await this.#database._handleBlob(new Blob([COPY_HEADER, rows, COPY_TRAILER]))
    try {
      return await this.run(query(text), sinks)
    } finally {
      await this.#database._cleanupBlob()
    }
  }

  /** Values of settings that clients are told when they connect. */
  async settings(names: readonly string[]): Promise<Map<string, string>> {
    const { rows } = await this.#database.query<{ name: string; setting: string }>(
      'select name, setting from pg_settings where name = any($1)',
      [names],
    )
    return new Map(rows.map((row) => [row.name, row.setting]))
  }

  close(): Promise<void> {
    return this.#database.close()
  }
}
