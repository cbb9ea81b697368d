import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, test } from 'node:test'
import type { RedUtil } from '../../../nodes/kit/red.ts'
import { asCaught, classified, failureOf } from '../../../nodes/ysh-retry-backoff/failure.ts'
import {
  inputOf,
  isGivenUp,
  jsonText,
  messageOf,
  type RetryState,
  stateOf,
} from '../../../nodes/ysh-retry-backoff/state.ts'
import { WaitingList } from '../../../nodes/ysh-retry-backoff/waiting.ts'

const require = createRequire(import.meta.url)
const { util }: { util: RedUtil } = require('@node-red/util')

const state = (node: string, input: RetryState['input'], part: Partial<RetryState> = {}): RetryState => ({
  node,
  id: `of ${node}`,
  attempt: 1,
  tries: 4,
  startedAt: '2026-01-01T00:00:00.000Z',
  input,
  ...part,
})

describe('the state in a message', () => {
  test('is found again, also inside that of a retry node within', () => {
    const outer = state('outer', { payload: 1 })
    const inner = state('inner', { payload: 2, retry: outer })
    assert.equal(stateOf({ retry: inner }, 'inner'), inner)
    assert.equal(stateOf({ retry: inner }, 'outer'), outer)
    assert.equal(stateOf({ retry: inner }, 'other'), undefined)
    for (const foreign of [
      undefined,
      3,
      'yes',
      { node: 'inner' },
      { ...inner, attempt: 0 },
      { ...inner, startedAt: 'x' },
    ])
      assert.equal(stateOf({ retry: foreign }, 'inner'), undefined)
  })

  test('does not grow when a message passes again and again', () => {
    let message = messageOf(util, state('a', inputOf(util, { payload: 1 }, undefined)), {})
    const once = JSON.stringify(message).length
    for (let round = 0; round < 50; round += 1) {
      for (const node of ['a', 'b']) {
        const input = inputOf(util, message, stateOf(message, node))
        message = messageOf(util, state(node, input), message)
      }
    }
    assert.ok(JSON.stringify(message).length < once * 4, `${JSON.stringify(message).length} after ${once}`)
  })

  test('brings the message back as it came in: not what was changed in it, but its request and response', () => {
    const res = { send: () => undefined }
    const came = { payload: { list: [1] }, topic: 't', res, error: { message: 'old' }, retry: 'mine' }
    const input = inputOf(util, came, undefined)
    came.payload.list.push(2)
    const out = messageOf(util, state('a', input), { payload: 'changed', headers: {}, res })
    assert.deepEqual(
      { ...out, retry: undefined, res: undefined },
      { payload: { list: [1] }, topic: 't', retry: undefined, res: undefined },
    )
    assert.equal(out.res, res)
    assert.equal(input.retry, 'mine', 'what is somebody else’s stays with the input')
    Object(out.payload).list.push(3)
    assert.deepEqual(input.payload, { list: [1] }, 'the next try does not see what this one changes')
  })

  test('tells a message that was given up', () => {
    assert.equal(isGivenUp({ retry: state('a', {}, { gaveUp: { why: 'attempts', at: 'x' } }) }), true)
    assert.equal(isGivenUp({ retry: state('a', {}) }), false)
    assert.equal(isGivenUp({}), false)
  })
})

describe('a message as JSON', () => {
  test('is refused when JSON cannot say it, or it is too long', () => {
    assert.equal(
      jsonText({ payload: { a: [1, 'x', null, true] }, topic: undefined }, 100),
      '{"payload":{"a":[1,"x",null,true]}}',
    )
    const cycle: Record<string, unknown> = {}
    cycle.self = cycle
    for (const payload of [
      Buffer.from('x'),
      new Date(),
      () => 1,
      1n,
      Number.NaN,
      new Map(),
      cycle,
      [undefined],
      'a\u0000b',
      'x'.repeat(200),
    ])
      assert.equal(jsonText({ payload }, 200), undefined, String(payload).slice(0, 20))
  })
})

