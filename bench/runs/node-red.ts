import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { createEmbedded } from '../../lib/stores/postgres/index.ts'
import { type FlowNode, type NodeRed, newUserDir, startNodeRed } from '../../test/helpers/node-red.ts'

const patienceMs = 60_000
const at = { z: 'tab', x: 100, y: 100, stores: 'stores' }
const items = Array.from({ length: 5_000 }, (_, n) => `item ${n}`)

/** An event of one slot at each start -> run -> each, one at a time -> 50 ms of foreign work -> join -> end. */
function flows(postgresUrl: string, slot: string): FlowNode[] {
  return [
    { id: 'tab', type: 'tab', label: 'bench' },
    { id: 'stores', type: 'ysh-stores', postgresUrl },
    {
      id: 'inject',
      type: 'inject',
      ...at,
      once: true,
      onceDelay: '0.1',
      props: [
        { p: 'payload', v: '{}', vt: 'json' },
        { p: 'slot', v: slot, vt: 'str' },
      ],
      wires: [['run']],
    },
    { id: 'run', type: 'ysh-run', ...at, wires: [['each']] },
    { id: 'each', type: 'ysh-each', ...at, from: 'list', list: items, window: '1', wires: [['delay', 'sent'], []] },
    // Once a second at most is enough to see it; the rest of the output is not needed.
    {
      id: 'sent',
      ...at,
      type: 'debug',
      active: true,
      tosidebar: false,
      console: true,
      complete: 'payload',
      targetType: 'msg',
      wires: [],
    },
    {
      id: 'delay',
      type: 'delay',
      ...at,
      pauseType: 'delay',
      timeout: '50',
      timeoutUnits: 'milliseconds',
      wires: [['join']],
    },
    { id: 'join', type: 'ysh-join', ...at, wires: [['end']] },
    { id: 'end', type: 'ysh-run-end', ...at, wires: [[], []] },
  ]
}

let slots = 0

/** Passwords do not travel in a flow file. */
function parted(url: string): { address: string; credentials: Record<string, Record<string, string>> } {
  if (url === '') return { address: '', credentials: {} }
  const parsed = new URL(url)
  const postgresPassword = decodeURIComponent(parsed.password)
  parsed.password = ''
  return { address: parsed.href, credentials: { stores: { postgresPassword } } }
}

/**
 * Starts Node-RED, kills it with SIGKILL in the middle of a run and starts it again at once: milliseconds from its second start until
 * its flows are started, and from the kill until the next item of the run is recorded. `url` blank: the embedded store.
 */
export async function resumed(url: string): Promise<{ readyMs: number; resumedMs: number }> {
  slots += 1
  const { address, credentials } = parted(url)
  const userDir = newUserDir()
  const options = { flows: flows(address, `slot ${slots}`), credentials, userDir }
  if (url === '') await createEmbedded(join(userDir, 'ysh-data', 'postgres'))
  const first = await startNodeRed(options)
  try {
    await first.line(/item 5\b/)
  } finally {
    await first.dispose()
  }
  const killed = performance.now()
  const second = await startNodeRed(options)
  const readyMs = performance.now() - killed
  try {
    // The second item that goes out is proof that the first one is in the journal.
    await sentAfterStart(second, 2)
    return { readyMs, resumedMs: performance.now() - killed }
  } finally {
    await second.dispose()
    if (url !== '') await cancelled(url, `slot ${slots}`)
    await rm(userDir, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** Resolves when a Node-RED has sent `count` items of the run. */
async function sentAfterStart(nodeRed: NodeRed, count: number): Promise<void> {
  await nodeRed.line(new RegExp(`(item \\d+[\\s\\S]*){${count}}`))
}

/**
 * Two Node-RED processes over one PostgreSQL; the one that has the run is killed. Milliseconds from the kill until the other has
 * recorded an item of it, at most `patience`.
 */
export async function takenOver(url: string, patience: number): Promise<number> {
  slots += 1
  const slot = `slot ${slots}`
  const { address, credentials } = parted(url)
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const processes: NodeRed[] = []
  const userDirs: string[] = []
  const start = async () => {
    const userDir = newUserDir()
    userDirs.push(userDir)
    const nodeRed = await startNodeRed({ flows: flows(address, slot), credentials, userDir })
    processes.push(nodeRed)
    return nodeRed
  }
  try {
    const holder = await start()
    await holder.line(/item 2\b/)
    const other = await start()
    // Both are at work: the second has asked for the slot and been told that it has its run.
    await until(async () => (await count(client, 'select count(*)::int as n from pipeline.process')) >= 2, patienceMs)
    await sleep(500)
    if (/item \d/.test(other.output())) throw new Error('the second process took a run that was not to be had')
    await holder.dispose()
    const killed = performance.now()
    const took = await until(() => Promise.resolve(/item \d[\s\S]*item \d/.test(other.output())), patience)
    return took ? performance.now() - killed : patience
  } finally {
    for (const nodeRed of processes) await nodeRed.dispose()
    await client.end()
    await cancelled(url, slot)
    for (const userDir of userDirs) await rm(userDir, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** The next process of the same flow must not take this run over. */
async function cancelled(url: string, slot: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(`update pipeline.run set state = 'cancelled', owner = null, finished_at = now() where slot = $1`, [
    slot,
  ])
  await client.end()
}

async function count(client: pg.Client, text: string): Promise<number> {
  const { rows } = await client.query<{ n: number }>(text)
  return rows[0]?.n ?? 0
}

/** Whether a condition came true within `ms`. */
async function until(condition: () => Promise<boolean>, ms: number): Promise<boolean> {
  const end = performance.now() + ms
  while (performance.now() < end) {
    if (await condition()) return true
    await sleep(10)
  }
  return false
}
