import type { Migration } from '../postgres/migrate.ts'

/**
 * The cache's table. `json` and not `jsonb`: the value comes back as it was given (jsonb has no U+0000 and orders keys).
 * No index on `expires_at`: without it an update stays on its page and leaves nothing for VACUUM, which the embedded
 * PostgreSQL never runs by itself, and looking through ten thousand narrow rows is cheap.
 */
export const cacheMigrations: Migration[] = [
  {
    component: 'cache',
    id: 1,
    name: 'cache table',
    sql: `
      create schema if not exists pipeline;
      create table pipeline.cache (
        key text collate "C" primary key,
        value json not null,
        bytes integer not null,
        expires_at timestamptz not null
      ) with (fillfactor = 70)`,
  },
]
