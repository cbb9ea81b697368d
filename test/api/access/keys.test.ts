import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { hashOf, idOfKey, makeKey } from '../../../lib/api/access/key.ts'

describe('API keys', () => {
  it('are what they look like, and no two alike', () => {
    const keys = Array.from({ length: 500 }, makeKey)
    for (const { id, key } of keys) {
      assert.match(key, /^ysh_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}$/)
      assert.equal(idOfKey(key), id)
    }
    assert.equal(new Set(keys.map(({ id }) => id)).size, 500)
    assert.equal(new Set(keys.map(({ key }) => key.slice(17, 60))).size, 500)
  })

  it('show a typing mistake by themselves', () => {
    const { key } = makeKey()
    for (let at = 0; at < key.length; at += 1) {
      const other = key[at] === 'a' ? 'b' : 'a'
      assert.equal(idOfKey(key.slice(0, at) + other + key.slice(at + 1)), undefined, `at ${at}`)
    }
    for (const text of ['', 'ysh_', key.slice(1), `${key}0`, ` ${key}`, key.toUpperCase(), `${key}\n`]) {
      assert.equal(idOfKey(text), undefined)
    }
  })

  it('are kept as SHA-256', () => {
    assert.equal(hashOf('abc').toString('hex'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  })
})
