import { parser, Type } from '../../schema.ts'
import type { Json } from '../../stores/cache/port.ts'
import type { Migration } from '../../stores/postgres/migrate.ts'
import type { PostgresStore } from '../../stores/postgres/port.ts'
import { preparing } from '../../stores/postgres/prepare.ts'
import type { Channel } from './channel.ts'

export const feedMigrations: readonly Migration[] = [
  {
    component: 'notify',
    id: 1,
    name: 'feed',
    sql: `
      create table pipeline.feed (
        feed text not null,
        seq bigint not null,
        id text not null,
        entry jsonb not null,
        primary key (feed, seq),
        unique (feed, id)
      );
      comment on table pipeline.feed is 'What subscribers read: the newest entries of each feed, without gaps in the order of seq';
    `,
  },
]
const prepared = preparing(feedMigrations)

/** Entries of a feed that are kept for those who come back. */
const kept = 1_000
/** Characters of an entry's text; data of more than as many is left out. */
const longest = 100_000
/** PostgreSQL's channel by which processes tell each other that a feed has grown; its payload is the feed. */
export const feedChannel = 'ysh_feed'

/** An entry as subscribers get it. */
export const FeedEntrySchema = Type.Object({
  seq: Type.Integer(),
  id: Type.String(),
  at: Type.String(),
  run: Type.String(),
  subject: Type.String(),
  text: Type.String(),
  data: Type.Optional(Type.Unsafe<Json>(Type.Unknown())),
})
const entries = parser(Type.Omit(FeedEntrySchema, ['seq']), 'An entry of a feed')

/** Puts messages into a feed, each once: whoever reads it finds them there, also later. `told` hears of it in this process. */
export function feedChannelOf(feed: string, told: () => void): Channel {
  return {
    name: 'subscribers',
    atOnce: 1,
    timeoutMs: 15_000,
    async send({ id, at, run, subject }, { text, data }, { stores: { postgres } }) {
      await prepared(postgres)
      const small = data !== undefined && JSON.stringify(data).length <= longest
      const entry = { id, at, run, subject, text: text.slice(0, longest), ...(small ? { data } : {}) }
      await postgres.transaction(async (tx) => {
        // One after the other: a reader who has seen a number has seen all before it.
        await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`pipeline.feed ${feed}`])
        await tx.query(
          `insert into pipeline.feed (feed, seq, id, entry)
           select $1, coalesce(max(seq), 0) + 1, $2, $3::jsonb from pipeline.feed where feed = $1
           on conflict (feed, id) do nothing`,
          [feed, id, JSON.stringify(entry)],
        )
        await tx.query(
          `delete from pipeline.feed where feed = $1
             and seq <= (select max(seq) from pipeline.feed where feed = $1) - $2::int8`,
          [feed, kept],
        )
        await tx.query('select pg_notify($1, $2)', [feedChannel, feed])
      })
      told()
    },
  }
}

/** Number of the newest entry; 0 for an empty feed. */
export async function newestOf(postgres: PostgresStore, feed: string): Promise<number> {
  await prepared(postgres)
  const { rows } = await postgres.query<{ seq: string | null }>(
    'select max(seq)::text as seq from pipeline.feed where feed = $1',
    [feed],
  )
  return Number(rows[0]?.seq ?? 0)
}

/** The oldest entries after a number, at most `limit`. */
export async function readFeed(postgres: PostgresStore, feed: string, after: number, limit: number) {
  await prepared(postgres)
  const { rows } = await postgres.query<{ seq: string; entry: Json }>(
    // f.seq: the output column of that name is a text, and '100' comes before '44'
    'select f.seq::text as seq, f.entry from pipeline.feed f where f.feed = $1 and f.seq > $2::int8 order by f.seq limit $3',
    [feed, after, limit],
  )
  return rows.map(({ seq, entry }) => ({ seq: Number(seq), ...entries.parse(entry) }))
}
