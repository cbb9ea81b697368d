import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { listRuns, listSteps } from '../../../lib/runs/display.ts'
import { openPostgres } from '../../../lib/stores/postgres/index.ts'
import { type FlowNode, newUserDir, startNodeRed } from '../../helpers/node-red.ts'

const at = { z: 'tab', x: 100, y: 100, stores: 'stores' }
const toConsole = {
  ...at,
  type: 'debug',
  active: true,
  tosidebar: false,
  console: true,
  complete: 'payload',
  targetType: 'msg',
  wires: [],
}

/** An event at each start, always of the same slot -> run -> each -> a second of foreign work -> join -> end. */
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
      { p: 'payload', v: '["a","b","c","d","e"]', vt: 'json' },
      { p: 'slot', v: 'the-one', vt: 'str' },
    ],
    wires: [['run']],
  },
  { id: 'run', type: 'ysh-run', ...at, wires: [['each']] },
  { id: 'each', type: 'ysh-each', ...at, window: '2', wires: [['delay', 'sent'], []] },
  { id: 'sent', ...toConsole },
  { id: 'delay', type: 'delay', ...at, pauseType: 'delay', timeout: '1', timeoutUnits: 'seconds', wires: [['join']] },
  { id: 'join', type: 'ysh-join', ...at, wires: [['end']] },
  { id: 'end', type: 'ysh-run-end', ...at, wires: [['summary'], ['summary']] },
  { id: 'summary', ...toConsole, complete: 'payload.outcome' },
]

describe('a run in Node-RED', { timeout: 180_000 }, () => {
  const userDir = newUserDir()
  after(() => rmSync(userDir, { recursive: true, force: true, maxRetries: 5 }))

  it('is continued after kill -9 where it stopped, and its slot never runs again', async () => {
    const first = await startNodeRed({ flows, userDir })
    let firstSent = 0
    try {
      // Two items are through when the third goes out.
      await first.line(/debug:sent\][^\n]*\n?.*\bc\b/)
      firstSent = sentItems(first.output()).length
    } finally {
      await first.dispose()
    }
    const second = await startNodeRed({ flows, userDir })
    try {
      await second.line(/debug:summary/)
      const resent = sentItems(second.output())
      assert.ok(
        firstSent >= 3 && firstSent + resent.length <= 5 + 2,
        `${firstSent} and ${resent.join(' ')}: at most the window is sent again`,
      )
      assert.ok(resent.includes('e') && !resent.includes('a'))
      assert.equal((await second.stop()).code, 0)
    } finally {
      await second.dispose()
    }
    const store = await openPostgres({ kind: 'embedded', folder: join(userDir, 'ysh-data', 'postgres') })
    try {
      const runs = await listRuns(store)
      assert.deepEqual(
        runs.map(({ slot, state, epoch }) => [slot, state, epoch]),
        [['the-one', 'done', 2]],
      )
      const items = (await listSteps(store, runs[0]?.id ?? '')).filter((line) => line.step === 'item')
      assert.deepEqual(items.map((line) => line.item).sort(), ['a', 'b', 'c', 'd', 'e'])
    } finally {
      await store.close()
    }
  })
})

/** What the debug node `sent` wrote. */
function sentItems(output: string): string[] {
  return [...output.matchAll(/debug:sent\]\s*(?:\S+\s*:\s*)?'?([a-e])'?\s*$/gm)].flatMap((match) => match[1] ?? [])
}
