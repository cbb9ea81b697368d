import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { itemsOf } from '../../../lib/runs/each-items.ts'
import { parser } from '../../../lib/schema.ts'
import { EachNodeSchema } from '../../../nodes/ysh-each/declaration.ts'

const config = (part: object) => parser(EachNodeSchema, 'config').parse(part)

describe('items of ysh-each', () => {
  it('names texts by themselves, other items by a property or their content', () => {
    assert.deepEqual(itemsOf(config({}), ['a', 'b']), [
      { key: 'a', value: 'a' },
      { key: 'b', value: 'b' },
    ])
    assert.deepEqual(itemsOf(config({ key: 'id' }), [{ id: 7, x: 1 }, { id: 'q' }]), [
      { key: '7', value: { id: 7, x: 1 } },
      { key: 'q', value: { id: 'q' } },
    ])
    const [one, two] = itemsOf(config({}), [
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ])
    assert.match(one?.key ?? '', /^[0-9a-f]{32}$/)
    assert.equal(one?.key, two?.key, 'the same content')
  })

  it('wraps items, and takes a configured list', () => {
    assert.deepEqual(itemsOf(config({ from: 'list', list: ['x'], property: 'dataset', key: 'ignored' }), 'anything'), [
      { key: 'x', value: { dataset: 'x' } },
    ])
  })

  it('finds the list in a property of the payload', () => {
    const found = itemsOf(config({ listAt: 'documents', key: 'url' }), { documents: [{ url: 'u' }], rows: 3 })
    assert.deepEqual(found, [{ key: 'u', value: { url: 'u' } }])
    for (const payload of [{ rows: 3 }, { documents: 'text' }, ['a'], 'text'])
      assert.throws(() => itemsOf(config({ listAt: 'documents' }), payload), {
        code: 'EACH_NO_LIST',
        message: /documents/,
      })
  })

  it('says what is wrong', () => {
    for (const payload of ['text', { a: 1 }, undefined, 7])
      assert.throws(() => itemsOf(config({}), payload), { code: 'EACH_NO_LIST' })
    for (const item of [{ other: 1 }, 'text', null, { id: {} }]) {
      assert.throws(() => itemsOf(config({ key: 'id' }), [item]), { code: 'EACH_KEY' })
    }
    assert.throws(() => itemsOf(config({}), [1n]), { code: 'NOT_JSON' })
  })
})
