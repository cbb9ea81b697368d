import type { Migration } from '../../stores/postgres/migrate.ts'

/** Tables of enrichment: answers of models, what is known of the models, and what waits for one. */
export const enrichMigrations: readonly Migration[] = [
  {
    component: 'enrichment',
    id: 1,
    name: 'enrichment',
    sql: `
create table pipeline.enrichment (
  key text primary key,
  model text not null,
  digest text not null,
  answer text,
  artifact text,
  rejected jsonb,
  bytes integer not null,
  created_at timestamptz not null default clock_timestamp(),
  used_at timestamptz not null
);
comment on table pipeline.enrichment is 'Answers of language models by hash of model, prompt, settings and content; the least used go';
comment on column pipeline.enrichment.rejected is 'Why no answer held, where none did';
create index enrichment_used on pipeline.enrichment (used_at);

create table pipeline.enrichment_model (
  place text not null,
  model text not null,
  digest text not null,
  context_tokens integer,
  seen_at timestamptz not null,
  primary key (place, model)
);
comment on table pipeline.enrichment_model is 'What a server last said of a model, for answers from before while it is away';

create table pipeline.enrichment_waiting (
  id uuid primary key,
  node text not null,
  content text not null,
  input jsonb not null,
  reason text not null,
  waited integer not null,
  due_at timestamptz not null,
  created_at timestamptz not null default clock_timestamp(),
  unique (node, content)
);
comment on table pipeline.enrichment_waiting is 'What waits for a language model; who deletes a row puts its run into the outbox';
create index enrichment_waiting_due on pipeline.enrichment_waiting (node, due_at);
`,
  },
  {
    component: 'enrichment',
    id: 2,
    name: 'look',
    sql: `
create table pipeline.enrichment_look (
  node text primary key,
  looked_at timestamptz not null
);
comment on table pipeline.enrichment_look is
  'When it was last looked whether the model of what waits is back, by processes that live too short to remember';
`,
  },
]
