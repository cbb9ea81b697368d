import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, mock, test } from 'node:test'
import { PipelineError } from '../../../lib/errors.ts'
import { forDone } from '../../../nodes/kit/errors.ts'
import { graceMs, limited, once } from '../../../nodes/kit/message.ts'

describe('a message within its limits', { timeout: 10_000 }, () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }))
  afterEach(() => mock.timers.reset())
  const open = () => new AbortController().signal

  test('the result passes through', async () => {
    assert.equal(await limited(open(), 5, async () => 'result'), 'result')
  })

  test('work that ignores its timeout is left behind after the grace time', async () => {
    const stuck = limited(open(), 5, () => new Promise<never>(() => {}))
    mock.timers.tick(5_000)
    mock.timers.tick(graceMs)
    await assert.rejects(stuck, { code: 'TIMEOUT', retryable: true })
  })

  test('work that ignores the close is left behind as STOPPED', async () => {
    const closing = new AbortController()
    const stuck = limited(closing.signal, 0, () => new Promise<never>(() => {}))
    closing.abort()
    mock.timers.tick(graceMs)
    await assert.rejects(stuck, { code: 'STOPPED' })
  })

  test('a limit beyond what a timer can hold does not fire at once', async () => {
    const { promise, resolve } = Promise.withResolvers<string>()
    const work = limited(open(), 1_000_000_000, (signal) => {
      signal.addEventListener('abort', () => resolve('aborted'), { once: true })
      return promise
    })
    mock.timers.tick(1_000)
    resolve('in time')
    assert.equal(await work, 'in time')
  })

  test("an error of its own that comes after the close keeps its code; a broken pipe's does not", async () => {
    const closing = new AbortController()
    closing.abort()
    const own = limited(closing.signal, 0, async () => {
      throw new PipelineError('HTTP_500', 'words')
    })
    await assert.rejects(own, { code: 'HTTP_500' })
    const other = limited(closing.signal, 0, async () => {
      throw new Error('socket hang up')
    })
    await assert.rejects(other, { code: 'STOPPED' })
  })
})

test('only the first done counts', () => {
  const calls: unknown[] = []
  let again = 0
  const done = once<Error>(
    (error) => calls.push(error),
    () => (again += 1),
  )
  done()
  done(new Error('late'))
  assert.deepEqual([calls, again], [[undefined], 1])
})

describe('errors for done', () => {
  test('carry code, retryable and details as own properties, and a cause that is plain data', () => {
    const socket = Object.assign(new Error('reset'), { code: 'ECONNRESET', socket: { huge: true } })
    const error = forDone(
      new PipelineError('NET_CUT', 'cut', { retryable: true, retryAfterMs: 5, details: { at: 1 }, cause: socket }),
    )
    for (const name of ['code', 'retryable', 'retryAfterMs', 'details', 'cause'])
      assert.ok(Object.hasOwn(error, name), name)
    assert.deepEqual(error.cause, { code: 'ECONNRESET', message: 'reset', retryable: true, retryAfterMs: 5 })
    assert.doesNotThrow(() => structuredClone(error.cause))
  })

  test('a chain of causes is cut off', () => {
    let error = new Error('0')
    for (let depth = 1; depth < 20; depth += 1) error = new Error(String(depth), { cause: error })
    assert.ok(JSON.stringify(forDone(error).cause).length < 300)
  })
})
