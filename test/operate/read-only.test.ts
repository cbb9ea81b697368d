import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { openStores } from '../../lib/stores/open.ts'
import { openPostgres } from '../../lib/stores/postgres/index.ts'
import { type Fetching, openFetching } from '../helpers/fetching.ts'
import { rejectsWith } from '../helpers/rejects.ts'
import { type Portal, startPortal } from '../portal/server.ts'
import { makeVolume, noVolume, type Volume } from './volume.ts'

const megabyte = 1024 ** 2

describe('a read-only volume', { skip: noVolume ?? false, timeout: 120_000 }, () => {
  let volume: Volume
  before(() => {
    volume = makeVolume(256 * megabyte)
  })
  after(() => volume?.remove())

  test('the embedded store says so at its start, and opens as soon as the volume can be written to', async () => {
    const folder = join(volume.path, 'embedded')
    const first = await openStores({ folder })
    await first.postgres.query('create table public.kept as select 1 as one')
    await first.close()
    volume.remount('ro')
    for (let look = 0; look < 8; look += 1) {
      const error = await rejectsWith(
        openPostgres({ kind: 'embedded', folder: join(folder, 'postgres') }),
        'STORE_READ_ONLY',
      )
      assert.ok(error.retryable)
    }
    volume.remount('rw')
    const again = await openPostgres({ kind: 'embedded', folder: join(folder, 'postgres') })
    assert.deepEqual((await again.query('select one from public.kept')).rows, [{ one: 1 }])
    await again.close()
  })

  describe('remounted while it is worked on, beside a PostgreSQL server', () => {
    let portal: Portal
    let fetching: Fetching
    before(async () => {
      const folder = join(volume.path, 'files')
      await mkdir(folder)
      portal = await startPortal({ datasets: { bandeira_acionamento: 120 } })
      fetching = await openFetching({ folder })
    })
    after(async () => {
      volume.remount('rw')
      await fetching?.close()
      await portal?.close()
    })

    test('what is held is still read, a fetch says STORE_READ_ONLY, and the next one does it', async () => {
      const fetch = () => fetching.fetch('aneel.bandeira_acionamento', { portal: portal.url })
      const { rows } = await fetch()
      await fetching.stores.objects.put('kept', Buffer.from('kept'))
      await portal.publish(1)
      volume.remount('ro')
      const error = await rejectsWith(fetch(), 'STORE_READ_ONLY')
      assert.ok(error.retryable)
      await rejectsWith(fetching.stores.objects.put('new', Buffer.from('new')), 'STORE_READ_ONLY')
      assert.equal((await fetching.stores.objects.head('kept'))?.bytes, 4)
      assert.equal((await fetching.content('aneel.bandeira_acionamento')).rows, rows)
      volume.remount('rw')
      assert.equal((await fetch()).parts[0]?.outcome, 'published')
      assert.deepEqual(await fetching.leftovers(), [])
    })
  })
})
