import type { Migration } from '../../stores/postgres/migrate.ts'

/** Tables of what is known of pages: their layout, whether what is served of them is stale, documents they link to. */
export const pageMigrations: readonly Migration[] = [
  {
    component: 'pages',
    id: 1,
    name: 'pages',
    sql: `
create table pipeline.page (
  recipe text not null,
  page text not null,
  url text not null,
  recipe_hash text not null,
  etag text not null default '',
  last_modified text not null default '',
  fingerprint text,
  layout jsonb,
  accepted_at timestamptz,
  held_fingerprint text,
  held_layout jsonb,
  stale boolean not null default false,
  stale_since timestamptz,
  stale_code text,
  stale_reason text,
  changes jsonb not null default '[]',
  checked_at timestamptz not null,
  primary key (recipe, page)
);
comment on table pipeline.page is 'What is known of a page: the layout that was accepted, the one that is held, and whether what is served of it is stale.';
create table pipeline.page_document (
  recipe text not null,
  page text not null,
  url text not null,
  text text not null,
  heading text not null,
  first_run uuid not null,
  first_seen timestamptz not null,
  last_seen timestamptz not null,
  gone_at timestamptz,
  primary key (recipe, page, url)
);
comment on table pipeline.page_document is 'Documents that a page links to, or did.';
`,
  },
]
