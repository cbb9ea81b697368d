import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { datasetMigrations } from '../../../../lib/steps/dataset/load/migrations.ts'
import { announceLoad, stateKey, sweepLoads, sweepSignatures } from '../../../../lib/steps/dataset/load/registry.ts'
import { migrate } from '../../../../lib/stores/postgres/migrate.ts'
import { type Fetching, openFetching } from '../../../helpers/fetching.ts'
import { startPortal } from '../../../portal/server.ts'

const run = '00000000-0000-4000-8000-00000000000a'
const ids = ['00000000-0000-4000-8000-0000000000b1', '00000000-0000-4000-8000-0000000000b2'] as const

describe('what a killed load leaves behind', { timeout: 120_000 }, () => {
  let f: Fetching
  before(async () => {
    f = await openFetching()
    await migrate(f.stores.postgres, datasetMigrations)
  })
  after(() => f.close())

  test('a load leaves the live load of another dataset alone, though both are of one run', async () => {
    const { postgres } = f.stores
    await postgres.query('create schema if not exists aneel_data; create table aneel_data.siga_live (a int)')
    const common = { part: '', runId: run }
    await announceLoad(postgres, { ...common, id: ids[0], dataset: 'aneel.siga', tables: ['aneel_data.siga_live'] })
    await sweepLoads(postgres, { ...common, dataset: 'aneel.tarifas' })
    assert.equal((await postgres.query(`select from pg_tables where tablename = 'siga_live'`)).rowCount, 1)
    assert.equal((await postgres.query('select from pipeline.load')).rowCount, 1, 'its announcement stands')
    await sweepLoads(postgres, { ...common, dataset: 'aneel.siga' })
    assert.equal((await postgres.query(`select from pg_tables where tablename = 'siga_live'`)).rowCount, 0)
  })

  test('signatures that no version and no live load has go with the next load; the others stay', async () => {
    const portal = await startPortal({ datasets: { siga: 100 } })
    const { objects, postgres } = f.stores
    try {
      await f.fetch('aneel.siga', { portal: portal.url })
      const keys = async () => (await objects.list('state/aneel.siga/')).objects.map(({ key }) => key)
      const [current] = await keys()
      assert.ok(current)
      const [orphan, live] = ids.map((id) => stateKey('aneel.siga', '', id))
      assert.ok(orphan && live)
      for (const key of [orphan, live]) await objects.put(key, new Uint8Array(16))
      await announceLoad(postgres, { id: ids[1], dataset: 'aneel.siga', part: '', runId: null, tables: [] })
      await sweepSignatures(postgres, objects, 'aneel.siga', '')
      assert.deepEqual((await keys()).sort(), [current, live].sort())
      // and a whole load does it by itself, its predecessor's included
      await objects.put(orphan, new Uint8Array(16))
      await portal.publish(1)
      await f.fetch('aneel.siga', { portal: portal.url })
      const left = await keys()
      assert.equal(left.length, 2)
      assert.ok(left.includes(live) && !left.includes(orphan) && !left.includes(current))
    } finally {
      await portal.close()
    }
  })
})
