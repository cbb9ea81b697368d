import { keyMigrations } from '../api/access/keys.ts'
import { connectionMigrations } from '../api/events/gateway/migrations.ts'
import { apiEventMigrations } from '../api/events/migrations.ts'
import { queueMigrations } from '../portable/queue/migrations.ts'
import { keptMigrations } from '../runs/kept.ts'
import { archiveMigrations } from '../steps/archive/catalogue.ts'
import { enrichMigrations } from '../steps/enrich/migrations.ts'
import { eventMigrations } from '../steps/events/tables.ts'
import { feedMigrations } from '../steps/notify/feed.ts'
import { pdfMigrations } from '../steps/pdf/migrations.ts'
import { pageMigrations } from '../steps/utility/migrations.ts'
import { cacheMigrations } from '../stores/cache/table-migrations.ts'
import type { Migration } from '../stores/postgres/migrate.ts'
import { migrations as vectorMigrations } from '../stores/vectors/pgvector/tables.ts'

/** Every migration of this version, in an order in which they can be applied. A test compares it with the sources. */
export const allMigrations: readonly Migration[] = [
  ...cacheMigrations,
  // with those of runs, incidents, datasets and the ledger of vectors, which its triggers sit on
  ...apiEventMigrations,
  ...keptMigrations,
  ...archiveMigrations,
  ...enrichMigrations,
  ...eventMigrations,
  ...feedMigrations,
  ...pdfMigrations,
  ...pageMigrations,
  ...vectorMigrations,
  ...keyMigrations,
  ...connectionMigrations,
  ...queueMigrations,
]
