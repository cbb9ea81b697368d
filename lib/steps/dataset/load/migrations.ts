import type { Migration } from '../../../stores/postgres/migrate.ts'

/** Tables of the dataset registry: versions, what the source last said, history, quarantine, loads in progress. */
export const datasetMigrations: readonly Migration[] = [
  {
    component: 'datasets',
    id: 1,
    name: 'registry',
    sql: `
create table pipeline.version (
  dataset text not null,
  part text not null default '',
  version int not null,
  mode text not null check (mode in ('full', 'delta')),
  table_schema text not null,
  table_name text not null,
  fingerprint text not null,
  contract jsonb not null,
  columns jsonb not null,
  rows bigint not null,
  new_rows bigint not null,
  changed_rows bigint not null,
  vanished_rows bigint not null,
  quarantined bigint not null,
  sha256 text not null,
  bytes bigint not null,
  artifact_key text,
  state_key text,
  state_sha256 text,
  source jsonb not null,
  generated_on date,
  dialect jsonb not null,
  profile jsonb not null,
  warnings jsonb not null,
  seconds double precision not null,
  run_id uuid,
  published_at timestamptz not null default now(),
  primary key (dataset, part, version)
);
comment on table pipeline.version is 'One published state of a dataset (or of one part of it).';
create table pipeline.source_check (
  dataset text not null,
  part text not null default '',
  url text not null,
  resource_id text,
  etag text,
  last_modified text,
  portal_stamp text,
  checked_at timestamptz not null default now(),
  error jsonb,
  primary key (dataset, part)
);
comment on table pipeline.source_check is 'What the source last said of a file, so that an hourly look costs one request.';
create table pipeline.dataset (
  dataset text primary key,
  publications bigint not null,
  checked jsonb not null default '{}'
);
comment on table pipeline.dataset is 'How many versions each dataset has had, of all its parts, and when the source of each part was last looked at without error: one look tells whether what is known of it is still so.';
create table pipeline.change (
  dataset text not null,
  part text not null,
  version int not null,
  op text not null check (op in ('new', 'changed', 'vanished')),
  _kh int8 not null,
  _n int4 not null,
  before jsonb,
  after jsonb
);
create index change_version on pipeline.change (dataset, part, version);
create unique index change_place on pipeline.change (dataset, part, _kh, _n, version);
comment on table pipeline.change is 'Rows that a version brought, altered or took away, with their place in the table. The first version of a dataset is not listed row by row.';
create table pipeline.quarantine (
  dataset text not null,
  part text not null,
  version int not null,
  line bigint,
  reason text not null,
  column_name text,
  detail text not null,
  raw text
);
create index quarantine_version on pipeline.quarantine (dataset, part, version);
comment on table pipeline.quarantine is 'Rows that broke the contract, with the reason; personal columns blanked.';
create table pipeline.load (
  id uuid primary key,
  dataset text not null,
  part text not null,
  run_id uuid,
  tables text[] not null,
  alive_until timestamptz not null
);
comment on table pipeline.load is 'Tables of loads in progress; those of a dead load are dropped by the next one.';
`,
  },
]
