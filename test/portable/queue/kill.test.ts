import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { enqueue } from '../../../lib/portable/queue/enqueue.ts'
import { openWorker } from '../../../lib/portable/queue/worker.ts'
import { runId } from '../../../lib/runs/identity.ts'
import { openPostgres } from '../../../lib/stores/postgres/index.ts'
import { startPostgres } from '../../helpers/postgres-server.ts'
import { quiet, testFolder } from '../engine.ts'
import { countedEntries, killedPlan } from './killed.ts'

test('a worker killed in the middle of a step: another takes its job over, nothing is lost and nothing is done twice', async (t) => {
  const { folder, remove } = testFolder()
  t.after(remove)
  const server = await startPostgres()
  t.after(() => server.stop())
  const store = await openPostgres({ kind: 'server', url: server.url })
  t.after(() => store.close())
  const env = { YSH_POSTGRES: server.url, YSH_FOLDER: join(folder, 'data') }
  const effects = join(folder, 'effects')
  writeFileSync(effects, '')
  const plan = killedPlan()
  await enqueue(plan, { pipeline: 'run', slot: 'killed', trigger: 'manual' }, { env, log: quiet })

  const child = fork(fileURLToPath(new URL('kill-child.ts', import.meta.url)), [
    ...[server.url, env.YSH_FOLDER, effects],
  ])
  t.after(() => child.kill('SIGKILL'))
  const dead = once(child, 'exit')
  await Promise.race([once(child, 'message'), dead])
  assert.equal(child.exitCode, null, 'the child ended by itself')
  child.kill('SIGKILL')
  await dead
  // As if its heartbeat were long past: a test does not wait for it.
  const { rowCount } = await store.query(
    `update pipeline_queue.job set heartbeat_on = heartbeat_on - interval '1 hour' where state = 'active'`,
  )
  assert.equal(rowCount, 1)

  const worker = await openWorker({
    ...{ plans: [plan], env, log: quiet, product: 'test/1', concurrency: 2, graceMs: 5_000 },
    ...{ entries: countedEntries(effects, async () => undefined) },
    pace: { heartbeatSeconds: 10, monitorSeconds: 1, pollSeconds: 0.5 },
  })
  t.after(() => worker.close())
  const stop = new AbortController()
  const working = worker.run(stop.signal)
  const run = runId('run', 'killed')
  const state = async () =>
    (await store.query<{ state: string }>('select state from pipeline.run where id = $1', [run])).rows[0]?.state
  for (let looks = 0; (await state()) === 'running'; looks++) {
    assert.ok(looks < 600, 'the run does not end')
    await sleep(100)
  }
  stop.abort()
  await working
  assert.equal(await state(), 'done')

  const done = readFileSync(effects, 'utf8')
    .split('\n')
    .map((line) => line.trim())
  assert.deepEqual(done.filter((line) => line !== '').sort(), ['a', 'b p', 'b q', 'b q', 'b r', 'c'])
  const { rows } = await store.query<{ node: string; item: string; state: string; attempt: number }>(
    `select node, item, state, attempt from pipeline.step where run_id = $1 and recorded_by is null and node in ('a', 'b', 'c')
     order by node, item`,
    [run],
  )
  assert.deepEqual(
    rows.map(({ node, item, state: is, attempt }) => `${node} ${item} ${is} ${attempt}`),
    ['a  done 1', 'b p done 1', 'b q done 2', 'b r done 1', 'c  done 1'],
  )
})
