import type { Migration } from '../stores/postgres/migrate.ts'

/** What people see of runs and do to them: failed attempts, who did what, and the indexes that keep looking at them cheap. */
export const historyMigrations: readonly Migration[] = [
  {
    component: 'run-history',
    id: 1,
    name: 'attempts, actions, replays',
    // No foreign keys: a trigger of one statement removes what belongs to runs that are deleted, and costs a step's commit nothing.
    sql: `
      alter table pipeline.run add column replay_of uuid;
      comment on column pipeline.run.replay_of is 'The run whose recorded input this one was started with again';
      create index run_replay on pipeline.run (replay_of) where replay_of is not null;
      drop index pipeline.run_recent;
      create index run_newest on pipeline.run (created_at desc, id desc);
      create index run_flow_newest on pipeline.run (flow, created_at desc, id desc);
      create index run_state_newest on pipeline.run (state, created_at desc, id desc);
      create index run_flow_state_newest on pipeline.run (flow, state, created_at desc, id desc);
      create index outbox_failed on pipeline.outbox (failed_at) where failed_at is not null;
      create index outbox_run on pipeline.outbox (run_id) where run_id is not null;

      create table pipeline.step_attempt (
        run_id uuid not null,
        node text not null,
        item text not null,
        attempt integer not null,
        started_at timestamptz not null,
        ended_at timestamptz not null default clock_timestamp(),
        error jsonb not null,
        primary key (run_id, node, item, attempt)
      );
      comment on table pipeline.step_attempt is 'Tries that failed, the first 50 of each step; how the last one ended is in pipeline.step';

      create table pipeline.run_action (
        run_id uuid not null,
        at timestamptz not null default clock_timestamp(),
        action text not null check (action in ('resume', 'cancel', 'replay')),
        by text not null,
        reason text not null default '',
        other_run uuid
      );
      comment on table pipeline.run_action is 'What people did to a run; other_run is the one that a replay made';
      create index run_action_run on pipeline.run_action (run_id, at);

      create function pipeline.forget_runs() returns trigger language plpgsql as $forget_runs$
      begin
        delete from pipeline.step_attempt where run_id in (select id from gone);
        delete from pipeline.run_action where run_id in (select id from gone);
        return null;
      end $forget_runs$;
      create trigger forget_runs after delete on pipeline.run referencing old table as gone
        for each statement execute function pipeline.forget_runs();

      create function pipeline.keep_attempt() returns trigger language plpgsql as $keep_attempt$
      begin
        insert into pipeline.step_attempt (run_id, node, item, attempt, started_at, error)
        values (new.run_id, new.node, new.item, new.attempts, new.started_at, new.error) on conflict do nothing;
        return null;
      end $keep_attempt$;
      create trigger keep_attempt after insert or update of error on pipeline.step
        for each row when (new.error is not null and new.recorded_by is null and new.attempts <= 50)
        execute function pipeline.keep_attempt();
    `,
  },
]
