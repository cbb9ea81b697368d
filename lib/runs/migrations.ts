import type { Migration } from '../stores/postgres/migrate.ts'
import { historyMigrations } from './history-migrations.ts'
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
        overlap text not null check (overlap in ('skip', 'queue', 'replace', 'parallel')),
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

      create table pipeline.shared_list (
        run_id uuid not null,
        node text not null,
        parent text not null,
        each text[] not null,
        message jsonb not null,
        primary key (run_id, node, parent)
      );
      comment on table pipeline.shared_list is 'Lists whose items several processes share, while their run lasts';
      create table pipeline.shared_item (
        run_id uuid not null,
        node text not null,
        parent text not null,
        key text not null,
        place integer not null,
        value jsonb not null,
        owner text,
        epoch integer,
        primary key (run_id, node, parent, key),
        foreign key (run_id, node, parent) references pipeline.shared_list on delete cascade
      );
      comment on table pipeline.shared_item is 'Their items that no join has recorded yet; epoch is that of the run when the owner took it';
      create index shared_item_node on pipeline.shared_item (node, run_id, place);

      create table pipeline.process (
        owner text primary key,
        started_at timestamptz not null default clock_timestamp(),
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
        leased_by text,
        lease_until timestamptz,
        created_at timestamptz not null default clock_timestamp(),
        delivered_at timestamptz,
        failed_at timestamptz
      );
      comment on table pipeline.outbox is 'What must leave this system: written with the effect it tells of, delivered at least once';
      comment on column pipeline.outbox.lease_until is 'Until then one process delivers it; others leave it alone';
      comment on column pipeline.outbox.failed_at is 'Given up: error says why. Neither delivered nor tried again';
      create index outbox_pending on pipeline.outbox (next_at) where delivered_at is null and failed_at is null;
      create index outbox_settled on pipeline.outbox (created_at) where delivered_at is not null or failed_at is not null;
    `,
  },
  {
    component: 'runs',
    id: 2,
    name: 'put_step',
    // A function, because its plans are kept in the session: without, planning is two thirds of what a line costs, and named
    // statements do not go through poolers nor with the one session of the embedded store.
    sql: `
      create function pipeline.put_step(p_run uuid, p_epoch integer, p_node text, p_item text, p_step text, p_hash text,
        p_attempts integer, p_started timestamptz, p_state text, p_output jsonb, p_error jsonb, p_next timestamptz)
      returns integer language plpgsql as $put_step$
      begin
        -- For share: whoever takes the run over waits for our commit, and we see that it did.
        perform from pipeline.run where id = p_run and epoch = p_epoch and state = 'running' for share;
        if not found then return 0; end if;
        -- A row that is done with the same input is never replaced: its effects are committed.
        insert into pipeline.step as s
          (run_id, node, item, epoch, step, input_hash, attempts, started_at, state, output, error, next_at, finished_at)
        values (p_run, p_node, p_item, p_epoch, p_step, p_hash, p_attempts, p_started, p_state, p_output, p_error, p_next,
          case when p_state in ('done', 'failed') then clock_timestamp() end)
        on conflict (run_id, node, item) do update set
          epoch = excluded.epoch, step = excluded.step, input_hash = excluded.input_hash, attempts = excluded.attempts,
          started_at = excluded.started_at, state = excluded.state, output = excluded.output, error = excluded.error,
          next_at = excluded.next_at, finished_at = excluded.finished_at
        where s.state <> 'done' or s.input_hash <> excluded.input_hash;
        return case when found then 2 else 1 end;
      end $put_step$;
      comment on function pipeline.put_step is
        'Writes a line of the journal: 2 written, 1 the step is done already, 0 the run is in other hands or has ended';
    `,
  },
  ...letterMigrations,
  ...historyMigrations,
]
