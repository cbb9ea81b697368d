import type { Migration } from '../stores/postgres/migrate.ts'

/** The tables of incidents. */
export const alertMigrations: readonly Migration[] = [
  {
    component: 'incidents',
    id: 1,
    name: 'incidents and what they affect',
    sql: `
      create table pipeline.incident (
        id uuid primary key,
        key text not null,
        kind text not null check (kind in ('source', 'dataset', 'custom')),
        what text not null,
        state text not null check (state in ('open', 'closed')),
        opened_at timestamptz not null,
        reopened_at timestamptz,
        last_failed_at timestamptz not null,
        closed_at timestamptz,
        failures integer not null,
        flaps integer not null default 0,
        announced boolean not null,
        error jsonb not null
      );
      comment on table pipeline.incident is 'Something that is broken: alerted about once, whatever it affects';
      comment on column pipeline.incident.flaps is 'How often it came back soon after it had been closed';
      comment on column pipeline.incident.announced is 'Whether the administrator was told that it is open';
      create unique index incident_open on pipeline.incident (key) where state = 'open';
      create index incident_recent on pipeline.incident (key, closed_at desc);

      create table pipeline.incident_item (
        incident uuid not null references pipeline.incident on delete cascade,
        item text not null,
        failures integer not null,
        first_at timestamptz not null,
        last_at timestamptz not null,
        served jsonb,
        recovered_at timestamptz,
        difference jsonb,
        reported boolean not null default false,
        primary key (incident, item)
      );
      comment on column pipeline.incident_item.served is 'What its readers get meanwhile: tier, age, versions; null for nothing';
      comment on column pipeline.incident_item.difference is
        'What the primary had that was not served meanwhile, known once it is back';
      create index incident_item_pending on pipeline.incident_item (item) where recovered_at is null;
    `,
  },
]
