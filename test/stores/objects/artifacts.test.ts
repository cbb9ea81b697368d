import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { artifactKey, getArtifact, putArtifact, verifyArtifact } from '../../../lib/stores/objects/artifacts.ts'
import { openFolderObjects } from '../../../lib/stores/objects/folder.ts'
import type { ObjectSource, ObjectStore } from '../../../lib/stores/objects/port.ts'
import { code } from '../../helpers/pipeline-error.ts'

const hash = (content: Uint8Array) => createHash('sha256').update(content).digest('hex')

describe('artifacts', { timeout: 60_000 }, () => {
  let base: string
  let scratch: string
  let objects: ObjectStore
  let count = 0
  before(async () => {
    base = await mkdtemp(join(tmpdir(), 'artifacts-'))
    scratch = join(base, 'scratch')
    await mkdir(scratch)
    objects = await openFolderObjects({ folder: join(base, 'objects') })
  })
  after(async () => {
    await objects.close()
    await rm(base, { recursive: true, force: true })
  })
  const fileOf = async (content: Uint8Array) => {
    const file = join(base, `file-${count++}`)
    await writeFile(file, content)
    return file
  }
  const nothingStored = async (sha256: string) => {
    assert.equal(await objects.head(artifactKey(sha256)), undefined)
    assert.deepEqual(await readdir(join(base, 'objects', '.store', 'parts')), [])
    assert.deepEqual(await readdir(scratch), [])
  }

  test('every kind of source ends under the SHA-256 of its content, once', async () => {
    for (const given of [false, true]) {
      const kinds: Record<string, (content: Buffer) => Promise<ObjectSource>> = {
        bytes: async (content) => content,
        stream: async (content) => Readable.from([content.subarray(0, 1000), content.subarray(1000)]),
        file: async (content) => ({ file: await fileOf(content) }),
        moved: async (content) => ({ file: await fileOf(content), move: true }),
      }
      for (const [kind, source] of Object.entries(kinds)) {
        const content = randomBytes(300_000)
        const sha256 = hash(content)
        const key = `artifacts/sha256/${sha256.slice(0, 2)}/${sha256.slice(2, 4)}/${sha256}`
        const options = { scratch, contentType: 'text/csv', metadata: { from: kind }, ...(given ? { sha256 } : {}) }
        const first = await putArtifact(objects, await source(content), options)
        assert.deepEqual(first, { sha256, bytes: 300_000, key, stored: true }, `${kind}, given ${given}`)
        for (const again of Object.values(kinds)) {
          const second = await putArtifact(objects, await again(content), options)
          assert.deepEqual(second, { ...first, stored: false })
        }
        const { info, body } = await getArtifact(objects, sha256)
        assert.ok((await buffer(body)).equals(content))
        assert.equal(info.contentType, 'text/csv')
        assert.deepEqual(info.metadata, { from: kind })
        assert.deepEqual(await verifyArtifact(objects, sha256), info)
      }
    }
    assert.deepEqual(await readdir(scratch), [])
  })

  test('a moved file is gone afterwards, also when its content was there; another stays', async () => {
    const content = randomBytes(1000)
    for (const stored of [true, false]) {
      const moved = await fileOf(content)
      assert.equal((await putArtifact(objects, { file: moved, move: true })).stored, stored)
      await assert.rejects(stat(moved), { code: 'ENOENT' })
      const kept = await fileOf(content)
      await putArtifact(objects, { file: kept })
      await stat(kept)
    }
  })

  test('content that is not what was claimed is not stored', async () => {
    const content = randomBytes(200_000)
    const wrong = hash(Buffer.from('something else'))
    const mismatch = code('ARTIFACT_MISMATCH', new RegExp(`${wrong}.*${hash(content)}`))
    await assert.rejects(putArtifact(objects, content, { sha256: wrong }), mismatch)
    await assert.rejects(putArtifact(objects, Readable.from([content]), { sha256: wrong }), mismatch)
    await assert.rejects(putArtifact(objects, { file: await fileOf(content) }, { sha256: wrong }), mismatch)
    await nothingStored(wrong)
    await nothingStored(hash(content))
    await assert.rejects(
      putArtifact(objects, content, { sha256: hash(content).toUpperCase() }),
      code('ARTIFACT_MISMATCH'),
    )
    const source = new PassThrough()
    await assert.rejects(putArtifact(objects, source, { sha256: '../../x' }), code('ARTIFACT_KEY'))
    assert.ok(source.destroyed)
  })

  test('a stream of unknown content needs a scratch folder, and says so', async () => {
    await assert.rejects(putArtifact(objects, Readable.from(['x'])), code('ARTIFACT_SCRATCH'))
  })

  test('a stream that is cut, used up or stopped leaves nothing', async () => {
    const sha256 = hash(Buffer.from('never'))
    for (const options of [{ scratch }, { sha256 }]) {
      const cut = new PassThrough()
      cut.write('some')
      const putting = putArtifact(objects, cut, options)
      setImmediate(() => cut.destroy(new Error('socket hang up')))
      await assert.rejects(putting, code('OBJECT_SOURCE', /socket hang up/))
      const used = Readable.from(['x'])
      await buffer(used)
      await assert.rejects(putArtifact(objects, used, options), code('OBJECT_SOURCE'))
      const stalled = new PassThrough()
      stalled.write('some')
      const controller = new AbortController()
      const stopping = putArtifact(objects, stalled, { ...options, signal: controller.signal })
      setImmediate(() => controller.abort())
      await assert.rejects(stopping, code('STOPPED'))
      assert.ok(stalled.destroyed)
      await nothingStored(sha256)
    }
    await assert.rejects(putArtifact(objects, { file: join(base, 'none') }), code('OBJECT_SOURCE'))
  })

  test('of many writers of one content one stores it', async () => {
    const content = randomBytes(50_000)
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        putArtifact(objects, i % 2 === 0 ? content : Readable.from([content]), {
          scratch,
          metadata: { writer: String(i) },
        }),
      ),
    )
    assert.equal(all.filter((artifact) => artifact.stored).length, 1)
    assert.equal(new Set(all.map((artifact) => artifact.key)).size, 1)
    await verifyArtifact(objects, hash(content))
    assert.deepEqual(await readdir(scratch), [])
  })

  test('a damaged copy is found, and one of another length is replaced', async () => {
    const content = randomBytes(100_000)
    const { key, sha256 } = await putArtifact(objects, content)
    const file = join(base, 'objects', key)
    await writeFile(file, Buffer.from(content).fill(0, 500, 600))
    await assert.rejects(verifyArtifact(objects, sha256), code('ARTIFACT_CORRUPT'))
    const { body } = await getArtifact(objects, sha256, { verify: true })
    await assert.rejects(buffer(body), code('ARTIFACT_CORRUPT'))
    await truncate(file, 10)
    assert.equal((await putArtifact(objects, content)).stored, true)
    await verifyArtifact(objects, sha256)
  })

  test('ranges, and what is not there', async () => {
    const { sha256 } = await putArtifact(objects, Buffer.from('0123456789'))
    const { body } = await getArtifact(objects, sha256, { range: { start: 2, end: 4 }, verify: true })
    assert.equal((await buffer(body)).toString(), '234')
    await assert.rejects(getArtifact(objects, hash(Buffer.from('none'))), code('OBJECT_NOT_FOUND'))
    await assert.rejects(verifyArtifact(objects, hash(Buffer.from('none'))), code('OBJECT_NOT_FOUND'))
  })
})
