import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { JoinedItem } from '../../lib/runs/joined.ts'
import { maxOutputBytes } from '../../lib/runs/journal.ts'
import { rowOf, shortened, summarise, tolerates } from '../../lib/runs/summary.ts'

const error = { code: 'HTTP_404', message: 'gone', retryable: false }
const manifest = {
  dataset: 'aneel.tarifas',
  outcome: 'published',
  table: 'aneel.tarifas',
  rows: 3,
  new: 2,
  changed: 1,
  vanished: 0,
  quarantined: 4,
  seconds: 1.5,
  warnings: [],
  parts: [
    { part: '2024', version: 7, source: { tier: 'primary' } },
    {
      part: '2025',
      version: 3,
      source: { tier: 'cache', ageSeconds: 7_200, why: [{ code: 'HTTP_503' }, { code: 'NET_CUT' }] },
    },
  ],
}

describe('summary', () => {
  it('takes its figures from a manifest', () => {
    assert.deepEqual(rowOf({ key: 'k', state: 'done', output: manifest }), {
      key: 'k',
      state: 'done',
      dataset: 'aneel.tarifas',
      outcome: 'published',
      rows: 3,
      new: 2,
      changed: 1,
      vanished: 0,
      quarantined: 4,
      seconds: 1.5,
      tier: 'cache',
      ageSeconds: 7_200,
      why: 'HTTP_503',
      version: 7,
    })
    assert.deepEqual(rowOf({ key: 'k', state: 'failed', error }), { key: 'k', state: 'failed', error })
    for (const output of [null, 'text', [1], { rows: 'many' }, { other: 1 }]) {
      assert.deepEqual(rowOf({ key: 'k', state: 'done', output }), { key: 'k', state: 'done' })
    }
  })

  it('says whether the failures are within the tolerance', () => {
    for (const [tolerance, failed, total, within] of [
      ['0', 0, 10, true],
      ['0', 1, 10, false],
      ['3', 3, 10, true],
      ['3', 4, 10, false],
      ['10%', 1, 10, true],
      ['10%', 1, 9, false],
      ['100%', 9, 9, true],
      ['any', 9, 9, true],
      ['0%', 0, 0, true],
    ] as const) {
      assert.equal(tolerates(tolerance, failed, total), within, `${failed} of ${total} at ${tolerance}`)
    }
    const items: JoinedItem[] = [
      { key: 'a', state: 'done', output: manifest },
      { key: 'b', state: 'failed', error },
    ]
    const { outcome, done, failed } = summarise(items, '0')
    assert.deepEqual([outcome, done, failed], ['failed', 1, 1])
    assert.equal(summarise(items, '50%').outcome, 'done')
  })

  it('fits into the journal, however many items there are', () => {
    const long = 'x'.repeat(300)
    const items = Array.from(
      { length: 5_000 },
      (_, at): JoinedItem =>
        at % 500 === 499
          ? { key: `${long.slice(5)}${at}`, state: 'failed', error: { ...error, message: 'm'.repeat(2_000) } }
          : { key: `${long.slice(5)}${at}`, state: 'done', output: manifest },
    )
    const short = shortened(summarise(items, 'any'))
    assert.ok(JSON.stringify(short).length < maxOutputBytes)
    assert.ok(typeof short === 'object' && short !== null && !Array.isArray(short) && Array.isArray(short.items))
    assert.equal(short.left, 4_950)
    assert.equal(short.items.filter((item) => JSON.stringify(item).includes('HTTP_404')).length, 10)
  })
})
