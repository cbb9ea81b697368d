import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { test } from 'node:test'
import { code } from '../../helpers/pipeline-error.ts'
import type { Subject } from './conformance.ts'

/** Writers and readers at the same time. */
export function concurrency(subject: Subject) {
  const bodyOf = async (key: string, range?: { start: number; end?: number }) =>
    text((await subject.store.get(key, range === undefined ? {} : { range })).body)
  const keysOf = async (prefix: string) => (await subject.store.list(prefix)).objects.map((object) => object.key)

  test('of 50 writers with ifAbsent exactly one wins, and the object is its own', async () => {
    const tries = await Promise.allSettled(
      Array.from({ length: 50 }, (_, i) =>
        subject.store.put('race/one', Buffer.from(`writer ${i}`), {
          ifAbsent: true,
          metadata: { writer: `writer ${i}` },
        }),
      ),
    )
    const won = tries.flatMap((result, i) => (result.status === 'fulfilled' ? [i] : []))
    assert.equal(won.length, 1)
    for (const result of tries) if (result.status === 'rejected') code('OBJECT_EXISTS')(result.reason)
    assert.equal(await bodyOf('race/one'), `writer ${won[0]}`)
    assert.equal((await subject.store.head('race/one'))?.metadata.writer, `writer ${won[0]}`)
  })

  test('while an object is replaced, readers see one whole state with its own metadata', async () => {
    const state = (n: number) => String(n).padStart(6, '0').repeat(50_000)
    const put = (n: number) =>
      subject.store.put('race/replaced', Readable.from([state(n)]), { metadata: { n: String(n) } })
    await put(0)
    let writing = true
    let seen = 0
    const read = async () => {
      while (writing) {
        const { info, body } = await subject.store.get('race/replaced')
        assert.equal(await text(body), state(Number(info.metadata.n)))
        const head = await subject.store.head('race/replaced')
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
    const { info, body } = await subject.store.get('race/replaced')
    assert.equal(await text(body), state(Number(info.metadata.n)))
  })

  test('puts and deletes of neighbours do not disturb each other', async () => {
    const work = async (writer: number) => {
      for (let i = 0; i < 20; i++) {
        const key = `churn/deep/er/${writer}-${i % 2}`
        await subject.store.put(key, Buffer.from(key))
        assert.equal(await bodyOf(key), key)
        await subject.store.delete(key)
      }
    }
    await Promise.all(Array.from({ length: 8 }, (_, writer) => work(writer)))
    assert.deepEqual(await keysOf('churn/'), [])
  })

  test('a body that is open keeps its bytes when the object is replaced or deleted', async () => {
    const old = randomBytes(2_000_000)
    await subject.store.put('open', old)
    const { body } = await subject.store.get('open')
    await subject.store.put('open', Buffer.from('new'))
    await subject.store.delete('open')
    assert.ok((await buffer(body)).equals(old))
  })
}
