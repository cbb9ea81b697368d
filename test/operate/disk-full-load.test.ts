import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Progress } from '../../lib/steps/step.ts'
import { embeddedFolder } from '../helpers/embedded-folder.ts'
import { type Fetching, openFetching } from '../helpers/fetching.ts'
import { rejectsWith } from '../helpers/rejects.ts'
import { type Portal, startPortal } from '../portal/server.ts'
import { makeVolume, noVolume, type Volume } from './volume.ts'

const megabyte = 1024 ** 2
/** Longer than a look at the disk counts. */
const lookMs = 150
const table = 'aneel.tarifas'

// A tariffs file of the real shape; somebody else fills the disk while it comes in.
describe('the disk fills in the middle of a whole load', { skip: noVolume ?? false, timeout: 300_000 }, () => {
  let portal: Portal
  let database: Volume
  let objects: Volume
  let fetching: Fetching
  before(async () => {
    portal = await startPortal({ datasets: { tarifas: 45_000 } })
    database = makeVolume(400 * megabyte)
    objects = makeVolume(150 * megabyte)
    const postgres = await embeddedFolder(database.path)
    fetching = await openFetching({ folder: objects.path, postgres: { folder: postgres.path } })
  })
  after(async () => {
    await fetching?.close()
    await portal?.close()
    database?.remove()
    objects?.remove()
  })

  const content = async () =>
    (
      await fetching.stores.postgres.query<{ rows: number; hash: string }>(
        'select count(*)::int as rows, sum(hashtextextended(t::text, 0))::text as hash from aneel.tarifas t',
      )
    ).rows[0]
  /** What readers see, and the objects beside it. */
  async function seen() {
    const { postgres, objects: store } = fetching.stores
    const { rows: versions } = await postgres.query(
      'select version, rows::int as rows, state_key from pipeline.version order by version',
    )
    const { objects: listed } = await store.list('state/')
    return {
      ...{ versions, states: listed.map(({ key }) => key) },
      content: versions.length === 0 ? undefined : await content(),
    }
  }

  /**
   * Fetches, while a volume is filled but for so many bytes in the middle of a phase: nothing changes; and with room the next try does all of it.
   */
  async function interrupted(phase: 'download' | 'load', volume: Volume, left: number, version: number): Promise<void> {
    const before = version === 1 ? undefined : await seen()
    const how = { portal: portal.url }
    let filled = false
    const progress = (now: Progress) => {
      if (filled || now.phase !== phase || now.done === 0) return
      filled = true
      volume.fillBut(left)
      // Publishing needs this thread, and by then the database has looked at the disk again.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, lookMs)
    }
    const error = await rejectsWith(fetching.fetch(table, { ...how, progress }), 'STORE_FULL')
    assert.ok(filled, 'it failed before')
    assert.ok(error.retryable)
    assert.match(error.message, /\d+ MB free, (at least )?\d+ MB needed/)
    assert.deepEqual(await seen(), before ?? { versions: [], states: [], content: undefined })

    volume.makeRoom()
    await sleep(lookMs)
    // Without room the half table could not be dropped. The first load after its lease does it; the clock is set forwards instead of waiting.
    await fetching.stores.postgres.query(`update pipeline.load set alive_until = alive_until - interval '2 minutes'`)
    const [part] = (await fetching.fetch(table, how)).parts
    assert.deepEqual([part?.outcome, part?.version, part?.rows], ['published', version, rowsNow()])
    const after = await seen()
    assert.deepEqual([after.content?.rows, after.versions.length, after.states.length], [rowsNow(), version, 1])
    assert.deepEqual(await fetching.leftovers(), [])
  }
  const rowsNow = () => portal.downloads().find(({ dataset }) => dataset === 'tarifas')?.rows

  test('the embedded store, at the first load', () => interrupted('load', database, 30 * megabyte, 1))

  test('the embedded store, at the next publication: readers keep the last', async () => {
    await portal.publish(1)
    await interrupted('load', database, 10 * megabyte, 2)
  })

  test('the folder of objects: readers keep the last', async () => {
    await portal.publish(2)
    await interrupted('download', objects, 0, 3)
  })
})
