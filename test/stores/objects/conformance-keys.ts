import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { code } from '../../helpers/pipeline-error.ts'
import type { Subject } from './conformance.ts'

/** Which keys there are, and how they are listed. */
export function keys(subject: Subject) {
  const bodyOf = async (key: string, range?: { start: number; end?: number }) =>
    text((await subject.store.get(key, range === undefined ? {} : { range })).body)
  const keysOf = async (prefix: string) => (await subject.store.list(prefix)).objects.map((object) => object.key)

  test('what is not there: get and withFile throw, head is undefined, delete is content', async () => {
    await assert.rejects(subject.store.get('nothing/here'), code('OBJECT_NOT_FOUND', /nothing\/here/))
    await assert.rejects(
      subject.store.withFile('nothing/here', async () => 1),
      code('OBJECT_NOT_FOUND'),
    )
    assert.equal(await subject.store.head('nothing/here'), undefined)
    await subject.store.delete('nothing/here')
    await subject.store.put('below/object', Buffer.from('x'))
    assert.equal(await subject.store.head('below/object/deeper'), undefined)
    assert.equal(await subject.store.head('below'), undefined)
    await subject.store.delete('below')
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
    for (const key of keys) await subject.store.put(`keys/${key}`, Buffer.from(key))
    for (const key of keys) assert.equal(await bodyOf(`keys/${key}`), key)
    const listed = await keysOf('keys/')
    assert.deepEqual(
      listed,
      keys.map((key) => `keys/${key}`).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
    )

    const long = `${'x'.repeat(200)}/`.repeat(5)
    await subject.store.put(long + 'y'.repeat(1024 - long.length), Buffer.from('long'))
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
      await assert.rejects(subject.store.put(key, Buffer.from('x')), code('OBJECT_KEY'), `put ${shown}`)
      await assert.rejects(subject.store.get(key), code('OBJECT_KEY'), `get ${shown}`)
      await assert.rejects(subject.store.head(key), code('OBJECT_KEY'), `head ${shown}`)
      await assert.rejects(subject.store.delete(key), code('OBJECT_KEY'), `delete ${shown}`)
      await assert.rejects(
        subject.store.withFile(key, async () => 1),
        code('OBJECT_KEY'),
        `withFile ${shown}`,
      )
    }
    for (const prefix of ['../', '/', 'a/../', 'a\\', '\0']) {
      await assert.rejects(subject.store.list(prefix), code('OBJECT_KEY'), `list ${JSON.stringify(prefix)}`)
    }
  })

  test('listing: order, prefixes in the middle of a name, after and limit', async () => {
    const keys = ['ls/a', 'ls/a-b', 'ls/a.b/c', 'ls/a0', 'ls/aa', 'ls/b/c/d', 'ls/b/c0', 'ls/ba', 'lsb']
    for (const key of [...keys].reverse()) await subject.store.put(key, Buffer.from(key))
    const sorted = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    assert.deepEqual(await keysOf('ls'), sorted)
    assert.deepEqual(
      await keysOf('ls/'),
      sorted.filter((key) => key.startsWith('ls/')),
    )
    assert.deepEqual(
      await keysOf('ls/a'),
      sorted.filter((key) => key.startsWith('ls/a')),
    )
    assert.deepEqual(await keysOf('ls/b/'), ['ls/b/c/d', 'ls/b/c0'])
    assert.deepEqual(await keysOf('ls/b/c'), ['ls/b/c/d', 'ls/b/c0'])
    assert.deepEqual(await keysOf('ls/zz'), [])
    assert.deepEqual(await keysOf('nowhere/at/all'), [])
    for (let limit = 1; limit <= keys.length; limit++) {
      const pages: string[] = []
      let next: string | undefined
      do {
        const page = await subject.store.list('ls/', { limit, ...(next === undefined ? {} : { after: next }) })
        assert.ok(page.objects.length <= limit)
        pages.push(...page.objects.map((object) => object.key))
        next = page.next
      } while (next !== undefined)
      assert.deepEqual(
        pages,
        sorted.filter((key) => key.startsWith('ls/')),
        `limit ${limit}`,
      )
    }
    // `after` need not be a key that is there, nor begin with the prefix.
    const after = async (key: string) =>
      (await subject.store.list('ls/b', { after: key })).objects.map((object) => object.key)
    assert.deepEqual(await after('a'), ['ls/b/c/d', 'ls/b/c0', 'ls/ba'])
    assert.deepEqual(await after('ls/b/c/'), ['ls/b/c/d', 'ls/b/c0', 'ls/ba'])
    assert.deepEqual(await after('ls/b/c/zzz'), ['ls/b/c0', 'ls/ba'])
    assert.deepEqual(await after('z'), [])
    const info = (await subject.store.list('ls/a0')).objects[0]
    const { key, bytes, etag, lastModified } = (await subject.store.head('ls/a0')) ?? assert.fail()
    assert.deepEqual(info, { key, bytes, etag, lastModified })
    for (const limit of [0, -1, 1.5, 1001, Number.NaN]) {
      await assert.rejects(subject.store.list('', { limit }), code('OBJECT_LIMIT'), String(limit))
    }
  })

  test('2,000 objects come in pages of 1,000, each once', async () => {
    const keys = Array.from(
      { length: 2_000 },
      (_, i) => `many/${createHash('sha256').update(String(i)).digest('hex').slice(0, 9)}`,
    )
    const queue = keys.values()
    const worker = async () => {
      for (const key of queue) await subject.store.put(key, Buffer.from(key))
    }
    if (subject.fill === undefined) await Promise.all(Array.from({ length: 16 }, worker))
    else subject.fill(keys)
    const first = await subject.store.list('many/')
    assert.equal(first.objects.length, 1_000)
    assert.ok(first.next !== undefined)
    const second = await subject.store.list('many/', { after: first.next })
    assert.equal(second.next, undefined)
    assert.deepEqual(
      [...first.objects, ...second.objects].map((object) => object.key),
      [...keys].sort(),
    )
  })
}
