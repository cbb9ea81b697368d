import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { gone, judgeGone } from '../../endure/gone.ts'

/** A frozen server is noticed at the API's deadline, 30 s. */
const seconds = { refused: 8, frozen: 34 } as const

describe('PostgreSQL gone under the shipped flows and their API', { timeout: 240_000 }, () => {
  for (const how of ['refused', 'frozen'] as const) {
    test(`${how}: 503 with Retry-After (504 at the deadline), flat memory, few lines in the log, and back by itself`, async (t) => {
      const found = await gone(how, seconds[how], (line) => t.diagnostic(line))
      t.diagnostic(JSON.stringify(found))
      assert.deepEqual(judgeGone(found, how, seconds[how]), [])
    })
  }
})
