import type { Migration } from '../../../stores/postgres/migrate.ts'

/** Subscribers whose connections a gateway holds. They stand on the events and on the keys of the API. */
export const connectionMigrations: readonly Migration[] = [
  {
    component: 'api-connections',
    id: 1,
    name: 'connections',
    sql: `
      create table pipeline.event_connection (
        id text primary key,
        address text not null,
        caller text,
        scopes text[] not null default '{}',
        expires_at timestamptz,
        topics jsonb,
        position bigint,
        told bigint,
        told_at timestamptz not null default clock_timestamp(),
        connected_at timestamptz not null default clock_timestamp(),
        slow_since timestamptz,
        credit real not null default 30,
        credit_at timestamptz not null default clock_timestamp(),
        check ((topics is null) = (position is null))
      );
      comment on table pipeline.event_connection is
        'Subscribers behind API Gateway: no key and no token, only who they are. In no backup: a connection is of this moment';
      comment on column pipeline.event_connection.position is 'Everything up to it was sent; moved only by who holds the lock on the row';
      create index event_connection_position on pipeline.event_connection (position) where topics is not null;
      create index event_connection_caller on pipeline.event_connection (caller);
    `,
  },
]
