import { PipelineError } from '../../../errors.ts'
import { type PostgresStore, quoteIdentifier } from '../../postgres/port.ts'

/** pgvector's types and operators by their full names, wherever the extension was installed. */
export interface Extension {
  /** Prefix of type names, with the dot. */
  prefix: string
  /** The operator of cosine distance. */
  cosine: string
  /** Whether a search by an index goes on until it has found enough (0.8 or newer). Without it there is no index. */
  iterative: boolean
}

/** Has `sparsevec`. */
const OLDEST = [0, 7] as const
const ITERATIVE = [0, 8] as const

const INSTALL =
  'install pgvector 0.7 or newer on the PostgreSQL server (Debian: postgresql-<version>-pgvector), then run "create extension vector" in this database as its owner'

/** Finds pgvector, and turns it on where that is permitted. Throws VECTOR_EXTENSION, and what the store throws. */
export async function findExtension(postgres: PostgresStore): Promise<Extension> {
  const found = (await installed(postgres)) ?? (await create(postgres))
  const [major = 0, minor = 0] = found.version.split('.').map(Number)
  const reaches = ([a, b]: readonly [number, number]) => major > a || (major === a && minor >= b)
  if (!reaches(OLDEST)) {
    throw new PipelineError(
      'VECTOR_EXTENSION',
      `pgvector ${found.version} is too old: ${INSTALL.replace('create extension', 'alter extension').replace('vector"', 'vector update"')}`,
      { details: { expected: OLDEST.join('.'), actual: found.version } },
    )
  }
  const schema = quoteIdentifier(found.schema)
  return { prefix: `${schema}.`, cosine: `operator(${schema}.<=>)`, iterative: reaches(ITERATIVE) }
}

async function installed(postgres: PostgresStore): Promise<{ version: string; schema: string } | undefined> {
  const { rows } = await postgres.query<{ version: string; schema: string }>(
    `select extversion as version, nspname as schema
     from pg_extension join pg_namespace on pg_namespace.oid = extnamespace where extname = 'vector'`,
  )
  return rows[0]
}

async function create(postgres: PostgresStore): Promise<{ version: string; schema: string }> {
  try {
    await postgres.query('create extension if not exists vector')
  } catch (error) {
    const code = error instanceof PipelineError ? error.code : ''
    // Another process may have been first, which shows in one of three ways.
    if (!['SQL_23505', 'SQL_42710', 'SQL_40001'].includes(code)) {
      if (!MISSING.has(code)) throw error
      const why = error instanceof Error ? error.message : String(error)
      throw new PipelineError('VECTOR_EXTENSION', `Vectors need pgvector (${why}): ${INSTALL}`)
    }
  }
  const found = await installed(postgres)
  if (found !== undefined) return found
  throw new PipelineError('VECTOR_EXTENSION', `Vectors need pgvector: ${INSTALL}`)
}

/** Not permitted, not on the server (as servers since 13 and before say it), no schema to put it in. */
const MISSING = new Set(['SQL_42501', 'SQL_0A000', 'SQL_58P01', 'SQL_3F000'])
