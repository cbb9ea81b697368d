import { alertMigrations } from '../../runs/alert-migrations.ts'
import { runMigrations } from '../../runs/migrations.ts'
import { datasetMigrations } from '../../steps/dataset/load/migrations.ts'
import { ledgerMigrations } from '../../steps/vector/ledger/migrations.ts'
import type { Migration } from '../../stores/postgres/migrate.ts'

/** PostgreSQL's channel on which a transaction that made an event calls the hubs; without a payload, for the table says what. */
export const eventsChannel = 'ysh_api_events'

/**
 * The events' tables, and the triggers that write them. The tables they sit on are brought up to date with them, so that no first version is
 * missed because its table came later. Applied when the first hub opens: who has no API has no triggers.
 */
export const apiEventMigrations: readonly Migration[] = [
  ...runMigrations,
  ...alertMigrations,
  ...datasetMigrations,
  ...ledgerMigrations,
  {
    component: 'api-events',
    id: 1,
    name: 'event',
    sql: `
      -- Making a trigger waits for the writers of its table, and they for it: better to try again than to hold them up.
      set local lock_timeout = '5s';
      lock table pipeline.run, pipeline.incident, pipeline.version, pipeline.vector_version in share row exclusive mode;

      create table pipeline.event_state (
        one boolean primary key default true check (one),
        last bigint not null default 0,
        floor bigint not null default 0,
        wanted_until timestamptz not null default '-infinity'
      );
      comment on table pipeline.event_state is 'One row: the newest position, the newest that is no longer kept, until when events are written';
      insert into pipeline.event_state default values;
      create table pipeline.event (
        id bigint generated always as identity primary key,
        position bigint unique,
        type text not null check (type in ('version', 'collection', 'run', 'alert')),
        subject text not null,
        at timestamptz not null default clock_timestamp(),
        data jsonb not null
      );
      comment on table pipeline.event is 'What subscribers of the API hear of; written by triggers in the transaction that makes it true';
      comment on column pipeline.event.position is
        'Given once the event is visible, by one at a time: whoever has seen a position has seen all before it';
      create index event_pending on pipeline.event (id) where position is null;

      create function pipeline.event_time(p timestamptz) returns text language sql immutable
        return to_char(p at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');

      create function pipeline.put_event(p_type text, p_subject text, p_data jsonb) returns void language plpgsql as $f$
      begin
        if not exists (select from pipeline.event_state where wanted_until > now()) then return; end if;
        insert into pipeline.event (type, subject, data) values (p_type, left(p_subject, 300), jsonb_strip_nulls(p_data));
        perform pg_notify('${eventsChannel}', '');
      end $f$;

      create function pipeline.event_of_version() returns trigger language plpgsql as $f$
      begin
        perform pipeline.put_event('version', new.dataset, jsonb_build_object('dataset', new.dataset, 'part', nullif(new.part, ''),
          'version', new.version, 'tier', new.source ->> 'tier', 'rows', new.rows, 'new', new.new_rows, 'changed', new.changed_rows,
          'vanished', new.vanished_rows, 'quarantined', new.quarantined, 'publishedAt', pipeline.event_time(new.published_at),
          'run', new.run_id));
        return null;
      end $f$;
      create trigger api_event after insert on pipeline.version
        for each row execute function pipeline.event_of_version();

      create function pipeline.event_of_collection() returns trigger language plpgsql as $f$
      begin
        perform pipeline.put_event('collection', new.collection, jsonb_build_object('collection', new.collection,
          'version', new.version, 'publishedAt', pipeline.event_time(new.ended_at)));
        return null;
      end $f$;
      create trigger api_event after update on pipeline.vector_version
        for each row when (new.state = 'published' and old.state <> 'published')
        execute function pipeline.event_of_collection();

      create function pipeline.event_of_run() returns trigger language plpgsql as $f$
      begin
        perform pipeline.put_event('run', new.flow, jsonb_build_object('run', new.id, 'flow', new.flow, 'slot', left(new.slot, 300),
          'trigger', new.trigger, 'state', new.state, 'createdAt', pipeline.event_time(new.created_at),
          'finishedAt', pipeline.event_time(new.finished_at), 'dueAt', pipeline.event_time(new.due_at),
          'error', case when new.error is not null then jsonb_build_object('code', left(new.error ->> 'code', 100),
            'message', left(new.error ->> 'message', 1000)) end));
        return null;
      end $f$;
      create trigger api_event_begun after insert on pipeline.run
        for each row when (new.trigger <> 'message') execute function pipeline.event_of_run();
      create trigger api_event after update of state on pipeline.run
        for each row when (new.state <> old.state and new.trigger <> 'message') execute function pipeline.event_of_run();

      create function pipeline.event_of_incident() returns trigger language plpgsql as $f$
      begin
        perform pipeline.put_event('alert', new.key, jsonb_build_object('incident', new.id, 'key', left(new.key, 300), 'kind', new.kind,
          'what', left(new.what, 1000), 'state', new.state, 'since', pipeline.event_time(new.opened_at),
          'until', pipeline.event_time(new.closed_at), 'failures', new.failures, 'flaps', new.flaps,
          'error', jsonb_build_object('code', left(new.error ->> 'code', 100), 'message', left(new.error ->> 'message', 1000))));
        return null;
      end $f$;
      create trigger api_event_opened after insert on pipeline.incident
        for each row execute function pipeline.event_of_incident();
      create trigger api_event after update of state on pipeline.incident
        for each row when (new.state <> old.state) execute function pipeline.event_of_incident();

      -- Positions cannot be given by the writers: the lower of two may commit later, and whoever has read the higher one would never
      -- see it. So they are given here, to events that can be seen, by one at a time (the lock on the row of event_state lasts until the
      -- commit, and every statement after it sees what was committed before). Until then nobody reads them.
      create function pipeline.events_after(p_after bigint, p_limit integer) returns jsonb language plpgsql as $f$
      declare v_last bigint; v_count bigint;
      begin
        if exists (select from pipeline.event where position is null) then
          select last into v_last from pipeline.event_state for update;
          with pending as (
            select id, row_number() over (order by id) as n from (
              select id from pipeline.event where position is null order by id limit 10000) as p)
          update pipeline.event e set position = v_last + pending.n from pending where e.id = pending.id;
          get diagnostics v_count = row_count;
          update pipeline.event_state set last = v_last + v_count where v_count > 0;
        end if;
        return (select jsonb_build_object('last', s.last, 'floor', s.floor, 'events', coalesce((
          select jsonb_agg(jsonb_build_object('position', e.position, 'type', e.type, 'subject', e.subject,
            'at', pipeline.event_time(e.at), 'data', e.data) order by e.position)
          from (select * from pipeline.event where position > p_after order by position limit p_limit) as e), '[]'))
          from pipeline.event_state s);
      end $f$;

      create function pipeline.sweep_events(p_keep bigint, p_hours double precision, p_most bigint) returns void language plpgsql as $f$
      declare v_last bigint; v_upto bigint;
      begin
        select last into v_last from pipeline.event_state for update;
        select max(position) into v_upto from pipeline.event where position <= v_last - p_keep
          and (position <= v_last - p_most or at < clock_timestamp() - p_hours * interval '1 hour');
        delete from pipeline.event where position <= v_upto;
        update pipeline.event_state set floor = v_upto where floor < v_upto;
      end $f$;

      -- After a time without a hub nothing was written. Then what is kept has a hole and goes, and a transaction that has already passed its
      -- trigger is waited for, so that nothing is missing from here on.
      create function pipeline.want_events(p_hours double precision) returns void language plpgsql as $f$
      begin
        if not exists (select from pipeline.event_state where wanted_until > now()) then
          perform set_config('lock_timeout', '5s', true);
          lock table pipeline.run, pipeline.incident, pipeline.version, pipeline.vector_version in share row exclusive mode;
          perform from pipeline.event_state for update;
          if not exists (select from pipeline.event_state where wanted_until > now()) then
            delete from pipeline.event;
            update pipeline.event_state set floor = last;
          end if;
        end if;
        update pipeline.event_state set wanted_until = now() + p_hours * interval '1 hour';
      end $f$;
    `,
  },
]
