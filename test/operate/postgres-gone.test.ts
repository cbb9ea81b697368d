import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Server, startServer } from '../../chaos/postgres.ts'
import { PipelineError } from '../../lib/errors.ts'
import { createEngine } from '../../lib/runs/engine.ts'
import { Type } from '../../lib/schema.ts'
import { defineStep } from '../../lib/steps/step.ts'
import { type OpenStores, openStores } from '../../lib/stores/open.ts'
import { memoryLog, noHttp } from '../runs/surroundings.ts'

/** Seconds that the server is away: ten minutes with YSH_GONE_SECONDS=600, compressed here. */
const goneSeconds = Number(process.env.YSH_GONE_SECONDS ?? 12)

describe('PostgreSQL gone', { timeout: goneSeconds * 1_000 + 120_000 }, () => {
  let server: Server
  let stores: OpenStores
  let folder: string
  before(async () => {
    server = await startServer()
    folder = await mkdtemp(join(tmpdir(), 'gone-'))
    stores = await openStores({ folder, postgres: { url: await server.database(), connectTimeoutMs: 1_000 } })
  })
  after(async () => {
    await stores?.close()
    await server?.close()
    await rm(folder, { recursive: true, force: true })
  })

  test('every slot of the schedule is worked through once, also those that fell into the outage', async () => {
    const log = memoryLog()
    const engine = await createEngine({ stores, http: noHttp, log, owner: 'gone' })
    await stores.postgres.query('create table public.ledger (slot text primary key)')
    const step = defineStep({
      ...{ name: 'work', version: 1, config: Type.Object({}), input: Type.Object({}), output: Type.Object({}) },
      async run(_input, _config, { stores: { postgres }, run, finish }) {
        await sleep(300)
        await postgres.transaction(async (tx) => {
          await tx.query('insert into public.ledger values ($1)', [run.slot])
          await finish(tx, {})
        })
        return {}
      },
    })
    const codes = new Set<string>()
    const off = new AbortController()
    engine.register('flow', {
      send(run) {
        engine
          .execute({ step, config: {}, node: 'node', input: {}, run, signal: new AbortController().signal })
          .then(() => engine.end(run, { outcome: 'done' }))
          .catch((thrown: unknown) => codes.add(PipelineError.from(thrown).code)) // no Catch takes it
      },
    })
    await engine.replay()
    const schedule = { expression: '*/2 * * * * *', timeZone: 'UTC', catchUp: 'all' } as const
    const kept = engine.keepSchedule({ flow: 'flow', schedule, overlap: 'queue', input: null, signal: off.signal })
    await sleep(5_000)
    await server.restart('crash', goneSeconds * 1_000)
    const back = Date.now()
    const count = async () =>
      (
        await stores.postgres.query<{ done: number; open: number; failed: number }>(
          `select count(*) filter (where state = 'done')::int as done,
           count(*) filter (where state in ('queued', 'running', 'waiting'))::int as open,
           count(*) filter (where state not in ('done', 'queued', 'running', 'waiting'))::int as failed from pipeline.run`,
        )
      ).rows[0] ?? { done: 0, open: 0, failed: 0 }
    await sleep(8_000)
    off.abort()
    await kept
    while ((await count()).open > 0 && Date.now() - back < 60_000) await sleep(200)
    const { done, open, failed } = await count()
    assert.deepEqual([open, failed], [0, 0], JSON.stringify([...codes, ...log.lines.slice(-20)]))
    const { rows } = await stores.postgres.query<{ slot: string }>('select slot from public.ledger order by slot')
    assert.equal(rows.length, done)
    const slots = rows.map(({ slot }) => Date.parse(slot))
    for (const [index, slot] of slots.entries())
      if (index > 0) assert.equal(slot - (slots[index - 1] ?? 0), 2_000, 'a slot is missing')
    assert.ok(slots.length > goneSeconds / 2)
    await engine.close()
  })
})
