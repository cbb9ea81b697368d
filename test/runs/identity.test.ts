import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { canonicalJson, hashOf, itemPath, runId, splitPath, uuid5 } from '../../lib/runs/identity.ts'
import { plainJson } from '../../lib/runs/json.ts'

describe('identity', () => {
  it('makes UUIDv5 as RFC 9562 has it', () => {
    // The RFC's own example (appendix A.4).
    assert.equal(
      uuid5('6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'www.example.com'),
      '2ed6657d-e927-568b-95e1-2665a8aea6a2',
    )
  })

  it('tells flow and slot apart', () => {
    assert.equal(runId('a', '2026-01-01T05:00:00.000Z'), runId('a', '2026-01-01T05:00:00.000Z'))
    assert.notEqual(runId('a', 'b c'), runId('a b', 'c'))
    assert.match(runId('a', 'b'), /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  })

  it('hashes values, not their spelling', () => {
    assert.equal(canonicalJson({ b: [2, { d: 1, c: null }], a: undefined }), '{"b":[2,{"c":null,"d":1}]}')
    assert.equal(hashOf({ a: 1, b: { c: 2, d: 3 } }), hashOf({ b: { d: 3, c: 2 }, a: 1 }))
    assert.notEqual(hashOf([1, 2]), hashOf([2, 1]))
    assert.notEqual(hashOf('1'), hashOf(1))
  })

  it('keeps keys apart in paths, whatever they hold', () => {
    const path = itemPath(itemPath('', 'a/b'), 'ç %2F')
    assert.deepEqual(splitPath(path), { parent: 'a%2Fb', key: 'ç %2F' })
    assert.deepEqual(splitPath('a%2Fb'), { parent: '', key: 'a/b' })
    assert.notEqual(itemPath('', 'a/b'), itemPath(itemPath('', 'a'), 'b'))
  })
})

describe('plain JSON', () => {
  it('copies what JSON can say, and refuses the rest', () => {
    const date = new Date('2026-01-01T00:00:00Z')
    assert.deepEqual(plainJson({ date, gone: undefined, list: [1, 'a'] }, 'x'), {
      date: date.toISOString(),
      list: [1, 'a'],
    })
    assert.equal(plainJson(undefined, 'x'), null)
    const cycle: Record<string, unknown> = {}
    cycle.self = cycle
    for (const bad of [cycle, 1n, Buffer.from('a'), new Uint8Array(2)]) {
      assert.throws(
        () => plainJson(bad, 'msg.payload'),
        (error: { code: string; message: string }) => {
          assert.equal(error.code, 'NOT_JSON')
          assert.match(error.message, /^msg\.payload /)
          return true
        },
      )
    }
  })
})
