import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startNodeRed } from '../helpers/node-red.ts'

/** What loading all our nodes may add to Node-RED, in MB of its own. */
const mostMb = 17

const tidy = fileURLToPath(new URL('../helpers/tidy.cjs', import.meta.url))

/** Private memory of a process once it has come to rest and collected its garbage; MB. */
async function atRest(pid: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let look = 0; look < 5; look += 1) {
    process.kill(pid, 'SIGWINCH')
    await sleep(500)
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
    least = Math.min(least, Number(/^Private_Dirty:\s+(\d+)/m.exec(text)?.[1]) / 1024)
  }
  return least
}

async function nodeRedOf(userDir?: string): Promise<number> {
  const red = await startNodeRed({
    flows: [],
    env: { NODE_OPTIONS: `--require=${tidy} --max-semi-space-size=2 --max-old-space-size=256` },
    ...(userDir === undefined ? {} : { userDir }),
  })
  try {
    return await atRest(red.pid)
  } finally {
    await red.dispose()
  }
}

test('the palette of all our nodes adds little to a bare Node-RED', { timeout: 180_000 }, async (t) => {
  if (process.platform !== 'linux') return t.skip('only Linux says what memory a process has of its own')
  const bare = mkdtempSync(join(tmpdir(), 'bare-'))
  try {
    // What a start leaves lying about differs by 2 MB and more: the least of some is what is kept.
    let [without, withAll] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
    for (let start = 0; start < 3; start += 1) {
      without = Math.min(without, await nodeRedOf(bare))
      withAll = Math.min(withAll, await nodeRedOf())
    }
    t.diagnostic(`${without.toFixed(1)} MB bare, ${withAll.toFixed(1)} MB with all nodes`)
    assert.ok(withAll - without < mostMb, `${(withAll - without).toFixed(1)} MB`)
  } finally {
    rmSync(bare, { recursive: true })
  }
})
