import type { Migration } from '../../stores/postgres/migrate.ts'

/** Tables of documents: what was extracted of which content with which settings, and what addresses last answered. */
export const pdfMigrations: readonly Migration[] = [
  {
    component: 'documents',
    id: 1,
    name: 'documents',
    sql: `
create table pipeline.document (
  sha256 text not null,
  settings text not null,
  manifest jsonb not null,
  extracted_at timestamptz not null,
  primary key (sha256, settings)
);
comment on table pipeline.document is 'What was extracted of a document, by SHA-256 of its bytes and hash of the settings.';
create table pipeline.document_source (
  url text primary key,
  sha256 text not null,
  etag text not null,
  last_modified text not null,
  checked_at timestamptz not null
);
comment on table pipeline.document_source is 'What an address of a document last answered, for conditional requests.';
`,
  },
]
