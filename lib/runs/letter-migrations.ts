import type { Migration } from '../stores/postgres/migrate.ts'

/** The table of dead letters, and what a run that redrives some of them carries. */
export const letterMigrations: readonly Migration[] = [
  {
    component: 'dead-letters',
    id: 1,
    name: 'dead_letter, redrive of a run',
    sql: `
      alter table pipeline.run add column redrive_of uuid, add column only_items jsonb;
      comment on column pipeline.run.redrive_of is 'The first run, whose failures this one makes good';
      comment on column pipeline.run.only_items is 'The items that each nodes send in a redrive: [{eaches, item}]; null for all';
      create index run_redrive on pipeline.run (redrive_of) where redrive_of is not null;

      -- No foreign keys to runs: a settled letter outlives its run, and runs with open letters are kept by whoever prunes.
      create table pipeline.dead_letter (
        id uuid primary key,
        kind text not null check (kind in ('item', 'run', 'message')),
        flow text not null,
        run_id uuid,
        root_run uuid,
        slot text,
        node text not null,
        item text not null default '',
        eaches text[],
        input jsonb,
        object text,
        note text,
        error jsonb not null,
        attempts integer not null,
        state text not null default 'open' check (state in ('open', 'redriven', 'discarded')),
        created_at timestamptz not null default clock_timestamp(),
        settled_at timestamptz,
        settled_by text,
        reason text,
        redrive_run uuid,
        recovered_run uuid,
        recovered_at timestamptz
      );
      comment on column pipeline.dead_letter.id is 'UUIDv5 of run, node and item: the same failure twice is one letter';
      comment on column pipeline.dead_letter.root_run is 'The first run of a chain of redrives';
      comment on column pipeline.dead_letter.eaches is 'The each nodes around the item, outermost first';
      comment on column pipeline.dead_letter.input is 'The message that failed, as far as it fits; note says what is left out, object where the whole is';
      comment on column pipeline.dead_letter.recovered_run is 'The run in which it succeeded after all';
      create index dead_letter_open on pipeline.dead_letter (flow, created_at) where state = 'open';
      create index dead_letter_open_run on pipeline.dead_letter (run_id) where state = 'open';
      create index dead_letter_recent on pipeline.dead_letter (created_at desc);
      create index dead_letter_root on pipeline.dead_letter (root_run, item) where root_run is not null;
      create index dead_letter_redrive on pipeline.dead_letter (redrive_run) where redrive_run is not null;
      create index dead_letter_settled on pipeline.dead_letter (settled_at) where settled_at is not null;
    `,
  },
]
