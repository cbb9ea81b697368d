import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { listRuns, listSteps } from '../../lib/runs/display.ts'
import { runMigrations } from '../../lib/runs/migrations.ts'
import { openTableCache } from '../../lib/stores/cache/table.ts'
import { migrate, openPostgres, type PostgresConfig } from '../../lib/stores/postgres/index.ts'
import { kinds, openSurroundings, type Surroundings } from './surroundings.ts'

/** Effects of one run of kill-child.ts: steps a, b, three items, c. */
const effects = ['', '', '', 'x', 'y', 'z']

for (const kind of kinds) {
  describe(`kill -9 on ${kind}`, { timeout: 120_000 }, () => {
    let surroundings: Surroundings
    let config: PostgresConfig
    let folder: string
    const children = new Set<ChildProcess>()
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'pipeline-kill-'))
      surroundings = await openSurroundings(kind)
      config = surroundings.config
      const { postgres } = surroundings.stores
      await migrate(postgres, runMigrations)
      await (await openTableCache(postgres)).close()
      await postgres.query('create table effect (run uuid, item text)')
    })
    after(async () => {
      for (const child of children) child.kill('SIGKILL')
      await surroundings.close()
      await rm(folder, { recursive: true, force: true })
    })

    /** A process that works on the runs; it tells of each step that it begins, and when there is nothing left to do. */
    function start(owner: string, runs: number) {
      const args = ['--database', JSON.stringify(config), '--folder', folder, '--owner', owner, '--runs', String(runs)]
      const child = fork(join(import.meta.dirname, 'kill-child.ts'), args, {
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      })
      children.add(child)
      const exited = once(child, 'exit')
      const seen = { steps: 0, idle: false, failures: [] as string[] }
      let news = Promise.withResolvers<void>()
      child.on('message', (message: { step?: string; idle?: boolean; failed?: string }) => {
        if (message.step !== undefined) seen.steps += 1
        if (message.idle === true) seen.idle = true
        if (message.failed !== undefined) seen.failures.push(message.failed)
        news.resolve()
        news = Promise.withResolvers()
      })
      const died = exited.then(() => 'died')
      return {
        seen,
        async until(enough: () => boolean) {
          while (!enough())
            if ((await Promise.race([news.promise, died])) === 'died') assert.fail('the child died by itself')
        },
        async kill() {
          child.kill('SIGKILL')
          await exited
          children.delete(child)
        },
      }
    }
    async function check(runs: number) {
      const store = kind === 'embedded' ? await openPostgres(config) : surroundings.stores.postgres
      try {
        const all = await listRuns(store)
        assert.deepEqual(
          all.map((run) => run.state),
          Array.from({ length: runs }, () => 'done'),
        )
        for (const run of all) {
          const { rows } = await store.query<{ item: string }>('select item from effect where run = $1 order by item', [
            run.id,
          ])
          assert.deepEqual(
            rows.map((row) => row.item),
            effects,
            'each effect once',
          )
          assert.deepEqual(run.summary, { total: 31 })
          assert.equal((await listSteps(store, run.id)).filter((step) => step.state !== 'done').length, 0)
        }
        return all
      } finally {
        if (kind === 'embedded') await store.close()
      }
    }

    it('starts each slot once when two processes race for it', {
      skip: kind === 'embedded' && 'one process at a time has the folder',
    }, async () => {
      const runs = 5
      const both = ['a', 'b'].map((owner) => start(owner, runs))
      await Promise.race(both.map((child) => child.until(() => child.seen.idle)))
      for (const child of both) {
        await child.kill()
        assert.deepEqual(child.seen.failures, [])
      }
      await check(runs)
      await surroundings.stores.postgres.query('truncate pipeline.run, pipeline.step, pipeline.outbox, effect')
    })

    it('completes every run, with each effect exactly once', async () => {
      const runs = 5
      // One process at a time may have the embedded store.
      if (kind === 'embedded') await surroundings.stores.postgres.close()
      for (const steps of [1, 6, 2, 4, 3, 9]) {
        const child = start('a', runs)
        await child.until(() => child.seen.steps >= steps || child.seen.idle)
        await child.kill()
        assert.deepEqual(child.seen.failures, [])
      }
      const last = start('a', runs)
      await last.until(() => last.seen.idle)
      await last.kill()
      assert.deepEqual(last.seen.failures, [])
      const all = await check(runs)
      assert.ok(
        all.some((run) => run.epoch > 1),
        'at least one was taken over',
      )
    })
  })
}
