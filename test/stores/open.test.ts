import assert from 'node:assert/strict'
import { access, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { inspect } from 'node:util'
import { parser } from '../../lib/schema.ts'
import { putArtifact } from '../../lib/stores/objects/artifacts.ts'
import { type OpenStores, openStores, StoresConfigSchema, type StoresOptions } from '../../lib/stores/open.ts'
import { embeddedFolder } from '../helpers/embedded-folder.ts'
import { anybody } from '../helpers/fauxqs.ts'
import { code } from '../helpers/pipeline-error.ts'
import { startPostgres } from '../helpers/postgres-server.ts'
import { noRedis, startRedis } from '../helpers/redis-server.ts'
import { startS3Double } from '../helpers/s3-double.ts'

test('objects in a bucket: half of it or both places are refused, files go there', { timeout: 60_000 }, async () => {
  const base = await mkdtemp(join(tmpdir(), 'stores-s3-'))
  const double = await startS3Double('bucket')
  try {
    const objects = { ...anybody, endpoint: double.endpoint, bucket: 'bucket', prefix: 'here' }
    await assert.rejects(
      openStores({ folder: base, objects: { ...objects, folder: base } }),
      code('STORE_CONFIG', /not in both/),
    )
    const stores = await openStores({ folder: base, objects })
    try {
      assert.equal(stores.objects.location, 's3://bucket/here')
      const { key } = await putArtifact(stores.objects, Buffer.from('content'))
      assert.deepEqual([...double.objects.keys()], [`bucket/here/${key}`])
      await stores.objects.withFile(key, async (file) => assert.ok(file.startsWith(stores.scratch)))
    } finally {
      await stores.close()
    }
  } finally {
    await double.close()
    await rm(base, { recursive: true, force: true })
  }
})

describe('openStores', { timeout: 120_000 }, () => {
  let base: string
  let postgres: string
  let remove: () => Promise<void>
  before(async () => {
    base = await mkdtemp(join(tmpdir(), 'stores-'))
    ;({ path: postgres, remove } = await embeddedFolder())
  })
  after(async () => {
    await rm(base, { recursive: true, force: true })
    await remove()
  })
  const minute = { ttlMs: 60_000 }

  async function works(stores: OpenStores): Promise<void> {
    const file = join(stores.scratch, 'file')
    await writeFile(file, 'content')
    const { key } = await putArtifact(stores.objects, { file, move: true })
    assert.equal(await text((await stores.objects.get(key)).body), 'content')
    await stores.cache.set('key', key, minute)
    assert.equal(await stores.cache.get('key'), key)
    assert.deepEqual((await stores.postgres.query('select 1 as one')).rows, [{ one: 1 }])
  }

  test('the schema knows its defaults', () => {
    const { parse } = parser(StoresConfigSchema, 'stores')
    assert.deepEqual(parse({}), { folder: '.data', postgres: {}, cache: {}, objects: {}, vectors: {}, scratch: {} })
  })

  test('everything lies under one folder, and close leaves no scratch', async () => {
    const folder = join(base, 'all')
    const stores = await openStores({ folder })
    assert.equal(stores.postgres.kind, 'embedded')
    assert.equal(stores.cache.kind, 'table')
    assert.equal(stores.objects.kind, 'folder')
    assert.equal(stores.vectors.kind, 'pgvector')
    const { rows } = await stores.postgres.query('select extname from pg_extension where extname = $1', ['vector'])
    assert.deepEqual(rows, [], 'vectors ask nothing of the database before they are used')
    const signal = new AbortController().signal
    await stores.vectors.ensure('notes', { dimensions: 3 }, signal)
    assert.equal(await stores.vectors.count('notes', { at: 1, abandoned: [], signal }), 0)
    await works(stores)
    assert.deepEqual((await readdir(folder)).sort(), ['objects', 'postgres', 'scratch'])
    assert.equal(dirname(stores.scratch), join(folder, 'scratch'))
    await stores.close()
    assert.deepEqual(await readdir(join(folder, 'scratch')), [])
    await assert.rejects(stores.postgres.query('select 1'), code('STORE_CLOSED'))
    await assert.rejects(stores.objects.head('x'), code('STORE_CLOSED'))
    await assert.rejects(stores.cache.get('x'), code('STORE_CLOSED'))
    await assert.rejects(stores.vectors.drop('notes', signal), code('STORE_CLOSED'))
    const again = await openStores({ folder })
    assert.ok((await again.cache.get('key')) !== undefined, 'what was kept is there again')
    await again.close()
  })

  test('the same configuration is shared and closed by its last user', async () => {
    const options: StoresOptions = { folder: join(base, 'shared'), postgres: { folder: postgres } }
    const [one, two] = await Promise.all([openStores(options), openStores(options)])
    assert.equal(one.postgres, two.postgres)
    assert.equal(one.scratch, two.scratch)
    await one.close()
    await one.close()
    await works(two)
    // Opened while the last one closes: anew, and not before that has ended.
    const closing = two.close()
    const [three, four] = await Promise.all([openStores(options), openStores(options)])
    await closing
    assert.notEqual(three.postgres, two.postgres)
    assert.equal(three.postgres, four.postgres)
    await works(four)
    await Promise.all([three.close(), four.close()])
  })

  test('other stores by configuration', { skip: noRedis ?? false }, async () => {
    const server = await startPostgres()
    const redis = await startRedis({ password: 'secret' })
    const folder = join(base, 'others')
    const stores = await openStores({
      folder,
      postgres: { url: server.url, folder: '', maxConnections: 2 },
      cache: { url: redis.url, prefix: 'test:' },
      objects: { folder: join(base, 'elsewhere') },
      // Nobody is there, which nobody hears of before the first call.
      vectors: { url: 'http://127.0.0.1:1', apiKey: 'hunter2' },
      scratch: { folder: join(base, 'temporary') },
    })
    assert.equal(stores.postgres.kind, 'server')
    assert.equal(stores.cache.kind, 'redis')
    assert.equal(stores.vectors.kind, 'qdrant')
    await assert.rejects(
      stores.vectors.drop('notes', new AbortController().signal),
      code('STORE_UNAVAILABLE', /Qdrant at http:\/\/127\.0\.0\.1:1: /),
    )
    await works(stores)
    assert.equal(dirname(stores.scratch), join(base, 'temporary'))
    await access(join(base, 'elsewhere', 'artifacts'))
    await assert.rejects(access(folder), { code: 'ENOENT' })
    await stores.close()
    await redis.stop()
    await server.stop()
  })

  test('a store that does not open closes the others again; the next opening is a new try', async () => {
    const folder = join(base, 'failing')
    const options: StoresOptions = { folder, postgres: { folder: postgres } }
    const failing = { ...options, cache: { url: 'redis://:hunter2@host/not-a-number' } }
    const secretless = (error: unknown) =>
      code('STORE_CONFIG', /Redis URL/)(error) && !inspect(error).includes('hunter2')
    await Promise.all([
      assert.rejects(openStores(failing), secretless),
      assert.rejects(openStores(failing), secretless),
    ])
    assert.deepEqual(await readdir(join(folder, 'scratch')), [])
    await writeFile(join(base, 'a-file'), 'x')
    await assert.rejects(
      openStores({ ...options, objects: { folder: join(base, 'a-file') } }),
      code('STORE_CONFIG', /a-file/),
    )
    const stores = await openStores(options)
    await works(stores)
    await stores.close()
  })

  test('a wrong configuration is named, without its URLs', async () => {
    const wrong = async (options: unknown, message: RegExp) => {
      const given = parser(StoresConfigSchema, 'stores', 'STORE_CONFIG')
      await assert.rejects(
        async () => openStores(given.parse(options)),
        (error) => code('STORE_CONFIG', message)(error) && !inspect(error).includes('hunter2'),
      )
    }
    await wrong({ folder: '' }, /folder/)
    await wrong({ postgres: { url: 'mysql://:hunter2@host' } }, /url/)
    await wrong({ postgres: { url: 'postgresql://:hunter2@host/x', folder: 'y' } }, /either a URL or a folder/)
    await wrong({ vectors: { url: 'https://user:hunter2@host:6333' } }, /Qdrant address/)
    await wrong({ cache: { maxEntries: 0 } }, /cache\.maxEntries/)
    await wrong({ redis: 'redis://:hunter2@host' }, /redis/)
  })
})
