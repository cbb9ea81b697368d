import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { PipelineError } from '../../../lib/errors.ts'
import type { ObjectStore } from '../../../lib/stores/objects/port.ts'

/** A validator for `assert.rejects`: a PipelineError with this code. */
export function code(expected: string, message?: RegExp): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof PipelineError, `a PipelineError, not ${String(error)}`)
    assert.equal(error.code, expected, error.message)
    if (message !== undefined) assert.match(error.message, message)
    return true
  }
}

/** What every adapter of the object port does. `open` gives a store over an empty place of its own. */
export function objectsConformance(
  name: string,
  open: () => Promise<{ store: ObjectStore; dispose(): Promise<void> }>,
) {
  describe(`object port: ${name}`, { timeout: 120_000 }, () => {
    let store: ObjectStore
    let dispose: () => Promise<void>
    let scratch: string
    before(async () => {
      scratch = await mkdtemp(join(tmpdir(), 'objects-conformance-'))
      ;({ store, dispose } = await open())
    })
    after(async () => {
      await store.close()
      await dispose()
      await rm(scratch, { recursive: true, force: true })
    })
    const bodyOf = async (key: string, range?: { start: number; end?: number }) =>
      text((await store.get(key, range === undefined ? {} : { range })).body)
    const keysOf = async (prefix: string) => (await store.list(prefix)).objects.map((object) => object.key)

    test('bytes, streams and files come back as they were', async () => {
      const content = randomBytes(700_001)
      const file = join(scratch, 'source.bin')
      await writeFile(file, content)
      const sources = {
        bytes: content,
        stream: Readable.from([content.subarray(0, 10), content.subarray(10)]),
        dribble: Readable.from(Array.from({ length: 701 }, (_, i) => content.subarray(i * 1000, (i + 1) * 1000))),
        file: { file },
      }
      for (const [kind, source] of Object.entries(sources)) {
        const info = await store.put(`sources/${kind}`, source)
        assert.equal(info.bytes, content.length)
        const found = await store.get(`sources/${kind}`)
        assert.deepEqual(found.info, info)
        assert.ok((await buffer(found.body)).equals(content), kind)
      }
      assert.ok((await readFile(file)).equals(content), 'a file given without move stays')
      const moved = await store.put('sources/moved', { file, move: true })
      assert.equal(moved.bytes, content.length)
      await assert.rejects(stat(file), { code: 'ENOENT' })
      assert.ok((await buffer((await store.get('sources/moved')).body)).equals(content))
    })

    test('a moved file keeps nothing of its source: a later write to a file of that name changes no object', async () => {
      const file = join(scratch, 'again.bin')
      await writeFile(file, 'first')
      await store.put('moved/once', { file, move: true }, { ifAbsent: true })
      await writeFile(file, 'other')
      assert.equal(await bodyOf('moved/once'), 'first')
      await assert.rejects(store.put('moved/once', { file, move: true }, { ifAbsent: true }), code('OBJECT_EXISTS'))
      assert.equal(await readFile(file, 'utf8'), 'other', 'after failure the file is still there')
    })

    test('an empty object is an object', async () => {
      await store.put('empty', Readable.from([]))
      assert.equal((await store.head('empty'))?.bytes, 0)
      assert.equal(await bodyOf('empty'), '')
      await assert.rejects(store.get('empty', { range: { start: 0 } }), code('OBJECT_RANGE'))
    })

    test('metadata and content type stay with their bytes through replacement', async () => {
      const before = Date.now()
      const metadata = { dataset: 'aneel.tarifas', título: 'x' }
      await assert.rejects(store.put('described', Buffer.from('1'), { metadata }), code('OBJECT_METADATA', /título/))
      const first = await store.put('described', Buffer.from('1'), {
        contentType: 'text/csv; charset=utf-8',
        metadata: { dataset: 'aneel.tarifas', title: 'Tarifas homologadas – água', constructor: 'c' },
      })
      assert.deepEqual(await store.head('described'), first)
      assert.equal(first.contentType, 'text/csv; charset=utf-8')
      assert.deepEqual(
        { ...first.metadata },
        { dataset: 'aneel.tarifas', title: 'Tarifas homologadas – água', constructor: 'c' },
      )
      // Stores may keep whole seconds.
      assert.ok(Math.abs(first.lastModified.getTime() - before) < 60_000)
      const second = await store.put('described', Buffer.from('2'))
      assert.notEqual(second.etag, first.etag)
      assert.deepEqual(await store.head('described'), second)
      assert.equal(second.contentType, undefined)
      assert.deepEqual(second.metadata, {})
      await store.delete('described')
      await store.put('described', Buffer.from('1'))
      assert.deepEqual((await store.head('described'))?.metadata, {})
    })

    test('metadata that S3 would not take is refused', async () => {
      const put = (metadata: Record<string, string>) => store.put('refused', Buffer.from('x'), { metadata })
      await assert.rejects(put({ Upper: 'x' }), code('OBJECT_METADATA'))
      await assert.rejects(put({ ['__proto__']: 'x' }), code('OBJECT_METADATA'))
      await assert.rejects(put({ line: 'a\r\nx-injected: b' }), code('OBJECT_METADATA'))
      await assert.rejects(put({ big: 'x'.repeat(2046) }), code('OBJECT_METADATA'))
      await assert.rejects(store.put('refused', Buffer.from('x'), { contentType: 'a\nb' }), code('OBJECT_METADATA'))
      assert.equal(await store.head('refused'), undefined)
      await put({ big: 'x'.repeat(2045) })
    })

    test('ranges are inclusive and end at the last byte', async () => {
      await store.put('range', Buffer.from('0123456789'))
      assert.equal(await bodyOf('range', { start: 0, end: 0 }), '0')
      assert.equal(await bodyOf('range', { start: 3, end: 5 }), '345')
      assert.equal(await bodyOf('range', { start: 8 }), '89')
      assert.equal(await bodyOf('range', { start: 8, end: 100 }), '89')
      for (const range of [{ start: 10 }, { start: -1 }, { start: 5, end: 4 }, { start: 0.5 }, { start: Number.NaN }]) {
        await assert.rejects(store.get('range', { range }), code('OBJECT_RANGE'), JSON.stringify(range))
      }
    })

    test('what is not there: get and withFile throw, head is undefined, delete is content', async () => {
      await assert.rejects(store.get('nothing/here'), code('OBJECT_NOT_FOUND', /nothing\/here/))
      await assert.rejects(
        store.withFile('nothing/here', async () => 1),
        code('OBJECT_NOT_FOUND'),
      )
      assert.equal(await store.head('nothing/here'), undefined)
      await store.delete('nothing/here')
      await store.put('below/object', Buffer.from('x'))
      assert.equal(await store.head('below/object/deeper'), undefined)
      assert.equal(await store.head('below'), undefined)
      await store.delete('below')
      assert.equal(await bodyOf('below/object'), 'x')
    })

    test('keys: unicode, capitals and odd characters are told apart; traversal and nonsense are refused', async () => {
      const keys = [
        'Ação/Água é.csv',
        'ação/água é.csv',
        'A',
        'a',
        'é',
        'e\u0301',
        '😀/\uffff',
        '%41',
        '..a/b..',
        '.hidden',
        '__proto__',
        'constructor/x',
        'a b',
        'q?*:|"<>',
      ]
      for (const key of keys) await store.put(`keys/${key}`, Buffer.from(key))
      for (const key of keys) assert.equal(await bodyOf(`keys/${key}`), key)
      const listed = await keysOf('keys/')
      assert.deepEqual(
        listed,
        keys.map((key) => `keys/${key}`).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
      )

      const long = `${'x'.repeat(200)}/`.repeat(5)
      await store.put(long + 'y'.repeat(1024 - long.length), Buffer.from('long'))
      const refused = [
        '',
        '/',
        '/etc/passwd',
        'a/',
        'a//b',
        '.',
        '..',
        '../x',
        'a/../../x',
        'a/./b',
        'a\\b',
        '..\\x',
        'a\0b',
        'a\nb',
        '\ud800',
        `${long}${'y'.repeat(1025 - long.length)}`,
        'x'.repeat(256),
      ]
      for (const key of refused) {
        const shown = JSON.stringify(key.slice(0, 40))
        await assert.rejects(store.put(key, Buffer.from('x')), code('OBJECT_KEY'), `put ${shown}`)
        await assert.rejects(store.get(key), code('OBJECT_KEY'), `get ${shown}`)
        await assert.rejects(store.head(key), code('OBJECT_KEY'), `head ${shown}`)
        await assert.rejects(store.delete(key), code('OBJECT_KEY'), `delete ${shown}`)
        await assert.rejects(
          store.withFile(key, async () => 1),
          code('OBJECT_KEY'),
          `withFile ${shown}`,
        )
      }
      for (const prefix of ['../', '/', 'a/../', 'a\\', '\0']) {
        await assert.rejects(store.list(prefix), code('OBJECT_KEY'), `list ${JSON.stringify(prefix)}`)
      }
    })

    test('listing: order, prefixes in the middle of a name, after and limit', async () => {
      const keys = ['l/a', 'l/a-b', 'l/a.b/c', 'l/a0', 'l/aa', 'l/b/c/d', 'l/b/c0', 'l/ba', 'lb']
      for (const key of [...keys].reverse()) await store.put(key, Buffer.from(key))
      const sorted = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      assert.deepEqual(await keysOf('l'), sorted.concat(await keysOf('long')))
      assert.deepEqual(
        await keysOf('l/'),
        sorted.filter((key) => key.startsWith('l/')),
      )
      assert.deepEqual(
        await keysOf('l/a'),
        sorted.filter((key) => key.startsWith('l/a')),
      )
      assert.deepEqual(await keysOf('l/b/'), ['l/b/c/d', 'l/b/c0'])
      assert.deepEqual(await keysOf('l/b/c'), ['l/b/c/d', 'l/b/c0'])
      assert.deepEqual(await keysOf('l/zz'), [])
      assert.deepEqual(await keysOf('nowhere/at/all'), [])
      for (let limit = 1; limit <= keys.length; limit++) {
        const pages: string[] = []
        let next: string | undefined
        do {
          const page = await store.list('l/', { limit, ...(next === undefined ? {} : { after: next }) })
          assert.ok(page.objects.length <= limit)
          pages.push(...page.objects.map((object) => object.key))
          next = page.next
        } while (next !== undefined)
        assert.deepEqual(
          pages,
          sorted.filter((key) => key.startsWith('l/')),
          `limit ${limit}`,
        )
      }
      // `after` need not be a key that is there, nor begin with the prefix.
      const after = async (key: string) => (await store.list('l/b', { after: key })).objects.map((object) => object.key)
      assert.deepEqual(await after('a'), ['l/b/c/d', 'l/b/c0', 'l/ba'])
      assert.deepEqual(await after('l/b/c/'), ['l/b/c/d', 'l/b/c0', 'l/ba'])
      assert.deepEqual(await after('l/b/c/zzz'), ['l/b/c0', 'l/ba'])
      assert.deepEqual(await after('z'), [])
      const info = (await store.list('l/a0')).objects[0]
      assert.deepEqual(info, await store.head('l/a0'))
      for (const limit of [0, -1, 1.5, 1001, Number.NaN]) {
        await assert.rejects(store.list('', { limit }), code('OBJECT_LIMIT'), String(limit))
      }
    })

    test('2,000 objects come in pages of 1,000, each once', async () => {
      const keys = Array.from(
        { length: 2_000 },
        (_, i) => `many/${createHash('sha256').update(String(i)).digest('hex').slice(0, 9)}`,
      )
      const queue = keys.values()
      const worker = async () => {
        for (const key of queue) await store.put(key, Buffer.from(key))
      }
      await Promise.all(Array.from({ length: 16 }, worker))
      const first = await store.list('many/')
      assert.equal(first.objects.length, 1_000)
      assert.ok(first.next !== undefined)
      const second = await store.list('many/', { after: first.next })
      assert.equal(second.next, undefined)
      assert.deepEqual(
        [...first.objects, ...second.objects].map((object) => object.key),
        [...keys].sort(),
      )
    })

    test('of 50 writers with ifAbsent exactly one wins, and the object is its own', async () => {
      const tries = await Promise.allSettled(
        Array.from({ length: 50 }, (_, i) =>
          store.put('race/one', Buffer.from(`writer ${i}`), { ifAbsent: true, metadata: { writer: `writer ${i}` } }),
        ),
      )
      const won = tries.flatMap((result, i) => (result.status === 'fulfilled' ? [i] : []))
      assert.equal(won.length, 1)
      for (const result of tries) if (result.status === 'rejected') code('OBJECT_EXISTS')(result.reason)
      assert.equal(await bodyOf('race/one'), `writer ${won[0]}`)
      assert.equal((await store.head('race/one'))?.metadata.writer, `writer ${won[0]}`)
    })

    test('while an object is replaced, readers see one whole state with its own metadata', async () => {
      const state = (n: number) => String(n).padStart(6, '0').repeat(50_000)
      const put = (n: number) => store.put('race/replaced', Readable.from([state(n)]), { metadata: { n: String(n) } })
      await put(0)
      let writing = true
      let seen = 0
      const read = async () => {
        while (writing) {
          const { info, body } = await store.get('race/replaced')
          assert.equal(await text(body), state(Number(info.metadata.n)))
          const head = await store.head('race/replaced')
          assert.ok(head?.metadata.n !== undefined)
          seen++
        }
      }
      const readers = [read(), read(), read()]
      for (let n = 1; n <= 40; n++) await put(n)
      writing = false
      await Promise.all(readers)
      assert.ok(seen > 0)
      await Promise.all(Array.from({ length: 20 }, (_, n) => put(100 + n)))
      const { info, body } = await store.get('race/replaced')
      assert.equal(await text(body), state(Number(info.metadata.n)))
    })

    test('puts and deletes of neighbours do not disturb each other', async () => {
      const work = async (writer: number) => {
        for (let i = 0; i < 20; i++) {
          const key = `churn/deep/er/${writer}-${i % 2}`
          await store.put(key, Buffer.from(key))
          assert.equal(await bodyOf(key), key)
          await store.delete(key)
        }
      }
      await Promise.all(Array.from({ length: 8 }, (_, writer) => work(writer)))
      assert.deepEqual(await keysOf('churn/'), [])
    })

    test('a body that is open keeps its bytes when the object is replaced or deleted', async () => {
      const old = randomBytes(2_000_000)
      await store.put('open', old)
      const { body } = await store.get('open')
      await store.put('open', Buffer.from('new'))
      await store.delete('open')
      assert.ok((await buffer(body)).equals(old))
    })

    test('a source that fails stores nothing, and its own error comes through', async () => {
      const cut = new PipelineError('HTTP_CUT', 'cut', { retryable: true })
      const failing = Readable.from(
        (async function* () {
          yield Buffer.alloc(100_000)
          throw cut
        })(),
      )
      await assert.rejects(store.put('failed', failing), (error) => error === cut)
      const plain = new PassThrough()
      plain.write('some')
      const put = store.put('failed', plain)
      plain.destroy(new Error('socket hang up'))
      await assert.rejects(put, code('OBJECT_SOURCE', /socket hang up/))
      const closed = new PassThrough()
      closed.write('some')
      const closing = store.put('failed', closed)
      closed.destroy()
      await assert.rejects(closing, code('OBJECT_SOURCE'))
      const used = Readable.from(['x'])
      await text(used)
      await assert.rejects(store.put('failed', used), code('OBJECT_SOURCE', /already/))
      await assert.rejects(store.put('failed', Readable.from([{ a: 1 }])), code('OBJECT_SOURCE'))
      for (const move of [true, false]) {
        await assert.rejects(store.put('failed', { file: join(scratch, 'none'), move }), code('OBJECT_SOURCE'))
        await assert.rejects(store.put('failed', { file: scratch, move }), code('OBJECT_SOURCE'))
      }
      assert.equal(await store.head('failed'), undefined)
    })

    test('a refused put destroys the stream it was given', async () => {
      await store.put('taken', Buffer.from('x'))
      const source = new PassThrough()
      await assert.rejects(store.put('taken', source, { ifAbsent: true }), code('OBJECT_EXISTS'))
      assert.ok(source.destroyed)
      const other = new PassThrough()
      await assert.rejects(store.put('../x', other), code('OBJECT_KEY'))
      assert.ok(other.destroyed)
    })

    test('an aborted put stores nothing and stops a stalled source; an aborted get stops its body', async () => {
      const controller = new AbortController()
      const source = new PassThrough()
      source.write(Buffer.alloc(100_000))
      const put = store.put('aborted', source, { signal: controller.signal })
      setImmediate(() => controller.abort())
      await assert.rejects(put, code('ABORTED'))
      assert.ok(source.destroyed)
      assert.equal(await store.head('aborted'), undefined)
      await assert.rejects(store.put('aborted', Buffer.from('x'), { signal: AbortSignal.abort() }), code('ABORTED'))
      const reason = new PipelineError('STEP_TIMEOUT', 'too long')
      await assert.rejects(
        store.put('aborted', Buffer.from('x'), { signal: AbortSignal.abort(reason) }),
        code('STEP_TIMEOUT'),
      )
      await store.put('big', Buffer.alloc(3_000_000))
      const reading = new AbortController()
      const { body } = await store.get('big', { signal: reading.signal })
      body.once('data', () => reading.abort())
      await assert.rejects(buffer(body), code('ABORTED'))
      await assert.rejects(store.get('big', { signal: AbortSignal.abort() }), code('ABORTED'))
      await assert.rejects(
        store.withFile('big', async () => 1, { signal: AbortSignal.abort() }),
        code('ABORTED'),
      )
    })

    test('withFile gives a local file with the object and passes result and error on', async () => {
      await store.put('local/file.pdf', Buffer.from('%PDF-'))
      assert.equal(await store.withFile('local/file.pdf', (file) => readFile(file, 'utf8')), '%PDF-')
      const own = new PipelineError('PDF_BROKEN', 'broken')
      await assert.rejects(
        store.withFile('local/file.pdf', async () => {
          throw own
        }),
        (error) => error === own,
      )
    })

    test('close stops puts in flight; a closed store says so', async () => {
      const other = await open()
      try {
        const source = new PassThrough()
        source.write(Buffer.alloc(100_000))
        const put = assert.rejects(other.store.put('late', source), code('STORE_CLOSED'))
        await other.store.close()
        await put
        await assert.rejects(other.store.head('late'), code('STORE_CLOSED'))
        await assert.rejects(other.store.put('late', Buffer.from('x')), code('STORE_CLOSED'))
      } finally {
        await other.dispose()
      }
    })
  })
}
