import assert from 'node:assert/strict'
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { listRuns, listSteps } from '../../../lib/runs/display.ts'
import { openPostgres } from '../../../lib/stores/postgres/index.ts'
import { embeddedFolder } from '../../helpers/embedded-folder.ts'
import { type FlowNode, newUserDir, startNodeRed } from '../../helpers/node-red.ts'

const at = { z: 'tab', x: 100, y: 100, stores: 'stores' }
const waitSeconds = 12
const retry = { type: 'ysh-retry-backoff', ...at, backoff: 'fixed', baseSeconds: String(waitSeconds), attempts: '4' }
/** A node of another package that works at the second try. */
const flaky = {
  type: 'function',
  ...at,
  func: `
    node.warn('try ' + msg.retry.attempt + ' of ' + msg.topic + ' at ' + Date.now())
    if (msg.retry.attempt < 2) throw new Error('not yet')
    return msg`,
  outputs: 1,
  initialize: '',
  finalize: '',
  libs: [],
}

/** One message in a run (its slot runs once, however often Node-RED starts), and one outside at each start. */
const flows: FlowNode[] = [
  { id: 'tab', type: 'tab', label: 'test' },
  { id: 'stores', type: 'ysh-stores' },
  {
    id: 'inject',
    type: 'inject',
    ...at,
    once: true,
    onceDelay: '0.1',
    props: [
      { p: 'payload', v: '{}', vt: 'json' },
      { p: 'slot', v: 'the-one', vt: 'str' },
      { p: 'topic', v: 'outside', vt: 'str' },
    ],
    wires: [['run', 'retry-outside']],
  },
  { id: 'run', type: 'ysh-run', ...at, wires: [['topic']] },
  {
    id: 'topic',
    type: 'change',
    ...at,
    rules: [{ t: 'set', p: 'topic', pt: 'msg', to: 'inside', tot: 'str' }],
    wires: [['retry-inside']],
  },
  { ...retry, id: 'retry-inside', wires: [['inside'], ['end']] },
  { ...flaky, id: 'inside', wires: [['end']] },
  { id: 'catch-inside', type: 'catch', ...at, scope: ['inside'], wires: [['retry-inside']] },
  { id: 'end', type: 'ysh-run-end', ...at, wires: [['summary'], ['summary']] },
  { ...retry, id: 'retry-outside', wires: [['outside'], []] },
  { ...flaky, id: 'outside', wires: [[]] },
  { id: 'catch-outside', type: 'catch', ...at, scope: ['outside'], wires: [['retry-outside']] },
  {
    id: 'summary',
    type: 'debug',
    ...at,
    active: true,
    tosidebar: false,
    console: true,
    complete: 'payload.outcome',
    targetType: 'msg',
    wires: [],
  },
]

describe('a retry in Node-RED', { timeout: 180_000 }, () => {
  const userDir = newUserDir()
  after(() => rmSync(userDir, { recursive: true, force: true, maxRetries: 5 }))

  it('outlives kill -9 in its wait, in a run and outside, with its due time', async () => {
    // A database that is made already: making one takes longer than the wait.
    const made = await embeddedFolder()
    cpSync(made.path, join(userDir, 'ysh-data', 'postgres'), { recursive: true })
    await made.remove()
    const first = await startNodeRed({ flows, userDir })
    const due = new Map<string, number>()
    try {
      for (const name of ['inside', 'outside']) {
        const line = new RegExp(`retry-${name}\\][^\\n]*Try 2 waits until (\\S+Z)`)
        await first.line(line)
        due.set(name, Date.parse(line.exec(first.output())?.[1] ?? ''))
      }
      assert.deepEqual(
        tries(first.output()).map(({ attempt }) => attempt),
        [1, 1],
      )
    } finally {
      await first.dispose()
    }
    const second = await startNodeRed({ flows, userDir })
    try {
      await second.line(/debug:summary/)
      await second.line(/try 2 of outside/)
      const later = tries(second.output())
      for (const [name, dueAt] of due) {
        const last = later.find(({ topic, attempt }) => topic === name && attempt === 2)
        const late = (last?.at ?? 0) - dueAt
        // The store of a killed process may take longer to open than the wait lasts.
        assert.ok(late >= -5 && late < 20_000, `${name}: ${late} ms late`)
      }
      assert.equal(later.filter(({ topic }) => topic === 'inside').length, 1, 'no try was made anew')
      assert.equal((await second.stop()).code, 0)
    } finally {
      await second.dispose()
    }
    const store = await openPostgres({ kind: 'embedded', folder: join(userDir, 'ysh-data', 'postgres') })
    try {
      const [run, ...others] = await listRuns(store)
      assert.deepEqual([run?.slot, run?.state, run?.epoch, others.length], ['the-one', 'done', 2, 0])
      const [line] = await listSteps(store, run?.id ?? '')
      assert.deepEqual([line?.node, line?.state, line?.attempts], ['retry-inside', 'done', 1])
    } finally {
      await store.close()
    }
  })
})

function tries(output: string): { attempt: number; topic: string; at: number }[] {
  return [...output.matchAll(/try (\d+) of (\w+) at (\d+)/g)].map(([, attempt, topic = '', at]) => ({
    attempt: Number(attempt),
    topic,
    at: Number(at),
  }))
}
