import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { PipelineError } from '../../lib/errors.ts'
import { Pulse } from '../../lib/health/pulse.ts'

describe('a pulse', () => {
  test('asks once at a time, however often it is looked at, and counts a store as silent only after its patience', async () => {
    let asked = 0
    let answer = Promise.withResolvers<void>()
    const pulse = new Pulse(() => {
      asked += 1
      return answer.promise
    }, 150)
    // the first look finds it busy, which is no fault yet
    assert.deepEqual(await Promise.all([pulse.look(10), pulse.look(10)]), [undefined, undefined])
    await sleep(200)
    assert.equal((await pulse.look(10))?.code, 'STORE_TIMEOUT')
    assert.equal(asked, 1)
    answer.resolve()
    assert.equal(await pulse.look(1_000), undefined)
    answer = Promise.withResolvers()
    answer.promise.catch(() => undefined)
    answer.reject(new PipelineError('STORE_DENIED', 'no'))
    await sleep(1)
    assert.equal((await pulse.look(1_000))?.code, 'STORE_DENIED')
  })

  test('says what was wrong until there is a new answer', async () => {
    const answers = [Promise.reject(new Error('gone')), new Promise<void>(() => {})]
    answers[0]?.catch(() => undefined)
    const pulse = new Pulse(() => answers.shift() ?? Promise.resolve(), 10_000)
    assert.equal((await pulse.look(1_000))?.code, 'STORE_UNAVAILABLE')
    assert.equal((await pulse.look(10))?.code, 'STORE_UNAVAILABLE')
  })
})
