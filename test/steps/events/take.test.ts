import assert from 'node:assert/strict'
import { text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { alertMigrations } from '../../../lib/runs/alert-migrations.ts'
import { listIncidents } from '../../../lib/runs/incidents.ts'
import { runMigrations } from '../../../lib/runs/migrations.ts'
import { parser } from '../../../lib/schema.ts'
import type { ObjectEvent } from '../../../lib/steps/events/event.ts'
import { eventMigrations, refuseMessage, sourceRecovered } from '../../../lib/steps/events/tables.ts'
import { takeObject } from '../../../lib/steps/events/take.ts'
import { TakeConfigSchema } from '../../../lib/steps/events/take-schema.ts'
import { getArtifact } from '../../../lib/stores/objects/artifacts.ts'
import { migrate } from '../../../lib/stores/postgres/migrate.ts'
import { anybody } from '../../helpers/fauxqs.ts'
import { code } from '../../helpers/pipeline-error.ts'
import { type S3Double, startS3Double } from '../../helpers/s3-double.ts'
import { memoryLog, noHttp, openSurroundings, type Surroundings } from '../../runs/surroundings.ts'

describe('what becomes of events', { timeout: 120_000 }, () => {
  let around: Surroundings
  let double: S3Double
  before(async () => {
    around = await openSurroundings('embedded')
    await migrate(around.stores.postgres, [...runMigrations, ...alertMigrations, ...eventMigrations])
    double = await startS3Double('docs')
  })
  after(async () => {
    await double?.close()
    await around?.close()
  })

  const put = (key: string, content: string, storageClass = 'STANDARD') =>
    double.objects.set(`docs/${key}`, {
      ...{ bytes: Buffer.from(content), etag: '"e"', modified: new Date(), storageClass, sha256: undefined },
      headers: { 'content-type': 'application/pdf' },
    })
  const take = (event: Partial<ObjectEvent>, config: object = {}) =>
    takeObject.run(
      {
        ...{ event: 'created', bucket: 'docs', key: 'a', versionId: null, size: null, etag: null, sequencer: null },
        ...{ eventTime: '2026-10-01T10:00:00Z', ...event },
      },
      parser(TakeConfigSchema, 'test config').parse({ ...anybody, endpoint: double.endpoint, ...config }),
      {
        run: { id: '00000000-0000-4000-8000-000000000001', flow: 'f', slot: 's', epoch: 1, item: '' },
        node: 'node',
        ...{ attempt: 1, signal: new AbortController().signal, stores: around.stores, http: noHttp, log: memoryLog() },
        clock: { now: () => new Date() },
        progress: () => undefined,
        finish: async () => undefined,
      },
    )

  test('an object is copied under its SHA-256, whatever its key looks like, in the version of the event', async () => {
    for (const key of ['a.pdf', 'in//odd/../ação +%20.pdf', '/first']) {
      put(key, `content of ${key}`)
      const taken = await take({ key, versionId: 'v1' })
      assert.equal(taken.source, `s3://docs/${key}`)
      assert.equal(taken.text, key.slice(key.lastIndexOf('/') + 1))
      const { info, body } = await getArtifact(around.stores.objects, taken.sha256 ?? '', { verify: true })
      assert.equal(await text(body), `content of ${key}`)
      assert.equal(info.contentType, 'application/pdf')
      assert.equal(taken.size, info.bytes)
    }
    assert.ok(double.requests.every((line) => line.includes('versionId=v1')))
  })

  test('deleted, archived, too large, of a bucket that is gone', async () => {
    await assert.rejects(take({ key: 'deleted' }), code('OBJECT_NOT_FOUND'))
    put('cold', 'x', 'GLACIER')
    await assert.rejects(take({ key: 'cold' }), code('OBJECT_ARCHIVED'))
    double.restored('docs/cold')
    assert.equal((await take({ key: 'cold', event: 'restored' })).event, 'restored')
    put('large', 'x'.repeat(100))
    await assert.rejects(take({ key: 'large', size: 1 }, { maxBytes: 99 }), code('EVENT_TOO_LARGE', /100 bytes/))
    await assert.rejects(take({ bucket: 'gone' }), code('STORE_CONFIG'))
  })

  test('messages set aside: counted, bounded, one incident that the next good message closes', async () => {
    const { postgres } = around.stores
    const at = new Date()
    const refuse = (body: string) =>
      postgres.transaction((tx) =>
        refuseMessage(tx, { node: 'n', origin: 'queue', code: 'EVENT_INVALID', message: 'no JSON', body, at }),
      )
    await refuse('a\u0000b')
    await refuse('a\u0000b')
    await refuse('\ud800')
    const { rows } = await postgres.query('select times, body from pipeline.refused_event order by times')
    assert.deepEqual(rows, [
      { times: 1, body: '\ufffd' },
      { times: 2, body: 'ab' },
    ])
    assert.deepEqual(
      (await listIncidents(postgres)).map(({ key, state, failures }) => [key, state, failures]),
      [['events n', 'open', 3]],
    )
    await postgres.transaction((tx) => sourceRecovered(tx, 'n', new Date()))
    assert.equal((await listIncidents(postgres))[0]?.state, 'closed')
    await postgres.query(
      `insert into pipeline.refused_event select 'n', 'h' || i, 'o', 'c', 'm', 'b', 1, now(), now() - interval '1 day'
       from generate_series(1, 1100) i`,
    )
    await refuse('one more')
    const kept = await postgres.query('select count(*)::int as n from pipeline.refused_event')
    assert.equal(kept.rows[0]?.n, 1_000)
  })
})
