import type { Migration } from '../../stores/postgres/migrate.ts'

/** Lists of runs on the queue: the jobs themselves are pg-boss's, in a schema of its own. */
export const queueMigrations: readonly Migration[] = [
  {
    component: 'queue',
    id: 1,
    name: 'maps',
    sql: `
      create table pipeline.queue_map (
        id uuid primary key,
        run uuid not null,
        place jsonb not null,
        base jsonb not null,
        created_at timestamptz not null default clock_timestamp()
      );
      comment on table pipeline.queue_map is 'A list that a run on the queue works on: where it stands in the run, and the message that its items share';
      create index queue_map_run on pipeline.queue_map (run);
      create table pipeline.queue_item (
        map uuid not null references pipeline.queue_map on delete cascade,
        place integer not null,
        start jsonb not null,
        begun boolean not null,
        result jsonb,
        primary key (map, place)
      );
      comment on table pipeline.queue_item is 'An item of such a list; when the last one has its result, the run goes on';
    `,
  },
]
