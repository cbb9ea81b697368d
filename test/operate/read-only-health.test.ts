import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { lookAt, pulsesOf } from '../../lib/health/stores.ts'
import { type OpenStores, openStores } from '../../lib/stores/open.ts'
import { type PostgresServer, startPostgres } from '../helpers/postgres-server.ts'
import { makeVolume, noVolume, type Volume } from './volume.ts'

describe('the health of a read-only volume', { skip: noVolume ?? false, timeout: 60_000 }, () => {
  let volume: Volume
  let server: PostgresServer
  let stores: OpenStores
  before(async () => {
    volume = makeVolume(64 * 1024 ** 2)
    server = await startPostgres()
    stores = await openStores({ folder: volume.path, postgres: { url: server.url } })
  })
  after(async () => {
    volume?.remount('rw')
    await stores?.close()
    await server?.stop()
    volume?.remove()
  })

  test('says so, and is well again when it is mounted for writing', async () => {
    const wrong = async () => (await lookAt(pulsesOf(stores), 5_000)).filter(({ code }) => code !== undefined)
    assert.deepEqual(await wrong(), [])
    volume.remount('ro')
    assert.deepEqual(await wrong(), [{ store: 'files', code: 'STORE_READ_ONLY' }])
    volume.remount('rw')
    assert.deepEqual(await wrong(), [])
  })
})
