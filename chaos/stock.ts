import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freshFolder } from './folder.ts'
import { type FlowNode, makeUserDir, type NodeRed, startNodeRed } from './node-red.ts'
import { dice } from './seed.ts'
import { within } from './wait.ts'

/** What became of the list in stock Node-RED. */
export interface StockOutcome {
  how: 'SIGKILL' | 'SIGTERM' | 'undisturbed'
  asked: number
  kills: number
  delivered: number
  lost: number
  duplicated: number
  seconds: number
}

const messages = 1_000
/** Of the rate limiter. */
const perSecond = 250
const kills = 3

/**
 * The usual flow of stock nodes over the same kind of list: taken by HTTP, split by a Function, held back by a Delay as a rate limiter,
 * written to a file. Killed at seeded times, started again, never asked again: it had said yes.
 */
export async function stockNodeRed(how: StockOutcome['how'], seed: number, chaosNodes: string): Promise<StockOutcome> {
  const before = performance.now()
  const folder = freshFolder('stock')
  const userDir = join(folder, 'node-red')
  const out = join(folder, 'delivered.txt')
  let running: NodeRed | undefined
  try {
    await mkdir(userDir)
    await makeUserDir(userDir, chaosNodes)
    const flows = stockFlow(out)
    const { between } = dice(seed, `stock ${how}`)
    running = await startNodeRed({ userDir, flows })
    await running.started
    await hand(running)
    let hits = 0
    if (how !== 'undisturbed') {
      for (; hits < kills; hits += 1) {
        await sleep(between(300, 900))
        if (how === 'SIGKILL') await running.kill('process')
        else await running.stop()
        running = await startNodeRed({ userDir, flows })
        await running.started
      }
    }
    const lines = await quiet(out)
    const different = new Set(lines).size
    return {
      how,
      asked: messages,
      kills: hits,
      delivered: different,
      lost: messages - different,
      duplicated: lines.length - different,
      seconds: (performance.now() - before) / 1_000,
    }
  } finally {
    await running?.kill('group')
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

async function hand(running: NodeRed): Promise<void> {
  const list = Array.from({ length: messages }, (_, index) => `item ${index}`)
  const response = await within(
    fetch(`${running.url}/stock`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(list),
      signal: AbortSignal.timeout(10_000),
    }),
    10_000,
    'Node-RED did not take the list',
  )
  if (!response.ok) throw new Error(`Node-RED did not take the list: ${response.status}`)
}

/** What is in the file, once nothing has been added for a while. */
async function quiet(file: string): Promise<string[]> {
  let lines: string[] = []
  for (let same = 0; same < 8; ) {
    await sleep(250)
    const now = (await readFile(file, 'utf8').catch(() => '')).split('\n').filter(Boolean)
    same = now.length === lines.length ? same + 1 : 0
    lines = now
  }
  return lines
}

function stockFlow(file: string): FlowNode[] {
  const at = { z: 'tab', x: 100, y: 100 }
  return [
    { id: 'tab', type: 'tab', label: 'stock' },
    { id: 'in', type: 'http in', ...at, url: '/stock', method: 'post', wires: [['yes', 'split']] },
    { id: 'yes', type: 'http response', ...at, statusCode: '', headers: {}, wires: [] },
    {
      id: 'split',
      type: 'function',
      ...at,
      func: 'return [msg.payload.map((payload) => ({ payload }))]',
      outputs: 1,
      wires: [['limit']],
    },
    {
      id: 'limit',
      type: 'delay',
      ...at,
      pauseType: 'rate',
      timeout: '1',
      timeoutUnits: 'seconds',
      rate: String(perSecond),
      nbRateUnits: '1',
      rateUnits: 'second',
      drop: false,
      allowrate: false,
      outputs: 1,
      wires: [['write']],
    },
    {
      id: 'write',
      type: 'file',
      ...at,
      filename: file,
      filenameType: 'str',
      appendNewline: true,
      createDir: false,
      overwriteFile: 'false',
      encoding: 'none',
      wires: [[]],
    },
  ]
}
