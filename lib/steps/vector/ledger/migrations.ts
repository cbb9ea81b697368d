import type { Migration } from '../../../stores/postgres/migrate.ts'

/** Tables of collections: what is in which version. The points themselves lie in the vector store. */
export const ledgerMigrations: readonly Migration[] = [
  {
    component: 'vector-index',
    id: 1,
    name: 'vector-index',
    sql: `
create table pipeline.vector_collection (
  name text primary key,
  version integer not null default 0,
  last_version integer not null default 0,
  generation integer,
  last_generation integer not null default 0,
  writer text,
  writer_until timestamptz,
  fence integer not null default 0
);
comment on table pipeline.vector_collection is 'Collections of vectors: the version and the generation that readers see, and who writes.';
create table pipeline.vector_generation (
  collection text not null references pipeline.vector_collection (name) on delete cascade,
  generation integer not null,
  physical text not null,
  state text not null check (state in ('building', 'live', 'old')),
  embedder text not null,
  model text not null,
  semantic boolean not null,
  dimensions integer not null,
  analyser integer not null,
  base_version integer not null,
  copied_after text,
  copied_all boolean not null default false,
  replaced_at timestamptz,
  primary key (collection, generation)
);
comment on table pipeline.vector_generation is 'What a collection was embedded with, and where in the vector store it lies; one is live, another may be built beside it.';
create table pipeline.vector_version (
  collection text not null references pipeline.vector_collection (name) on delete cascade,
  version integer not null,
  physical text not null,
  state text not null check (state in ('open', 'published', 'abandoned')),
  cleaned boolean not null default false,
  began_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz,
  primary key (collection, version)
);
comment on table pipeline.vector_version is 'Versions of collections; what was written under an abandoned one counts for nobody.';
create table pipeline.vector_document (
  collection text not null references pipeline.vector_collection (name) on delete cascade,
  document text not null,
  since integer not null,
  until integer,
  hash text not null,
  title text not null,
  url text not null,
  sha256 text not null,
  retrieved_at timestamptz not null,
  points uuid[] not null,
  texts uuid[] not null,
  primary key (collection, document, since)
);
create index vector_document_until on pipeline.vector_document (collection, until) where until is not null;
create index vector_document_since on pipeline.vector_document (collection, since);
comment on table pipeline.vector_document is 'Documents of a collection, from version since on and before version until; their points, and hashes of the texts of those.';
`,
  },
  {
    component: 'vector-index',
    id: 2,
    name: 'vector-said',
    sql: `
alter table pipeline.vector_document add column said text;
comment on column pipeline.vector_document.said is 'JSON: what language models said of the document, by task, and the hash of the content that they said it of.';
`,
  },
]
