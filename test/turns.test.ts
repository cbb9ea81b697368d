import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate as soon } from 'node:timers/promises'
import { PipelineError } from '../lib/errors.ts'
import { Turns } from '../lib/turns.ts'
import { code as failsWith } from './helpers/pipeline-error.ts'

const signal = new AbortController().signal
const full = (why: string) => new PipelineError('MODEL_BUSY', why, { retryable: true })
const patient = { signal, ms: 60_000 }

describe('turns', () => {
  test('come in order, and are given back once', async () => {
    const turns = new Turns(full)
    const order: number[] = []
    const leave = await turns.take(1, patient)
    const others = [1, 2, 3].map(async (which) => {
      const done = await turns.take(1, patient)
      order.push(which)
      done()
      done()
    })
    await soon()
    assert.deepEqual(order, [])
    leave()
    leave()
    await Promise.all(others)
    assert.deepEqual(order, [1, 2, 3])
    assert.equal(turns.idle, true)
  })

  test('count each by its own limit; one who fits does not overtake', async () => {
    const turns = new Turns(full)
    const first = await turns.take(2, patient)
    const second = await turns.take(2, patient)
    const order: string[] = []
    const strict = turns.take(1, patient).then((leave) => {
      order.push('strict')
      leave()
    })
    const wide = turns.take(8, patient).then((leave) => {
      order.push('wide')
      leave()
    })
    first()
    await soon()
    assert.deepEqual(order, [])
    second()
    await Promise.all([strict, wide])
    assert.deepEqual(order, ['strict', 'wide'])
  })

  test('are refused when too many wait, or for too long; who is behind one who left gets in', async () => {
    const turns = new Turns(full, 2)
    const leave = await turns.take(2, patient)
    const gone = new AbortController()
    const strict = turns.take(1, { signal: gone.signal, ms: 60_000 })
    const behind = turns.take(2, patient)
    await assert.rejects(turns.take(1, patient), failsWith('MODEL_BUSY', /2 requests wait already/))
    gone.abort()
    await assert.rejects(strict, failsWith('STOPPED'))
    ;(await behind)()
    await assert.rejects(turns.take(1, { signal, ms: 20 }), failsWith('MODEL_BUSY', /within 0.02 s/))
    leave()
    assert.equal(turns.idle, true)
  })
})
