import type { Migration } from '../stores/postgres/migrate.ts'

/** What the outbox needs to be delivered, and the incidents; after the tables of the journal. */
export const alertMigrations: readonly Migration[] = [
  {
    component: 'outbox',
    id: 1,
    name: 'delivery',
    sql: `
      alter table pipeline.outbox
        add column leased_by text,
        add column lease_until timestamptz,
        add column failed_at timestamptz;
      comment on column pipeline.outbox.lease_until is 'Until then one process delivers it; others leave it alone';
      comment on column pipeline.outbox.failed_at is 'Given up: error says why. Neither delivered nor tried again';
      drop index pipeline.outbox_pending;
      create index outbox_pending on pipeline.outbox (next_at) where delivered_at is null and failed_at is null;
      create index outbox_settled on pipeline.outbox (created_at) where delivered_at is not null or failed_at is not null;
    `,
  },
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
