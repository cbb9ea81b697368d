import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, describe, it } from 'node:test'
import { backup } from '../../lib/backup/backup.ts'
import { keysUnder, openRepository, type Repository } from '../../lib/backup/repository.ts'
import { restore } from '../../lib/backup/restore.ts'
import { type RowsTaking, takeRows } from '../../lib/backup/rows.ts'
import { allMigrations } from '../../lib/cli/migrations.ts'
import { migrate, openPostgres, type PostgresStore } from '../../lib/stores/postgres/index.ts'
import { type EmbeddedFolder, embeddedFolder } from '../helpers/embedded-folder.ts'

const signal = new AbortController().signal
const accounts = 4_000

/** Writers move amounts between accounts, replace an account, and note each change in a ledger, in one transaction. */
async function change(postgres: PostgresStore, turn: number): Promise<void> {
  const [giver, taker, gone] = [turn * 7919, turn * 104_729 + 1, turn * 31].map((value) => value % accounts)
  await postgres.transaction(async (tx) => {
    await tx.query('update pipeline.account set amount = amount - 1 where id = $1', [giver])
    await tx.query('update pipeline.account set amount = amount + 1 where id = $1', [taker])
    await tx.query(
      'with old as (delete from pipeline.account where id = $1 returning *) insert into pipeline.account select * from old',
      [gone],
    )
    await tx.query('insert into pipeline.ledger (turn) values ($1)', [turn])
    await tx.query('update pipeline.total set turns = turns + 1')
  })
}

