import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { inspect } from 'node:util'
import { loadAws } from '../../../lib/stores/aws/client.ts'
import { partBytes } from '../../../lib/stores/objects/s3/write.ts'
import { openS3Objects, type S3Objects } from '../../../lib/stores/objects/s3.ts'
import { anybody, startAws } from '../../helpers/fauxqs.ts'
import { code } from '../../helpers/pipeline-error.ts'
import { type S3Double, startS3Double } from '../../helpers/s3-double.ts'
import { objectsConformance } from './conformance.ts'
import { contents } from './conformance-contents.ts'
import { failures } from './conformance-failures.ts'

/** An object that somebody else put there. */
const other = { etag: '"x"', modified: new Date(), headers: {}, storageClass: 'STANDARD', sha256: undefined }

objectsConformance('S3, as its double does', async () => {
  const double = await startS3Double('bucket')
  return {
    store: await openS3Objects({ ...anybody, endpoint: double.endpoint, bucket: 'bucket' }),
    dispose: () => double.close(),
    fill: (keys) => {
      for (const key of keys) double.objects.set(`bucket/${key}`, { ...other, bytes: Buffer.from(key) })
    },
  }
})

// Lists in the order of the locale, and conditional puts that are none, keep the other parts of the suite from an emulator.
objectsConformance('S3, as an emulator that others wrote does', async () => {
  const aws = await startAws()
  aws.createBucket('bucket')
  return {
    store: await openS3Objects({ ...anybody, endpoint: aws.endpoint, bucket: 'bucket', prefix: 'p' }),
    dispose: () => aws.stop(),
  }
}, [contents, failures])

