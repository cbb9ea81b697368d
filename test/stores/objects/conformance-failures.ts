import assert from 'node:assert/strict'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { test } from 'node:test'
import { PipelineError } from '../../../lib/errors.ts'
import { code } from '../../helpers/pipeline-error.ts'
import type { Subject } from './conformance.ts'

/** What goes wrong leaves nothing behind. */
export function failures(subject: Subject) {
  test('a source that fails stores nothing, and its own error comes through', async () => {
    const cut = new PipelineError('HTTP_CUT', 'cut', { retryable: true })
    const failing = Readable.from(
      (async function* () {
        yield Buffer.alloc(100_000)
        throw cut
      })(),
    )
    await assert.rejects(subject.store.put('failed', failing), (error) => error === cut)
    const plain = new PassThrough()
    plain.write('some')
    const put = subject.store.put('failed', plain)
    plain.destroy(new Error('socket hang up'))
    await assert.rejects(put, code('OBJECT_SOURCE', /socket hang up/))
    const closed = new PassThrough()
    closed.write('some')
    const closing = subject.store.put('failed', closed)
    closed.destroy()
    await assert.rejects(closing, code('OBJECT_SOURCE'))
    const used = Readable.from(['x'])
    await text(used)
    await assert.rejects(subject.store.put('failed', used), code('OBJECT_SOURCE', /already/))
    await assert.rejects(subject.store.put('failed', Readable.from([{ a: 1 }])), code('OBJECT_SOURCE'))
    for (const move of [true, false]) {
      await assert.rejects(
        subject.store.put('failed', { file: join(subject.scratch, 'none'), move }),
        code('OBJECT_SOURCE'),
      )
      await assert.rejects(subject.store.put('failed', { file: subject.scratch, move }), code('OBJECT_SOURCE'))
    }
    assert.equal(await subject.store.head('failed'), undefined)
  })

  test('a refused put destroys the stream it was given', async () => {
    await subject.store.put('taken', Buffer.from('x'))
    const source = new PassThrough()
    await assert.rejects(subject.store.put('taken', source, { ifAbsent: true }), code('OBJECT_EXISTS'))
    assert.ok(source.destroyed)
    const other = new PassThrough()
    await assert.rejects(subject.store.put('../x', other), code('OBJECT_KEY'))
    assert.ok(other.destroyed)
  })

  test('an aborted put stores nothing and stops a stalled source; an aborted get stops its body', async () => {
    const controller = new AbortController()
    const source = new PassThrough()
    source.write(Buffer.alloc(100_000))
    const put = subject.store.put('aborted', source, { signal: controller.signal })
    setImmediate(() => controller.abort())
    await assert.rejects(put, code('STOPPED'))
    assert.ok(source.destroyed)
    assert.equal(await subject.store.head('aborted'), undefined)
    await assert.rejects(
      subject.store.put('aborted', Buffer.from('x'), { signal: AbortSignal.abort() }),
      code('STOPPED'),
    )
    const reason = new PipelineError('STEP_TIMEOUT', 'too long')
    await assert.rejects(
      subject.store.put('aborted', Buffer.from('x'), { signal: AbortSignal.abort(reason) }),
      code('STEP_TIMEOUT'),
    )
    await subject.store.put('big', Buffer.alloc(3_000_000))
    const reading = new AbortController()
    const { body } = await subject.store.get('big', { signal: reading.signal })
    body.once('data', () => reading.abort())
    await assert.rejects(buffer(body), code('STOPPED'))
    await assert.rejects(subject.store.get('big', { signal: AbortSignal.abort() }), code('STOPPED'))
    await assert.rejects(
      subject.store.withFile('big', async () => 1, { signal: AbortSignal.abort() }),
      code('STOPPED'),
    )
  })

  test('close stops puts in flight; a closed store says so', async () => {
    const other = await subject.open()
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
}