describe('rows of the embedded store while others write', { timeout: 240_000 }, () => {
  let folder: EmbeddedFolder
  let postgres: PostgresStore
  let place: string
  let repository: Repository
  before(async () => {
    folder = await embeddedFolder()
    postgres = await openPostgres({ kind: 'embedded', folder: folder.path })
    await migrate(postgres, allMigrations)
    await postgres.query(
      `create table pipeline.account (id integer primary key, amount integer not null, note text not null);
       create table pipeline.ledger (turn integer not null);
       create table pipeline.total (turns integer not null);
       insert into pipeline.account select n, 100, md5(n::text) || repeat('x', 80) from generate_series(0, ${accounts - 1}) n;
       insert into pipeline.total values (0)`,
    )
    place = await mkdtemp(join(tmpdir(), 'backup-rows-'))
    repository = await openRepository(place)
  })
  afterEach(() => postgres.query('truncate pipeline.ledger; update pipeline.total set turns = 0'))
  after(async () => {
    await repository.close()
    await postgres.close()
    await folder.remove()
    await rm(place, { recursive: true, force: true })
  })

  let taken = 0
  /** Rows with tables above 64 KiB read page by page, and how many were read once more. */
  async function take(more: Partial<RowsTaking> = {}) {
    taken += 1
    const to = { objects: repository.objects, folder: `backups/take-${taken}` }
    const rows = await takeRows(postgres, to, { signal, progress() {}, bigBytes: 65_536, ...more })
    const kept: string[] = []
    for await (const key of keysUnder(repository.objects, `${to.folder}/`)) kept.push(key)
    assert.deepEqual(kept.sort(), rows.rows.map(({ file }) => file.key).sort(), 'nothing else stays')
    const of = (name: string) => rows.rows.find(({ table }) => table === `"pipeline"."${name}"`)
    const numbers = kept.map((key) => Number(/(\d+)\.gz$/.exec(key)?.[1]))
    return { again: Math.max(...numbers) - kept.length, of }
  }

  it('reads a large table once when nobody writes to it, others in between', async () => {
    let others = 0
    let waiting: Promise<unknown> | undefined
    const { again, of } = await take({
      progress: () => {
        waiting ??= postgres.query('insert into pipeline.ledger values (0)').then(() => {
          others += 1
          waiting = undefined
        })
      },
    })
    await waiting
    assert.equal(of('account')?.rows, accounts)
    assert.equal(again, 0)
    assert.ok(others > 5, `${others} statements of others came in between`)
  })

  it('reads it anew when a writer was there meanwhile', async () => {
    let wrote: Promise<unknown> | undefined
    const { again, of } = await take({
      progress: () => {
        wrote ??= postgres.query(`update pipeline.account set note = note || '!' where id = 3`)
      },
    })
    await wrote
    assert.equal(again, 1)
    assert.equal(of('account')?.rows, accounts)
  })

  for (const [what, text] of [
    ['deleted', 'delete from pipeline.account where id = 17'],
    ['written anew', 'alter table pipeline.account alter column amount type bigint'],
    ['given a column', 'alter table pipeline.account add column more integer'],
  ] as const) {
    it(`notices what was ${what} behind the place that it had read`, async () => {
      let seen = 0
      let wrote: Promise<unknown> | undefined
      const { again } = await take({
        progress: (rows) => {
          seen = rows
          if (rows > accounts / 2) wrote ??= postgres.query(text)
        },
      })
      await wrote
      assert.ok(seen > accounts)
      assert.equal(again, 1)
    })
  }

  it('is of one instant however much is written: each transaction whole', async () => {
    let writing = true
    let turns = 0
    let longest = 0
    const writer = (async () => {
      while (writing) {
        const began = performance.now()
        await change(postgres, turns)
        longest = Math.max(longest, performance.now() - began)
        turns += 1
      }
    })()
    const result = await backup(repository, { postgres, signal })
    const small = await take()
    writing = false
    await writer
    assert.ok(turns > 20, `${turns} transactions`)
    assert.ok(small.again > 0, 'the large table was read more than once')
    const ledger = small.of('ledger')
    assert.ok(ledger !== undefined && ledger.rows > 0 && ledger.rows <= turns)

    const target = await embeddedFolder()
    const copy = await openPostgres({ kind: 'embedded', folder: target.path })
    try {
      await restore(repository, { postgres: copy, known: allMigrations, id: result.id, signal })
      const { rows } = await copy.query<Record<string, number>>(
        `select (select count(*)::int from pipeline.account) as accounts, (select count(distinct id)::int from pipeline.account) as ids,
           (select count(*)::int from pipeline.ledger) as noted, (select turns from pipeline.total) as turns`,
      )
      const [row] = rows
      assert.deepEqual(
        { ...row, noted: row?.turns },
        { accounts: accounts - 1, ids: accounts - 1, noted: row?.noted, turns: row?.turns },
      )
    } finally {
      await copy.close()
      await target.remove()
    }
  })

  it('takes a table above the usual threshold, written to all the while', async (t) => {
    await postgres.query(
      `insert into pipeline.account (id, amount, note) select n, 100, repeat(md5(n::text), 12) from generate_series(100000, 140000) n`,
    )
    const before = await postgres.query<{ sum: string; size: number }>(
      `select sum(amount) as sum, pg_table_size('pipeline.account')::int as size from pipeline.account`,
    )
    assert.ok((before.rows[0]?.size ?? 0) > 16 * 1024 * 1024)
    let writing = true
    let turns = 0
    let longest = 0
    const writer = (async () => {
      for (; writing; turns += 1) {
        const began = performance.now()
        await change(postgres, turns)
        longest = Math.max(longest, performance.now() - began)
      }
    })()
    const result = await backup(repository, { postgres, signal })
    writing = false
    await writer
    t.diagnostic(
      `${turns} transactions meanwhile, the longest took ${Math.round(longest)} ms; the backup ${result.seconds} s`,
    )
    assert.ok(turns > 10)

    const target = await embeddedFolder()
    const copy = await openPostgres({ kind: 'embedded', folder: target.path })
    try {
      await restore(repository, { postgres: copy, known: allMigrations, id: result.id, signal })
      const { rows } = await copy.query<Record<string, number>>(
        `select (select count(*)::int from pipeline.ledger) as noted, (select turns from pipeline.total) as turns,
           (select count(*)::int from pipeline.account) as accounts`,
      )
      assert.equal(rows[0]?.noted, rows[0]?.turns)
      assert.equal(rows[0]?.accounts, accounts - 1 + 40_001)
    } finally {
      await copy.close()
      await target.remove()
    }
  })
})