describe('S3 objects', { timeout: 120_000 }, () => {
  let double: S3Double
  let store: S3Objects
  let scratch = ''
  before(async () => {
    double = await startS3Double('bucket')
    scratch = await mkdtemp(join(tmpdir(), 'objects-s3-'))
    store = await openS3Objects({ ...anybody, endpoint: double.endpoint, bucket: 'bucket', prefix: '/data/', scratch })
  })
  after(async () => {
    await store.close()
    await double.close()
    await rm(scratch, { recursive: true, force: true })
  })
  const quiet = () => {
    double.refuse = () => undefined
    double.requests.length = 0
  }

  test('a stream of unknown length goes in parts and comes back whole', async () => {
    quiet()
    const content = randomBytes(2 * partBytes + 12_345)
    const chunks = Array.from({ length: Math.ceil(content.length / 65_000) }, (_, i) =>
      content.subarray(i * 65_000, (i + 1) * 65_000),
    )
    const info = await store.put('large', Readable.from(chunks), { contentType: 'application/pdf', ifAbsent: true })
    assert.equal(info.bytes, content.length)
    assert.equal(double.requests.filter((line) => line.includes('partNumber=')).length, 3)
    assert.equal(double.uploads.size, 0)
    const found = await store.get('large')
    assert.deepEqual(found.info, info)
    const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
    assert.equal(hash(await buffer(found.body)), hash(content))
    assert.deepEqual([...double.objects.keys()], ['bucket/data/large'])
    await store.delete('large')
  })

  test('a large put holds three parts in memory, not the whole', async () => {
    const block = Buffer.alloc(1 << 20, 7)
    let made = 0
    let most = 0
    let taken = 0
    double.refuse = (line) => {
      if (line.includes('partNumber=')) taken += partBytes
      return undefined
    }
    const source = Readable.from(
      (async function* () {
        for (; made < 6 * partBytes; made += block.length) {
          most = Math.max(most, made - taken)
          yield block
        }
      })(),
      { objectMode: false },
    )
    await store.put('flat', source)
    assert.ok(most <= 4 * partBytes, `${most / partBytes} parts were read ahead`)
    await store.delete('flat')
  })

  test('an upload that fails, is aborted, or meets another is called off: nothing stays that is paid for', async () => {
    quiet()
    double.refuse = (line) => (line.includes('partNumber=2') ? { status: 403, code: 'AccessDenied' } : undefined)
    await assert.rejects(store.put('off', Buffer.alloc(3 * partBytes)), code('STORE_DENIED'))
    double.requests.length = 0
    // the part fails long before the source goes on
    const slow = new PassThrough()
    slow.write(Buffer.alloc(2 * partBytes))
    const refused = assert.rejects(store.put('off', slow), code('STORE_DENIED'))
    while (!double.requests.some((line) => line.includes('partNumber=2'))) await new Promise((go) => setTimeout(go, 10))
    await new Promise((go) => setTimeout(go, 200))
    slow.end(Buffer.alloc(10))
    await refused
    quiet()
    const source = new PassThrough()
    source.write(Buffer.alloc(partBytes + 10))
    const stop = new AbortController()
    const put = assert.rejects(store.put('off', source, { signal: stop.signal }), code('STOPPED'))
    while (!double.requests.some((line) => line.includes('partNumber=1'))) await new Promise((go) => setTimeout(go, 10))
    stop.abort()
    await put
    double.refuse = (line) => {
      // somebody is first while the parts are on their way
      if (line.includes('partNumber=1'))
        double.objects.set('bucket/data/off', { ...other, bytes: Buffer.from('other') })
      return undefined
    }
    await assert.rejects(store.put('off', Buffer.alloc(2 * partBytes), { ifAbsent: true }), code('OBJECT_EXISTS'))
    assert.equal(await text((await store.get('off')).body), 'other')
    assert.equal(double.uploads.size, 0)
    await store.delete('off')
  })
  test('a storage class goes along; what S3 does not have is refused before anything is sent', async () => {
    quiet()
    await store.put('cold', Buffer.from('x'), { storageClass: 'DEEP_ARCHIVE' })
    assert.equal((await store.describe('cold'))?.storageClass, 'DEEP_ARCHIVE')
    await assert.rejects(store.get('cold'), code('OBJECT_ARCHIVED', /ysh-archive/))
    await assert.rejects(
      store.withFile('cold', async () => 1),
      code('OBJECT_ARCHIVED'),
    )
    double.requests.length = 0
    await assert.rejects(store.put('cold', Buffer.from('x'), { storageClass: 'FREEZER' }), code('STORE_CONFIG'))
    assert.deepEqual(double.requests, [])
    await store.delete('cold')
  })

  test('refusals have their codes, and no message or detail holds a secret', async () => {
    quiet()
    const cases = [
      [{ status: 403, code: 'AccessDenied' }, 'STORE_DENIED', false],
      [{ status: 403, code: 'SignatureDoesNotMatch' }, 'STORE_DENIED', false],
      [{ status: 400, code: 'ExpiredToken' }, 'STORE_DENIED', false],
      [{ status: 404, code: 'NoSuchBucket' }, 'STORE_CONFIG', false],
      [{ status: 400, code: 'InvalidRequest' }, 'STORE_REFUSED', false],
      [{ status: 507, code: 'XMinioStorageFull' }, 'STORE_FULL', false],
      [{ status: 503, code: 'SlowDown' }, 'STORE_UNAVAILABLE', true],
      ['cut', 'STORE_UNAVAILABLE', true],
    ] as const
    for (const [refusal, expected, retryable] of cases) {
      double.refuse = () => refusal
      await assert.rejects(store.put('refused', Buffer.from('x')), (error) => {
        code(expected)(error)
        assert.ok(error instanceof Error && 'retryable' in error)
        assert.equal(error.retryable, retryable, expected)
        assert.doesNotMatch(inspect(error, { depth: 8, showHidden: true }), new RegExp(anybody.secretAccessKey))
        return true
      })
    }
    quiet()
  })

  test('a passing refusal is tried again by itself', async () => {
    quiet()
    let left = 2
    double.refuse = (line) => (line.startsWith('PUT') && left-- > 0 ? { status: 503, code: 'SlowDown' } : undefined)
    await store.put('again', Buffer.from('x'))
    assert.equal(double.requests.filter((line) => line.startsWith('PUT')).length, 3)
  })

  test('withFile leaves no copy behind', async () => {
    quiet()
    await store.put('file', Buffer.from('x'))
    await store.withFile('file', async () => assert.equal((await readdir(scratch)).length, 1))
    await assert.rejects(
      store.withFile('file', () => Promise.reject(new Error('own'))),
      /own/,
    )
    assert.deepEqual(await readdir(scratch), [])
  })

  test("a stranger's objects under the prefix are not listed, and the next page is found behind them", async () => {
    quiet()
    for (const key of ['l/', 'l/a', 'l/b//c', 'l/d']) {
      double.objects.set(`bucket/data/${key}`, { ...other, bytes: Buffer.from(key) })
    }
    const keys: string[] = []
    let next: string | undefined
    do {
      const page = await store.list('l/', { limit: 1, ...(next === undefined ? {} : { after: next }) })
      keys.push(...page.objects.map(({ key }) => key))
      next = page.next
    } while (next !== undefined)
    assert.deepEqual(keys, ['l/a', 'l/d'])
  })

  test('what cannot be opened says why', async () => {
    quiet()
    const open = (options: object) =>
      openS3Objects({ ...anybody, endpoint: double.endpoint, bucket: 'bucket', ...options })
    await assert.rejects(open({ bucket: 'none' }), code('STORE_CONFIG', /no bucket none/))
    await assert.rejects(open({ prefix: 'a//b' }), code('STORE_CONFIG'))
    await assert.rejects(open({ endpoint: 'ftp://x' }), code('STORE_CONFIG'))
    await assert.rejects(open({ secretAccessKey: '' }), code('STORE_CONFIG', /two parts/))
    double.refuse = () => ({ status: 403, code: 'AccessDenied' })
    await assert.rejects(open({}), code('STORE_DENIED'))
    quiet()
    await assert.rejects(open({ endpoint: 'http://127.0.0.1:9' }), code('STORE_UNAVAILABLE'))
    const absent = 'a-package-that-nobody-has'
    await assert.rejects(
      loadAws(absent, () => import(absent)),
      code('AWS_MISSING', /npm install a-package/),
    )
  })

  test('metadata longer than 2 KiB once it is written as headers is refused', async () => {
    quiet()
    await assert.rejects(
      store.put('meta', Buffer.from('x'), { metadata: { a: 'é'.repeat(900) } }),
      code('OBJECT_METADATA', /S3/),
    )
    const odd = { blank: ' x ', empty: '', word: '=?UTF-8?B?eA==?=', long: 'água' }
    await store.put('meta', Buffer.from('x'), { metadata: odd })
    assert.deepEqual((await store.head('meta'))?.metadata, odd)
  })
})
