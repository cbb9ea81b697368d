import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, beforeEach, describe, test } from 'node:test'
import { parser } from '../../../lib/schema.ts'
import { archiveStep } from '../../../lib/steps/archive/step.ts'
import {
  ArchiveConfigSchema,
  ArchiveInputSchema,
  type ArchiveManifest,
  ArchiveOutputSchema,
} from '../../../lib/steps/archive/step-schema.ts'
import { artifactKey, getArtifact, putArtifact } from '../../../lib/stores/objects/artifacts.ts'
import { partBytes } from '../../../lib/stores/objects/s3/write.ts'
import { anybody, startAws } from '../../helpers/fauxqs.ts'
import { code } from '../../helpers/pipeline-error.ts'
import { type S3Double, startS3Double } from '../../helpers/s3-double.ts'
import { memoryLog, noHttp, openSurroundings, type Surroundings } from '../../runs/surroundings.ts'

const configs = parser(ArchiveConfigSchema, 'test config')
const inputs = parser(ArchiveInputSchema, 'test input')
const outputs = parser(ArchiveOutputSchema, 'test output')

describe('the step archive', { timeout: 240_000 }, () => {
  let around: Surroundings
  let double: S3Double
  let folder = ''
  before(async () => {
    around = await openSurroundings('embedded')
    folder = await mkdtemp(join(tmpdir(), 'archive-'))
  })
  beforeEach(async () => {
    await double?.close()
    double = await startS3Double('cold')
  })
  after(async () => {
    await double?.close()
    await around?.close()
    await rm(folder, { recursive: true, force: true })
  })

  async function run(input: object, config: object): Promise<ArchiveManifest> {
    const { accessKeyId, secretAccessKey } = anybody
    const s3 = 'folder' in config ? {} : { bucket: 'cold', endpoint: double.endpoint, accessKeyId, secretAccessKey }
    const output = await archiveStep.run(inputs.parse(input), configs.parse({ ...s3, ...config }), {
      run: { id: '00000000-0000-4000-8000-000000000001', flow: 'f', slot: 's', epoch: 1, item: '' },
      node: 'node',
      ...{ attempt: 1, signal: new AbortController().signal, stores: around.stores, http: noHttp, log: memoryLog() },
      clock: { now: () => new Date() },
      progress: () => undefined,
      finish: async () => undefined,
    })
    return outputs.parse(output)
  }
  const put = (content: string | Buffer) => putArtifact(around.stores.objects, Buffer.from(content))
  const catalogue = async (sha256: string) => {
    const { rows } = await around.stores.postgres.query('select * from pipeline.archived where sha256 = $1', [sha256])
    return rows
  }
  const pathOf = (sha256: string) => `cold/archive/${artifactKey(sha256)}`

  test('a file goes into its class, proved and noted; the same again sends nothing', async () => {
    const { key, sha256 } = await put('a document')
    const first = await run({ artifact: key, source: 'https://example.org/x.pdf' }, { storageClass: 'GLACIER' })
    assert.deepEqual([first.outcome, first.files, first.place], ['archived', 1, 's3://cold/archive'])
    assert.deepEqual(first.items[0], {
      ...{ key, sha256, bytes: 10, outcome: 'archived', class: 'GLACIER', verified: 'sha256' },
      ...{ localRemoved: false, until: null },
    })
    assert.equal(double.objects.get(pathOf(sha256))?.storageClass, 'GLACIER')
    const [row] = await catalogue(sha256)
    assert.equal(row?.source, 'https://example.org/x.pdf')
    assert.equal(row?.class, 'GLACIER')
    double.requests.length = 0
    const second = await run({ artifact: sha256, source: 'another' }, { storageClass: 'GLACIER' })
    assert.equal(second.outcome, 'unchanged')
    assert.deepEqual(
      double.requests.filter((line) => line.startsWith('PUT')),
      [],
    )
    assert.equal((await catalogue(sha256))[0]?.source, 'https://example.org/x.pdf')
  })

  test('a manifest of another step, a list, and an object that is no artifact', async () => {
    const [a, b, c] = [await put('file a'), await put('file b'), await put('file c')]
    const own = 'reports/own.txt'
    await around.stores.objects.put(own, Buffer.from('own'))
    const reference = ({ key, sha256, bytes }: typeof a) => ({ key, sha256, bytes })
    const { items } = await run(
      {
        file: reference(a),
        artifact: [b.sha256, reference(a), own],
        parts: [{ artifact: reference(c) }, { artifact: null }],
      },
      {},
    )
    assert.deepEqual(items.map(({ key }) => key).sort(), [a.key, b.key, c.key, own].sort())
    assert.ok(double.objects.has(pathOf(createHash('sha256').update('own').digest('hex'))))
    await assert.rejects(run({ artifact: null }, {}), code('ARCHIVE_NOTHING'))
    await assert.rejects(run({ artifact: 'nobody/has/it' }, {}), code('OBJECT_NOT_FOUND'))
  })

  test('a file in parts is proved by the hashes of its parts, a damaged copy is replaced', async () => {
    const { key, sha256 } = await put(randomBytes(partBytes + 5))
    assert.equal((await run({ artifact: key }, {})).items[0]?.verified, 'sha256')
    const kept = double.objects.get(pathOf(sha256)) ?? assert.fail()
    assert.match(kept.sha256 ?? '', /-2$/)
    double.objects.set(pathOf(sha256), { ...kept, sha256: `${'A'.repeat(43)}=-2` })
    assert.equal((await run({ artifact: key }, {})).outcome, 'archived')
    assert.equal((await run({ artifact: key }, {})).outcome, 'unchanged')
  })

  test('the local copy goes only when asked for and only when the other is proved', async () => {
    const { key, sha256 } = await put('to be moved')
    const lost = double.refuse
    double.refuse = (line) => (line.startsWith('PUT') ? { status: 403, code: 'AccessDenied' } : undefined)
    await assert.rejects(run({ artifact: key }, { removeLocal: true }), code('STORE_DENIED'))
    assert.ok((await around.stores.objects.head(key)) !== undefined)
    double.refuse = lost
    const moved = await run({ artifact: key }, { removeLocal: true })
    assert.equal(moved.items[0]?.localRemoved, true)
    assert.equal(await around.stores.objects.head(key), undefined)
    assert.ok((await catalogue(sha256))[0]?.local_removed_at instanceof Date)
    // a replay after the removal
    const again = await run({ artifact: key }, { removeLocal: true })
    assert.deepEqual([again.outcome, again.items[0]?.localRemoved], ['unchanged', true])
  })

  test('a server that keeps no SHA-256: read back where that can be, else the local copy stays', async () => {
    const strip = () => {
      for (const kept of double.objects.values()) kept.sha256 = undefined
      return undefined
    }
    double.refuse = strip
    const warm = await put('warm')
    const { items } = await run({ artifact: warm.key }, { removeLocal: true })
    assert.deepEqual([items[0]?.verified, items[0]?.localRemoved], ['read', true])
    const cold = await put('cold')
    const kept = await run({ artifact: cold.key }, { removeLocal: true, storageClass: 'DEEP_ARCHIVE' })
    assert.deepEqual([kept.items[0]?.verified, kept.items[0]?.localRemoved], ['length', false])
    assert.ok((await around.stores.objects.head(cold.key)) !== undefined)
  })

  test('restore: requested, in progress, restored, back in the object store', async () => {
    const { key, sha256 } = await put('sleeping')
    await run({ artifact: key }, { storageClass: 'DEEP_ARCHIVE', removeLocal: true })
    const restore = { action: 'restore', storageClass: 'DEEP_ARCHIVE', tier: 'Bulk', restoreDays: 3 }
    const first = await run({ artifact: key }, restore)
    assert.deepEqual([first.outcome, first.waiting, first.look], ['requested', 1, 1])
    const second = await run({ artifact: first.artifact, look: first.look }, restore)
    assert.deepEqual([second.outcome, second.waiting, second.look], ['in progress', 1, 2])
    assert.equal(double.requests.filter((line) => line.includes('?restore')).length, 1)
    await assert.rejects(getArtifact(around.stores.objects, sha256), code('OBJECT_NOT_FOUND'))
    double.restored(pathOf(sha256))
    const third = await run({ artifact: second.artifact, look: second.look }, restore)
    assert.deepEqual([third.outcome, third.waiting], ['restored', 0])
    assert.equal(await text((await getArtifact(around.stores.objects, sha256)).body), 'sleeping')
    const [row] = await catalogue(sha256)
    assert.ok(row?.restore_requested_at instanceof Date && row.restored_until instanceof Date)
    assert.equal(row.local_removed_at, null)
    double.restored(pathOf(sha256), new Date(Date.now() - 1_000))
    assert.equal((await run({ artifact: key }, restore)).outcome, 'requested', 'what has expired is asked for anew')
    await assert.rejects(run({ artifact: 'f'.repeat(64) }, restore), code('OBJECT_NOT_FOUND'))
  })

  test('a lifecycle rule: checked, put beside foreign ones, not put twice', async () => {
    const { key, sha256 } = await put('by rule')
    const rule = { storageClass: 'GLACIER', ruleDays: 10 }
    double.lifecycle.set(
      'cold',
      '<LifecycleConfiguration><Rule><ID>foreign</ID><Status>Enabled</Status><Filter><And><Prefix>logs/</Prefix><Tag><Key>a</Key><Value>b</Value></Tag></And></Filter><Expiration><Days>9</Days></Expiration></Rule></LifecycleConfiguration>',
    )
    await assert.rejects(run({ artifact: key }, { ...rule, rule: 'check' }), code('ARCHIVE_RULE', /GLACIER after 10/))
    assert.equal((await run({ artifact: key }, { ...rule, rule: 'put' })).rule, 'put')
    assert.equal(double.objects.get(pathOf(sha256))?.storageClass, 'STANDARD')
    const xml = double.lifecycle.get('cold') ?? ''
    assert.match(xml, /<ID>foreign<\/ID>/)
    assert.match(xml, /<And><Prefix>logs\/<\/Prefix><Tag><Key>a<\/Key><Value>b<\/Value><\/Tag><\/And>/)
    assert.match(xml, /<ID>ysh-archive archive<\/ID>/)
    double.requests.length = 0
    assert.equal((await run({ artifact: key }, { ...rule, rule: 'put' })).rule, 'there')
    assert.equal((await run({ artifact: key }, { ...rule, rule: 'check' })).rule, 'there')
    assert.deepEqual(
      double.requests.filter((line) => line.startsWith('PUT')),
      [],
    )
    await run({ artifact: key }, { ...rule, ruleDays: 20, rule: 'put' })
    assert.equal(double.lifecycle.get('cold')?.match(/<Rule>/g)?.length, 2, 'our own rule is replaced')
    await assert.rejects(run({ artifact: key }, { rule: 'put', storageClass: 'STANDARD' }), code('CONFIG'))
  })

  test('the same with an emulator that others wrote, rule and all', async () => {
    const aws = await startAws()
    aws.createBucket('cold')
    try {
      const { key } = await put('elsewhere')
      const config = { endpoint: aws.endpoint, rule: 'put', storageClass: 'GLACIER' }
      const { items, rule } = await run({ artifact: key }, config)
      assert.deepEqual([items[0]?.outcome, items[0]?.verified, rule], ['archived', 'sha256', 'put'])
      assert.deepEqual((await run({ artifact: key }, config)).rule, 'there')
    } finally {
      await aws.stop()
    }
  })

  test('embedded: a folder, read back, moved there and brought back', async () => {
    const { key, sha256 } = await put('on disk')
    const archive = { folder: join(folder, 'archive') }
    const { items } = await run({ artifact: key }, { ...archive, removeLocal: true })
    assert.deepEqual([items[0]?.class, items[0]?.verified, items[0]?.localRemoved], ['folder', 'read', true])
    const back = await run({ artifact: key }, { ...archive, action: 'restore' })
    assert.equal(back.outcome, 'restored')
    assert.equal(await text((await getArtifact(around.stores.objects, sha256)).body), 'on disk')
    await writeFile(join(archive.folder, artifactKey(sha256)), 'on dusk')
    assert.equal((await run({ artifact: key }, archive)).outcome, 'archived', 'a damaged copy is replaced')
    await writeFile(join(archive.folder, artifactKey(sha256)), 'on dusk')
    await around.stores.objects.delete(key)
    await assert.rejects(run({ artifact: key }, { ...archive, action: 'restore' }), code('ARTIFACT_MISMATCH'))
    assert.equal(await around.stores.objects.head(key), undefined)
  })

  test('the object store itself is no archive, and one place has to be named', async () => {
    const { key } = await put('x')
    await assert.rejects(
      run({ artifact: key }, { folder: around.stores.objects.location, removeLocal: true }),
      code('ARCHIVE_PLACE', /itself/),
    )
    assert.ok((await around.stores.objects.head(key)) !== undefined)
    await assert.rejects(run({ artifact: key }, { folder: '' }), code('ARCHIVE_PLACE'))
    await assert.rejects(run({ artifact: key }, { folder: 'x', bucket: 'cold' }), code('ARCHIVE_PLACE'))
  })
})
