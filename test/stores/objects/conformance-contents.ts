import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { test } from 'node:test'
import { PipelineError } from '../../../lib/errors.ts'
import { code } from '../../helpers/pipeline-error.ts'
import type { Subject } from './conformance.ts'

/** What is put comes back: bytes, metadata, ranges. */
export function contents(subject: Subject) {
  const bodyOf = async (key: string, range?: { start: number; end?: number }) =>
    text((await subject.store.get(key, range === undefined ? {} : { range })).body)

  test('bytes, streams and files come back as they were', async () => {
    const content = randomBytes(700_001)
    const file = join(subject.scratch, 'source.bin')
    await writeFile(file, content)
    const sources = {
      bytes: content,
      stream: Readable.from([content.subarray(0, 10), content.subarray(10)]),
      dribble: Readable.from(Array.from({ length: 701 }, (_, i) => content.subarray(i * 1000, (i + 1) * 1000))),
      file: { file },
    }
    for (const [kind, source] of Object.entries(sources)) {
      const info = await subject.store.put(`sources/${kind}`, source)
      assert.equal(info.bytes, content.length)
      const found = await subject.store.get(`sources/${kind}`)
      assert.deepEqual(found.info, info)
      assert.ok((await buffer(found.body)).equals(content), kind)
    }
    assert.ok((await readFile(file)).equals(content), 'a file given without move stays')
    const moved = await subject.store.put('sources/moved', { file, move: true })
    assert.equal(moved.bytes, content.length)
    await assert.rejects(stat(file), { code: 'ENOENT' })
    assert.ok((await buffer((await subject.store.get('sources/moved')).body)).equals(content))
  })

  test('a moved file keeps nothing of its source: a later write to a file of that name changes no object', async () => {
    const file = join(subject.scratch, 'again.bin')
    await writeFile(file, 'first')
    await subject.store.put('moved/once', { file, move: true }, { ifAbsent: true })
    await writeFile(file, 'other')
    assert.equal(await bodyOf('moved/once'), 'first')
    await assert.rejects(
      subject.store.put('moved/once', { file, move: true }, { ifAbsent: true }),
      code('OBJECT_EXISTS'),
    )
    assert.equal(await readFile(file, 'utf8'), 'other', 'after failure the file is still there')
  })

  test('an empty object is an object', async () => {
    await subject.store.put('empty', Readable.from([]))
    assert.equal((await subject.store.head('empty'))?.bytes, 0)
    assert.equal(await bodyOf('empty'), '')
    await assert.rejects(subject.store.get('empty', { range: { start: 0 } }), code('OBJECT_RANGE'))
  })

  test('metadata and content type stay with their bytes through replacement', async () => {
    const before = Date.now()
    const metadata = { dataset: 'aneel.tarifas', título: 'x' }
    await assert.rejects(
      subject.store.put('described', Buffer.from('1'), { metadata }),
      code('OBJECT_METADATA', /título/),
    )
    const first = await subject.store.put('described', Buffer.from('1'), {
      contentType: 'text/csv; charset=utf-8',
      metadata: { dataset: 'aneel.tarifas', title: 'Tarifas homologadas – água', constructor: 'c' },
    })
    assert.deepEqual(await subject.store.head('described'), first)
    assert.equal(first.contentType, 'text/csv; charset=utf-8')
    assert.deepEqual(
      { ...first.metadata },
      { dataset: 'aneel.tarifas', title: 'Tarifas homologadas – água', constructor: 'c' },
    )
    // Stores may keep whole seconds.
    assert.ok(Math.abs(first.lastModified.getTime() - before) < 60_000)
    const second = await subject.store.put('described', Buffer.from('2'))
    assert.notEqual(second.etag, first.etag)
    assert.deepEqual(await subject.store.head('described'), second)
    assert.equal(second.contentType, undefined)
    assert.deepEqual(second.metadata, {})
    await subject.store.delete('described')
    await subject.store.put('described', Buffer.from('1'))
    assert.deepEqual((await subject.store.head('described'))?.metadata, {})
  })

  test('metadata that S3 would not take is refused', async () => {
    const put = (metadata: Record<string, string>) => subject.store.put('refused', Buffer.from('x'), { metadata })
    await assert.rejects(put({ Upper: 'x' }), code('OBJECT_METADATA'))
    await assert.rejects(put({ ['__proto__']: 'x' }), code('OBJECT_METADATA'))
    await assert.rejects(put({ line: 'a\r\nx-injected: b' }), code('OBJECT_METADATA'))
    await assert.rejects(put({ big: 'x'.repeat(2046) }), code('OBJECT_METADATA'))
    await assert.rejects(
      subject.store.put('refused', Buffer.from('x'), { contentType: 'a\nb' }),
      code('OBJECT_METADATA'),
    )
    assert.equal(await subject.store.head('refused'), undefined)
    await put({ big: 'x'.repeat(2045) })
  })

  test('ranges are inclusive and end at the last byte', async () => {
    await subject.store.put('range', Buffer.from('0123456789'))
    assert.equal(await bodyOf('range', { start: 0, end: 0 }), '0')
    assert.equal(await bodyOf('range', { start: 3, end: 5 }), '345')
    assert.equal(await bodyOf('range', { start: 8 }), '89')
    assert.equal(await bodyOf('range', { start: 8, end: 100 }), '89')
    for (const range of [{ start: 10 }, { start: -1 }, { start: 5, end: 4 }, { start: 0.5 }, { start: Number.NaN }]) {
      await assert.rejects(subject.store.get('range', { range }), code('OBJECT_RANGE'), JSON.stringify(range))
    }
  })

  test('withFile gives a local file with the object and passes result and error on', async () => {
    await subject.store.put('local/file.pdf', Buffer.from('%PDF-'))
    assert.equal(await subject.store.withFile('local/file.pdf', (file) => readFile(file, 'utf8')), '%PDF-')
    const own = new PipelineError('PDF_BROKEN', 'broken')
    await assert.rejects(
      subject.store.withFile('local/file.pdf', async () => {
        throw own
      }),
      (error) => error === own,
    )
  })
}
