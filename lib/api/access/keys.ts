import { PipelineError } from '../../errors.ts'
import { type Infer, parser, Type } from '../../schema.ts'
import type { Migration } from '../../stores/postgres/migrate.ts'
import type { PostgresStore, Queryable } from '../../stores/postgres/port.ts'
import { preparing } from '../../stores/postgres/prepare.ts'
import { type Scope, scopes } from './caller.ts'
import { hashOf, idOfKey, makeKey } from './key.ts'

/** Tables of keys and of the requests that were counted. */
export const keyMigrations: readonly Migration[] = [
  {
    component: 'api',
    id: 1,
    name: 'keys and rates',
    sql: `
      create table pipeline.api_key (
        id text primary key,
        hash bytea not null,
        name text not null,
        scopes text[] not null,
        created_at timestamptz not null default clock_timestamp(),
        created_by text not null,
        expires_at timestamptz,
        used_at timestamptz,
        revoked_at timestamptz
      );
      comment on table pipeline.api_key is 'Who may ask the API; of the keys only their SHA-256';
      create unlogged table pipeline.api_rate (
        key varchar(255) primary key,
        points integer not null default 0,
        expire bigint
      );
      comment on table pipeline.api_rate is 'Requests counted, as rate-limiter-flexible keeps them; may be lost';
    `,
  },
]

/** Brings the tables up to date. */
export const apiTables = preparing(keyMigrations)

/** PostgreSQL's channel that tells of a key that was revoked; its payload is the id. */
export const keyChannel = 'ysh_api_key'

/** A key without its secret. Times are ISO. */
export interface ApiKey {
  id: string
  name: string
  scopes: Scope[]
  createdAt: string
  createdBy: string
  expiresAt: string | null
  /** To the minute. */
  usedAt: string | null
  revokedAt: string | null
}

/** What a new key is to be. */
export const NewKeySchema = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 200 }),
    scopes: Type.Array(Type.Enum([...scopes]), { default: [...scopes], minItems: 1, maxItems: scopes.length }),
    /** Left out: never. */
    expiresAt: Type.Optional(Type.String({ format: 'date-time' })),
  },
  { additionalProperties: false },
)
export type NewKey = Infer<typeof NewKeySchema>
const newKeys = parser(NewKeySchema, 'The key', 'API_KEY_INVALID')

const columns = `id, name, scopes, created_at as "createdAt", created_by as "createdBy", expires_at as "expiresAt",
  used_at as "usedAt", revoked_at as "revokedAt"`

interface KeyRow extends Record<string, unknown> {
  id: string
  name: string
  scopes: string[]
  createdAt: Date
  createdBy: string
  expiresAt: Date | null
  usedAt: Date | null
  revokedAt: Date | null
}

/** Makes a key. It is in the answer and nowhere else. Throws API_KEY_INVALID. */
export async function createKey(
  postgres: PostgresStore,
  wanted: unknown,
  by: string,
): Promise<{ key: string; row: ApiKey }> {
  const { name, scopes: allowed, expiresAt } = newKeys.parse(wanted)
  if (expiresAt !== undefined && Date.parse(expiresAt) <= Date.now()) {
    throw new PipelineError('API_KEY_INVALID', 'The key would have expired already')
  }
  await apiTables(postgres)
  const { id, key } = makeKey()
  const { rows } = await postgres.query<KeyRow>(
    `insert into pipeline.api_key (id, hash, name, scopes, created_by, expires_at)
     values ($1, $2, $3, $4::text[], $5, $6::timestamptz) returning ${columns}`,
    [id, hashOf(key), name, [...new Set(allowed)], by.slice(0, 200), expiresAt ?? null],
  )
  const [row] = rows.map(shown)
  if (row === undefined) throw new PipelineError('UNEXPECTED', 'The key was not kept')
  return { key, row }
}

/**
 * Puts a key in that was made elsewhere, with all scopes, unless it was put in before. False when it was. Throws API_KEY_INVALID for what is no
 * key (which the message does not hold).
 */
export async function putKey(postgres: PostgresStore, key: string, by: string): Promise<boolean> {
  const id = idOfKey(key)
  if (id === undefined) {
    throw new PipelineError('API_KEY_INVALID', 'The given key is none; `ysh-pipeline api-keys generate` makes one')
  }
  await apiTables(postgres)
  const { rowCount } = await postgres.query(
    `insert into pipeline.api_key (id, hash, name, scopes, created_by) values ($1, $2, $3, $4::text[], $5)
     on conflict (id) do nothing`,
    [id, hashOf(key), 'first key', [...scopes], by],
  )
  return rowCount > 0
}

/** All keys, the newest first. */
export async function listKeys(postgres: PostgresStore): Promise<ApiKey[]> {
  await apiTables(postgres)
  const { rows } = await postgres.query<KeyRow>(
    `select ${columns} from pipeline.api_key order by created_at desc, id limit 1000`,
  )
  return rows.map(shown)
}

/** Ends a key, for all processes at once. Ending it again changes nothing. Throws API_KEY_UNKNOWN. */
export async function revokeKey(postgres: PostgresStore, id: string): Promise<ApiKey> {
  await apiTables(postgres)
  return postgres.transaction(async (tx) => {
    const { rows } = await tx.query<KeyRow>(
      `update pipeline.api_key set revoked_at = coalesce(revoked_at, clock_timestamp()) where id = $1 returning ${columns}`,
      [id],
    )
    const [row] = rows.map(shown)
    if (row === undefined) throw new PipelineError('API_KEY_UNKNOWN', `There is no key with the id ${id}`)
    await tx.query('select pg_notify($1, $2)', [keyChannel, id])
    return row
  })
}

/** What the gate must know of a key. */
export interface KnownKey {
  hash: Buffer
  name: string
  scopes: Scope[]
  /** Neither revoked nor expired, by the database's clock. */
  valid: boolean
  /** Milliseconds until it expires; null for never. */
  leftMs: number | null
}

/** A key by its id. */
export async function findKey(postgres: Queryable, id: string): Promise<KnownKey | undefined> {
  const { rows } = await postgres.query<{
    hash: Buffer
    name: string
    scopes: string[]
    valid: boolean
    left: number | null
  }>(
    `select hash, name, scopes, revoked_at is null and coalesce(expires_at > now(), true) as valid,
       (extract(epoch from expires_at - now()) * 1000)::float8 as left
     from pipeline.api_key where id = $1`,
    [id],
  )
  const [row] = rows
  if (row === undefined) return undefined
  return { hash: row.hash, name: row.name, scopes: row.scopes.filter(isScope), valid: row.valid, leftMs: row.left }
}

/** Notes that a key was used; written at most once a minute. */
export async function noteUse(postgres: Queryable, id: string): Promise<void> {
  await postgres.query(
    `update pipeline.api_key set used_at = now()
     where id = $1 and coalesce(used_at < now() - interval '1 minute', true)`,
    [id],
  )
}

export function isScope(text: string): text is Scope {
  return scopes.some((scope) => scope === text)
}

function shown(row: KeyRow): ApiKey {
  const iso = (date: Date | null) => date?.toISOString() ?? null
  const { id, name, createdAt, createdBy, expiresAt, usedAt, revokedAt } = row
  return {
    ...{ id, name, scopes: row.scopes.filter(isScope), createdAt: createdAt.toISOString(), createdBy },
    ...{ expiresAt: iso(expiresAt), usedAt: iso(usedAt), revokedAt: iso(revokedAt) },
  }
}