describe('a caught error', () => {
  test('of our nodes says whether it may pass and how long to wait; one of others may always', () => {
    const ours = failureOf({
      error: {
        message: 'PipelineError: busy',
        code: 'HTTP_429',
        source: { id: 'n', type: 't', count: 3 },
        cause: { retryable: true, retryAfterMs: 5_000 },
      },
    })
    assert.deepEqual(ours.error.toJSON(), { code: 'HTTP_429', message: 'busy', retryable: true, retryAfterMs: 5_000 })
    assert.deepEqual(ours.source, { id: 'n', type: 't' })
    const final = failureOf({ error: { message: 'gone', code: 'HTTP_404', cause: { retryable: false } } })
    assert.equal(final.error.retryable, false)
    for (const error of [{ message: 'Error: flaky' }, { message: 'x', code: 7, cause: 'why' }, 'a text'])
      assert.equal(failureOf({ error }).error.retryable, true)
    assert.equal(failureOf({ error: { message: 'x', code: 7 } }).error.code, '7')
    assert.equal(failureOf({ error: { message: 'Error: flaky' } }).error.code, 'FLOW_ERROR')
  })

  test('of other packages takes Retry-After from the headers, in seconds or as a date; of ours it does not', () => {
    const error = { message: 'busy' }
    assert.equal(failureOf({ error, headers: { 'retry-after': '7' } }).error.retryAfterMs, 7_000)
    assert.equal(failureOf({ error, headers: { 'Retry-After': 7 } }).error.retryAfterMs, 7_000)
    const date = new Date(Date.now() + 60_000).toUTCString()
    const asked = failureOf({ error, headers: { 'retry-after': date } }).error.retryAfterMs ?? 0
    assert.ok(asked > 55_000 && asked <= 60_000, String(asked))
    assert.equal(failureOf({ error, headers: { 'retry-after': 'soon' } }).error.retryAfterMs, undefined)
    const ours = { message: 'busy', cause: { retryable: true } }
    assert.equal(failureOf({ error: ours, headers: { 'retry-after': '7' } }).error.retryAfterMs, undefined)
  })

  test('is sorted by codes or by an expression, whatever it says itself', async () => {
    const failure = failureOf({ error: { message: 'x', code: 'HTTP_404', cause: { retryable: false } } })
    const sorted = async (codesMean: 'retry' | 'except', codes: string[]) =>
      (await classified({ retryOn: 'codes', codes, codesMean }, failure, assert.fail)).retryable
    assert.equal(await sorted('retry', ['HTTP_4*']), true)
    assert.equal(await sorted('retry', ['HTTP_503']), false)
    assert.equal(await sorted('except', ['HTTP_404']), false)
    assert.equal(await sorted('except', ['HTTP_503']), true)
    const by = async (result: unknown) =>
      (await classified({ retryOn: 'expression', codes: [], codesMean: 'retry' }, failure, async () => result))
        .retryable
    assert.deepEqual([await by(true), await by(undefined), await by(0)], [true, false, false])
  })

  test('is told anew from the journal', () => {
    const { error, source } = failureOf({
      error: { message: 'gone', code: 'HTTP_404', source: { id: 'n' }, cause: { retryable: false } },
    })
    assert.deepEqual(asCaught(error, source), {
      message: 'gone',
      code: 'HTTP_404',
      cause: { retryable: false },
      source: { id: 'n', count: 1 },
    })
  })
})

describe('the status of what waits', () => {
  test('names the next try, its time and how many more wait, on the canvas’s 20 characters', () => {
    const list = new WaitingList()
    assert.equal(list.line(4, 'pt-BR'), undefined)
    const now = new Date(2026, 0, 31, 14, 3, 20).getTime()
    list.add('b', { attempt: 3, dueAt: now + 60_000, stop: () => {} })
    list.add('a', { attempt: 2, dueAt: now, stop: () => {} })
    assert.deepEqual(list.line(4, 'pt-BR', now)?.values, { attempt: 2, tries: 4, time: '14:03:20', more: 1 })
    list.delete('a')
    assert.deepEqual(list.line(4, 'pt-BR', now)?.values, { attempt: 3, tries: 4, time: '14:04:20' })
    list.add('b', { attempt: 3, dueAt: now + 86_400_000 * 2, stop: () => {} })
    assert.equal(list.line(4, 'pt-BR', now)?.values?.time, '02/02 14:03')
  })
})
