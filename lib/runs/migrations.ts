import type { Migration } from '../stores/postgres/migrate.ts'
import { letterMigrations } from './letter-migrations.ts'

/**
 * The tables of the journal. An item that a join has seen is a row of `step` too, under the node id of its `each`, with
 * `recorded_by` naming the join.
 */
export const runMigrations: readonly Migration[] = [
  {
    component: 'runs',
    id: 1,
    name: 'run, step, process, schedule, outbox',
    sql: `
      create table pipeline.run (
        id uuid primary key,
        flow text not null,
        slot text not null,
        trigger text not null check (trigger in ('schedule', 'manual', 'event', 'message')),
        input jsonb not null,
        state text not null
          check (state in ('queued', 'running', 'waiting', 'done', 'failed', 'skipped', 'cancelled')),
        epoch integer not null,
        owner text,
        claimed_at timestamptz,
        crashes integer not null default 0,
        due_at timestamptz,
        error jsonb,
        summary jsonb,
        created_at timestamptz not null default clock_timestamp(),
        updated_at timestamptz not null default clock_timestamp(),
        finished_at timestamptz,
        unique (flow, slot)
      );
      comment on column pipeline.run.epoch is 'Fencing number: raised by whoever takes the run over; older steps commit nothing';
      comment on column pipeline.run.owner is 'Process that executes the run, as name/instance; null when given back in good order';
      comment on column pipeline.run.crashes is 'Owners that died in a row without finishing a single step';
      comment on column pipeline.run.due_at is 'When a waiting run goes on';
      create index run_unfinished on pipeline.run (flow, created_at) where state in ('queued', 'running', 'waiting');
      create index run_recent on pipeline.run (created_at desc);
      create index run_finished on pipeline.run (finished_at) where finished_at is not null;

      create table pipeline.step (
        run_id uuid not null references pipeline.run on delete cascade,
        node text not null,
        item text not null default '',
        step text not null,
        input_hash text not null,
        state text not null check (state in ('running', 'retry', 'done', 'failed')),
        output jsonb,
        attempts integer not null,
        next_at timestamptz,
        error jsonb,
        epoch integer not null,
        recorded_by text,
        started_at timestamptz not null,
        finished_at timestamptz,
        primary key (run_id, node, item)
      );

      create table pipeline.process (
        owner text primary key,
        seen_at timestamptz not null
      );
      comment on table pipeline.process is
        'Signs of life of those who hold runs; apart from the runs, whose rows are the fence that every step locks';

      create table pipeline.schedule (
        flow text primary key,
        expression text not null,
        time_zone text not null,
        catch_up text not null check (catch_up in ('skip', 'last', 'all')),
        last_slot timestamptz not null,
        updated_at timestamptz not null default clock_timestamp()
      );
      comment on column pipeline.schedule.last_slot is 'Last nominal occurrence dealt with, run or not';

      create table pipeline.outbox (
        key text primary key,
        run_id uuid references pipeline.run on delete set null,
        topic text not null,
        payload jsonb not null,
        attempts integer not null default 0,
        next_at timestamptz not null default clock_timestamp(),
        error jsonb,
        created_at timestamptz not null default clock_timestamp(),
        delivered_at timestamptz
      );
      comment on table pipeline.outbox is 'What must leave this system: written with the effect it tells of, delivered at least once';
      create index outbox_pending on pipeline.outbox (next_at) where delivered_at is null;
    `,
  },
  ...letterMigrations,
]
