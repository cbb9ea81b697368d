import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, mock, test } from 'node:test'
import type { NodeStatus } from '../../../nodes/kit/red.ts'
import { figure, progressText, StatusWriter } from '../../../nodes/kit/status.ts'

const translate = (key: string, values?: Record<string, string | number>) =>
  `${key} ${Object.values(values ?? {}).join(' ')}`

describe('status', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }))
  afterEach(() => mock.timers.reset())

  test('at most one a second goes out, the first at once, and the last one always', () => {
    const sent: NodeStatus[] = []
    const status = new StatusWriter((line) => sent.push(line), translate)
    for (let done = 0; done <= 100; done += 1) {
      status.show({ mood: 'working', text: `${done}%` })
      mock.timers.tick(25)
    }
    status.show({ mood: 'done', text: 'ready' })
    mock.timers.tick(5_000)
    assert.deepEqual(
      sent.map((line) => line.text),
      ['0%', '39%', '79%', 'ready'],
    )
    assert.deepEqual(sent.at(-1), { fill: 'green', shape: 'dot', text: 'ready' })
  })

  test('close sends what is pending, and nothing comes after it', () => {
    const sent: NodeStatus[] = []
    const status = new StatusWriter((line) => sent.push(line), translate)
    status.show({ mood: 'working', text: 'a' })
    status.show({ mood: 'error', text: 'STOPPED' })
    status.close()
    mock.timers.tick(5_000)
    assert.deepEqual(
      sent.map((line) => line.text),
      ['a', 'STOPPED'],
    )
  })

  test('the same status is not sent twice', () => {
    const sent: NodeStatus[] = []
    const status = new StatusWriter((line) => sent.push(line), translate)
    for (let time = 0; time < 3; time += 1) {
      status.show({ mood: 'idle' })
      mock.timers.tick(2_000)
    }
    assert.deepEqual(sent, [{}])
  })

  test('a bare key is left to the editor, one with values is translated here, and all fit the canvas', () => {
    const sent: NodeStatus[] = []
    const status = new StatusWriter((line) => sent.push(line), translate, 0)
    status.show({ mood: 'waiting', key: 'status.a-key-of-any-length' })
    mock.timers.tick(1)
    status.show({ mood: 'waiting', key: 'rows', values: { rows: 5 } })
    mock.timers.tick(1)
    status.show({ mood: 'error', text: 'A_VERY_LONG_ERROR_CODE_INDEED' })
    assert.deepEqual(
      sent.map((line) => line.text),
      ['status.a-key-of-any-length', 'rows 5', 'A_VERY_LONG_ERROR_…'],
    )
    assert.ok((sent[2]?.text ?? '').length < 20)
  })
})

describe('figures', () => {
  for (const [report, language, text] of [
    [{ phase: 'download', done: 42, total: 100, unit: 'bytes' }, 'en-US', '▼ 42%'],
    [{ phase: 'download', done: 101, total: 100, unit: 'bytes' }, 'en-US', '▼ 100%'],
    [{ phase: 'download', done: 1_240_000, unit: 'bytes' }, 'en-US', '▼ 1.2 MB'],
    [{ phase: 'download', done: 1_240_000, unit: 'bytes' }, 'pt-BR', '▼ 1,2 MB'],
    [{ phase: 'load', done: 1_240_000, unit: 'rows' }, 'en-US', '▦ 1.2M'],
    [{ phase: 'load', done: 0, total: 0, unit: 'rows' }, 'en-US', '▦ 0'],
    [{ phase: 'wait-memory', done: 60 << 20, total: 128 << 20, unit: 'bytes' }, 'en-US', '⏸ RAM 60/128 MB'],
    [{ phase: 'wait-processor', done: 60 << 20, total: 128 << 20, unit: 'bytes' }, 'en-US', '⏸ CPU'],
  ] as const) {
    test(`${JSON.stringify(report)} in ${language}`, () => assert.equal(progressText(report, language), text))
  }
  test('counts in the language', () => {
    assert.equal(figure(1_240_000, 'pt-BR').replaceAll(/\s/gu, ' '), '1,2 mi')
    assert.equal(figure(812, 'en-US'), '812')
  })
})
