import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { tryStores } from '../../lib/stores/trial.ts'
import { anybody, startAws } from '../helpers/fauxqs.ts'
import { type PostgresServer, startPostgres } from '../helpers/postgres-server.ts'
import { type QdrantDouble, startQdrantDouble } from '../qdrant/server.ts'

describe('tryStores', { timeout: 120_000 }, () => {
  let postgres: PostgresServer
  let qdrant: QdrantDouble
  let aws: Awaited<ReturnType<typeof startAws>>
  before(async () => {
    postgres = await startPostgres()
    qdrant = await startQdrantDouble({ apiKey: 'right' })
    aws = await startAws()
    aws.createBucket('there')
  })
  after(async () => {
    await aws?.stop()
    await qdrant?.stop()
    await postgres?.stop()
  })
  const soon = () => AbortSignal.timeout(20_000)
  const bucket = (name: string) => ({ ...anybody, bucket: name, endpoint: aws.endpoint })

  test('servers that answer are well; nothing is asked that is embedded', async () => {
    assert.deepEqual(
      await tryStores(
        { postgres: { url: postgres.url }, vectors: { url: qdrant.url, apiKey: 'right' }, objects: bucket('there') },
        soon(),
      ),
      [{ store: 'postgres' }, { store: 'qdrant' }, { store: 's3' }],
    )
    assert.deepEqual(await tryStores({ folder: 'nowhere' }, soon()), [])
    assert.deepEqual(qdrant.violations, [])
  })

  test('each that does not says why, and no password is in it', async () => {
    const wrong = new URL(postgres.url)
    wrong.pathname = '/no_such_database'
    const found = await tryStores(
      {
        postgres: { url: wrong.href },
        cache: { url: 'redis://:hunter22@127.0.0.1:9' },
        vectors: { url: qdrant.url, apiKey: 'hunter22' },
        objects: bucket('not-there'),
      },
      soon(),
    )
    assert.deepEqual(
      found.map(({ store, error }) => [store, error?.code]),
      [
        ['postgres', 'SQL_3D000'],
        ['redis', 'STORE_UNAVAILABLE'],
        ['qdrant', 'STORE_DENIED'],
        ['s3', 'STORE_CONFIG'],
      ],
    )
    assert.doesNotMatch(JSON.stringify(found), /hunter22/)
  })

  test('a server that is silent is given up', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1')
    await new Promise((resolve) => silent.once('listening', resolve))
    const address = silent.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    try {
      const [found] = await tryStores(
        { postgres: { url: `postgresql://u@127.0.0.1:${port}/d` } },
        AbortSignal.timeout(300),
      )
      assert.equal(found?.error?.code, 'TIMEOUT')
    } finally {
      silent.close()
    }
  })
})
