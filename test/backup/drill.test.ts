import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type BackupProgress, backup } from '../../lib/backup/backup.ts'
import { openRepository } from '../../lib/backup/repository.ts'
import { restore } from '../../lib/backup/restore.ts'
import { allMigrations } from '../../lib/cli/migrations.ts'
import { listRuns } from '../../lib/runs/display.ts'
import { endRun } from '../../lib/runs/lifecycle.ts'
import type { RunRef } from '../../lib/runs/run.ts'
import { openStores, type StoresOptions } from '../../lib/stores/open.ts'
import type { Stores } from '../../lib/stores/stores.ts'
import { embeddedFolder } from '../helpers/embedded-folder.ts'
import { openFetching } from '../helpers/fetching.ts'
import { type PgvectorServer, startPgvector } from '../helpers/pgvector-server.ts'
import { startPostgres } from '../helpers/postgres-server.ts'
import { type Portal, startPortal } from '../portal/server.ts'
import { answers, contents, done, engineOver, execute, type Filled, fill, structureOf } from './filled.ts'

const signal = new AbortController().signal
type Kind = 'embedded' | 'full'

describe('restore drill: all is destroyed and comes back', { timeout: 400_000 }, () => {
  let portal: Portal
  let server: PgvectorServer | string
  const undo: (() => unknown)[] = []
  before(async () => {
    portal = await startPortal({ datasets: { tarifas: 1_200, mmgd: 300 } })
    server = await startPgvector()
  })
  after(async () => {
    for (const each of undo.reverse()) await each()
    await portal.close()
    if (typeof server !== 'string') await server.stop()
  })

  async function folderOf(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'drill-'))
    undo.push(() => rm(folder, { recursive: true, force: true }))
    return folder
  }
  async function place(kind: Kind): Promise<StoresOptions & { folder: string }> {
    const folder = await folderOf()
    if (kind === 'embedded') {
      const made = await embeddedFolder()
      undo.push(() => made.remove())
      return { folder, postgres: { folder: made.path } }
    }
    if (typeof server !== 'string') return { folder, postgres: { url: await server.database() } }
    const plain = await startPostgres()
    undo.push(() => plain.stop())
    return { folder, postgres: { url: plain.url } }
  }

  /** Runs that begin, work and end until they are told to stop: a backup is taken among them. */
  function busy(stores: Stores) {
    let going = true
    const work = (async () => {
      const engine = await engineOver(stores, 'busy')
      engine.register('busy', { send() {} })
      for (let slot = 0; going; slot += 1) {
        const answer = await engine.start({
          ...{ flow: 'busy', slot: String(slot), trigger: 'manual', input: {}, overlap: 'parallel' },
        })
        if (answer.outcome !== 'started') continue
        for (const node of ['a', 'b']) await execute(engine, answer.run, node, slot)
        await engine.end(answer.run, { outcome: 'done' })
        await sleep(5)
      }
      await engine.close()
    })()
    return async () => {
      going = false
      await work
    }
  }

  // Both profiles are saved and restored by the two that cross; YSH_DRILL=all does the others at length too.
  const all = process.env.YSH_DRILL === 'all'
  const pairs: [Kind, Kind, boolean][] = [
    ['embedded', 'full', false],
    ['full', 'embedded', false],
    ['embedded', 'embedded', !all],
    ...(all ? [['full', 'full', false] satisfies [Kind, Kind, boolean]] : []),
  ]
  for (const [from, to, short] of pairs) {
    it(`${from} to ${to}${short ? ', shortened' : ''}`, async (t) => {
      if (from !== to && typeof server === 'string') return t.skip(`vectors cannot move: ${server}`)
      const repository = await openRepository(await folderOf())
      const origin = await place(from)
      const fetching = await openFetching(origin)
      let filled: Filled
      let runsAtBackup = 0
      let expected: { contents: Record<string, string>; structure: unknown; answers: Record<string, string> }
      try {
        filled = await fill(fetching, await published(portal), { short })
        const { stores } = fetching
        expected = {
          contents: await contents(stores.postgres),
          structure: await structureOf(stores.postgres),
          answers: await answers(stores, filled),
        }
        for (const [target, answer] of Object.entries(expected.answers)) assert.match(answer, /^200 /, target)
        const stop = busy(stores)
        await sleep(100)
        const result = await backup(repository, { ...stores, signal })
        await stop()
        const held = Object.values(expected.contents).reduce((sum, text) => sum + Number(text.split(' ')[0]), 0)
        assert.ok(held > 1_000 && (short || held > 1_500), `${held} rows`)
        assert.ok(result.rows >= held && result.objects > 2, `${held} rows: ${JSON.stringify(result)}`)
        runsAtBackup = (await listRuns(stores.postgres, { flow: 'busy', limit: 1_000 })).length
        const [row] = await listRuns(stores.postgres, { id: filled.unfinished })
        assert.equal(row?.state, 'running')
      } finally {
        await fetching.close()
        await rm(origin.folder, { recursive: true, force: true })
      }

      const target = await place(to)
      const stores = await openStores(target)
      try {
        let told = 0
        const progress = (now: BackupProgress) => {
          if (now.phase === 'rows') told = Math.max(told, now.done)
        }
        const result = await restore(repository, { ...stores, known: allMigrations, signal, progress })
        assert.equal(told, result.rows)
        // what went on during the backup is of one instant: each run with its steps
        const { rows } = await stores.postgres.query<{ torn: number; busy: number }>(
          `select (count(*) filter (where state = 'done' and steps <> 2))::int as torn, count(*)::int as busy from (
             select r.state, (select count(*) from pipeline.step s where s.run_id = r.id and s.state = 'done') as steps
             from pipeline.run r where flow = 'busy') as runs`,
        )
        assert.equal(rows[0]?.torn, 0)
        assert.ok((rows[0]?.busy ?? 0) > 0 && (rows[0]?.busy ?? 0) <= runsAtBackup, JSON.stringify(rows))
        await stores.postgres.query(`delete from pipeline.run where flow = 'busy'`)

        assert.deepEqual(await contents(stores.postgres), expected.contents)
        assert.deepEqual(await structureOf(stores.postgres), expected.structure)
        assert.deepEqual(await answers(stores, filled), expected.answers)
        assert.ok(result.unfinished >= 1 && result.outbox >= 1 && result.slots === 1, JSON.stringify(result))

        // a process of before holds the run still, as it believes: nothing it does commits
        const [row] = await listRuns(stores.postgres, { id: filled.unfinished })
        await assert.rejects(endRun(stores.postgres, { id: filled.unfinished, epoch: 1 }, { outcome: 'done' }), {
          code: 'FENCED',
        })
        assert.equal(row?.state, 'running')

        // the unfinished run ends, its first step is not done again, and what waited to be told is told
        done.length = 0
        const engine = await engineOver(stores, 'after')
        try {
          const told: string[] = []
          engine.deliver('drill', async ({ key }) => {
            told.push(key)
          })
          const { promise, resolve } = Promise.withResolvers<RunRef>()
          engine.register('unfinished', { send: (run) => resolve(run) })
          await engine.replay()
          const run = await promise
          await execute(engine, run, 'first', 1)
          await execute(engine, run, 'second', 2)
          await engine.end(run, { outcome: 'done' })
          assert.deepEqual(done, [2])
          for (let look = 0; look < 200 && told.length === 0; look += 1) await sleep(50)
          assert.deepEqual(told, ['told'])
        } finally {
          await engine.close()
        }
      } finally {
        await stores.close()
        await repository.close()
      }
    })
  }

  async function published(of: Portal): Promise<Portal> {
    await of.publish(0)
    return of
  }
})
