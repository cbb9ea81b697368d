import assert from 'node:assert/strict'
import { statfsSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { PipelineError } from '../../lib/errors.ts'
import { createEngine } from '../../lib/runs/engine.ts'
import { Type } from '../../lib/schema.ts'
import { defineStep } from '../../lib/steps/step.ts'
import { type Fetching, openFetching } from '../helpers/fetching.ts'
import { rejectsWith } from '../helpers/rejects.ts'
import { type Portal, startPortal } from '../portal/server.ts'
import { memoryLog, noHttp } from '../runs/surroundings.ts'
import { makeVolume, noVolume, type Volume } from './volume.ts'

const megabyte = 1024 ** 2
// Longer than a look at the disk counts.
const seen = () => sleep(150)

describe('disk full, under the embedded store and all else', { skip: noVolume ?? false, timeout: 180_000 }, () => {
  let volume: Volume
  let portal: Portal
  let fetching: Fetching
  before(async () => {
    volume = makeVolume(300 * megabyte)
    portal = await startPortal({ datasets: { bandeira_acionamento: 120, tarifas: 12_000 } })
    fetching = await openFetching({ folder: volume.path, postgres: { folder: join(volume.path, 'postgres') } })
  })
  after(async () => {
    await fetching?.close()
    await portal?.close()
    volume?.remove()
  })
  const free = () => {
    const { bavail, bsize } = statfsSync(volume.path)
    return bavail * bsize
  }
  const fetch = () => fetching.fetch('aneel.tarifas', { portal: portal.url })
  const full = async (work: Promise<unknown>) => {
    const error = await rejectsWith(work, 'STORE_FULL')
    assert.ok(error.retryable)
    assert.match(error.message, /\d+ MB free, (at least )?\d+ MB needed/)
    return error
  }

  test('a download that does not fit is not begun, nor tried again at the host, and leaves nothing', async () => {
    volume.fillBut(60 * megabyte)
    portal.clear()
    const error = await full(fetch())
    assert.match(error.message, /while downloading/)
    assert.equal(portal.requests.filter(({ path }) => path.endsWith('.csv')).length, 1)
    assert.deepEqual(await fetching.leftovers(), [])
  })

  test('a load that does not fit is not begun', async () => {
    volume.makeRoom()
    volume.fillBut(72 * megabyte)
    const error = await full(fetch())
    assert.match(error.message, /while loading aneel\.tarifas/)
    assert.deepEqual(await fetching.leftovers(), [])
  })

  test('full in the middle of a COPY: its table can be dropped, and with room the same fetch does it all', async () => {
    const { postgres } = fetching.stores
    await postgres.query('create table public.copied (one int)')
    volume.makeRoom()
    volume.fillBut(30 * megabyte)
    await seen()
    const connection = await postgres.connect()
    const sink = await connection.copyIn('public.copied (one)')
    await sink.write(Buffer.from([0, 1, 0, 0, 0, 4, 0, 0, 0, 1]))
    await full(sink.end())
    // what a load leaves can still be dropped
    await connection.query('drop table public.copied')
    await connection.close()
    volume.makeRoom()
    await seen()
    assert.equal((await fetch()).parts[0]?.outcome, 'published')
    assert.deepEqual(await fetching.leftovers(), [])
  })

  test('an object that does not fit has no key', async () => {
    const { objects } = fetching.stores
    volume.fillBut(megabyte)
    const error = await rejectsWith(objects.put('large', Buffer.alloc(4 * megabyte)), 'STORE_FULL')
    assert.ok(error.retryable)
    assert.equal(await objects.head('large'), undefined)
    volume.makeRoom()
    await objects.put('large', Buffer.alloc(4 * megabyte))
  })

  test('a step whose line does not fit is done again by itself as soon as there is room', async () => {
    const engine = await createEngine({
      ...{ stores: fetching.stores, http: noHttp, log: memoryLog(), owner: 'full' },
    })
    let tries = 0
    const step = defineStep({
      ...{ name: 'work', version: 1, config: Type.Object({}), input: Type.Object({}), output: Type.Object({}) },
      async run(_input, _config, { stores }) {
        tries += 1
        if (tries === 1) {
          volume.fillBut(megabyte)
          await seen()
        }
        await stores.postgres.query('insert into public.work values (1)')
        return {}
      },
    })
    const done = Promise.withResolvers<void>()
    const failed = Promise.withResolvers<string>()
    try {
      await fetching.stores.postgres.query('create table public.work (one int)')
      engine.register('flow', {
        send(run) {
          engine
            .execute({ step, config: {}, node: 'node', input: {}, run, signal: new AbortController().signal })
            .then(() => engine.end(run, { outcome: 'done' }))
            .then(
              () => done.resolve(),
              // no Catch takes it
              (thrown: unknown) => failed.resolve(PipelineError.from(thrown).code),
            )
        },
      })
      await engine.replay()
      const request = { flow: 'flow', trigger: 'manual', input: null, overlap: 'parallel' } as const
      await engine.start({ ...request, slot: 'one' })
      assert.equal(await failed.promise, 'STORE_FULL')
      // a button is told, and nothing has begun
      await full(engine.start({ ...request, slot: 'two' }))
      volume.makeRoom()
      await done.promise
      const { rows } = await fetching.stores.postgres.query(
        `select slot, state, (select count(*)::int from public.work) as rows from pipeline.run where flow = 'flow'`,
      )
      assert.deepEqual(rows, [{ slot: 'one', state: 'done', rows: 1 }])
      assert.equal(tries, 2)
    } finally {
      await engine.close()
    }
  })

  test('its log without room ends the child; it comes back with every acknowledged row as soon as there is room', async () => {
    const { postgres } = fetching.stores
    await postgres.query('create table public.kept as select generate_series(1, 1000) as one')
    volume.fillBut(26 * megabyte)
    await seen()
    const burst = `do $$ begin for i in 1..400 loop
      perform pg_logical_emit_message(true, 'x', repeat(md5(i::text), 6400)); end loop; end $$`
    await assert.rejects(postgres.query(burst))
    // the pool's other connections hear of its end one by one
    const away = async () =>
      PipelineError.from(await postgres.query('select 1').catch((thrown: unknown) => thrown)).code
    for (let look = 0; look < 20 && (await away()) !== 'STORE_FULL'; look += 1) await seen()
    for (let look = 0; look < 8; look += 1) await full(postgres.query('select 1'))
    assert.ok(free() < 24 * megabyte)
    volume.makeRoom()
    const { rows } = await postgres.query('select count(*)::int as rows from public.kept')
    assert.deepEqual(rows, [{ rows: 1000 }])
    await postgres.query('insert into public.kept values (1001)')
  })
})
