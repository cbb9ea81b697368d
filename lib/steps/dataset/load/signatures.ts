import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import type { Queryable } from '../../../stores/postgres/port.ts'

/** Pulls old signatures (key hash, row hash; 8 bytes each, little endian) in the order of the file they came from. */
export interface SignatureReader {
  read(into: Uint8Array): number
  close(): void
  /** SHA-256 of everything read. */
  digest(): string
}

/** Writes the signatures of the rows that a load accepts, in file order: what the next publication is compared with. */
export class SignatureWriter {
  readonly file: string
  readonly #fd: number
  readonly #hash = createHash('sha256')

  constructor(file: string) {
    this.file = file
    this.#fd = openSync(file, 'w')
  }

  write(bytes: Uint8Array): void {
    writeSync(this.#fd, bytes)
    this.#hash.update(bytes)
  }

  /** Closes the file; answers its SHA-256. */
  end(): string {
    closeSync(this.#fd)
    return this.#hash.digest('hex')
  }
}

/** Reads a signature file. */
export function readSignatures(file: string): SignatureReader {
  const fd = openSync(file, 'r')
  const hash = createHash('sha256')
  return {
    read(into) {
      const bytes = readSync(fd, into, 0, into.length - (into.length % 16), null)
      hash.update(into.subarray(0, bytes))
      return bytes
    },
    close: () => closeSync(fd),
    digest: () => hash.digest('hex'),
  }
}

/**
 * Makes the signature file from the table itself, in physical order, page range by page range so that no statement is long.
 * Slower to compare with (rows that were updated stand at the end), but always right.
 */
export async function signaturesFromTable(db: Queryable, table: string, file: string): Promise<void> {
  const writer = new SignatureWriter(file)
  try {
    const size = await db.query<{ pages: number }>(
      `select ceil(pg_relation_size($1::regclass) / current_setting('block_size')::float8)::int as pages`,
      [table],
    )
    const pages = size.rows[0]?.pages ?? 0
    const step = 2048
    for (let page = 0; page < pages; page += step) {
      const { rows } = await db.query<{ signatures: Buffer | null }>(
        `select string_agg(int8send(_kh) || int8send(_h), ''::bytea) as signatures from (select _kh, _h from ${table}
         where ctid >= $1::tid and ctid < $2::tid order by ctid) t`,
        [`(${page},0)`, `(${page + step},0)`],
      )
      const bytes = rows[0]?.signatures
      if (bytes) writer.write(Buffer.from(bytes).swap64())
    }
  } finally {
    writer.end()
  }
}
