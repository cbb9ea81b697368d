import { readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parser, Type } from '../../../lib/schema.ts'
import { openPostgres, type PostgresStore } from '../../../lib/stores/postgres/index.ts'
import { type NodeRed, newUserDir, startNodeRed } from '../../helpers/node-red.ts'
import { buildPalette } from '../../helpers/palette.ts'
import type { Case } from '../cases.ts'
import { deployment, prefixOf } from './deployment.ts'

const pages = parser(
  Type.Object({ runs: Type.Array(Type.Object({ flow: Type.String(), state: Type.String() })) }),
  'A page of runs',
)
const palette = 'node-red-scripted'
/** Of all cases together, in milliseconds. */
const patienceMs = 120_000

/** Cases of the suite in one user folder of Node-RED, with the embedded store in it. */
export interface World {
  /** Starts Node-RED with the cases deployed. `env` is added to its environment. */
  start(env?: Record<string, string>): Promise<NodeRed>
  /** Presses the buttons of the triggers that have not started a run. */
  press(nodeRed: NodeRed): Promise<void>
  /** Waits until the run of each case has ended. */
  ended(nodeRed: NodeRed): Promise<void>
  /** Reads the store, while no Node-RED runs. */
  read<T>(work: (store: PostgresStore) => Promise<T>): Promise<T>
  remove(): void
}

/** Makes the folders. dist/ must be built. */
export async function makeWorld(cases: readonly (Case & { name: string })[]): Promise<World> {
  const userDir = newUserDir()
  const nodes = await mkdtemp(join(tmpdir(), 'ysh-scripted-'))
  await buildPalette(nodes, palette, [fileURLToPath(new URL('ysh-scripted.ts', import.meta.url))])
  symlinkSync(nodes, join(userDir, 'node_modules', palette), 'dir')
  const manifest: { dependencies: Record<string, string> } = JSON.parse(
    readFileSync(join(userDir, 'package.json'), 'utf8'),
  )
  manifest.dependencies[palette] = '0.0.1'
  writeFileSync(join(userDir, 'package.json'), JSON.stringify(manifest))
  const data = join(userDir, 'data')
  const flows = deployment(cases, { folder: data, runsAtOnce: cases.length })
  return {
    start: (env = {}) => startNodeRed({ userDir, flows, env }),
    async press(nodeRed) {
      const begun = new Set((await runsOf(nodeRed)).map(({ flow }) => flow))
      const flowsToStart = cases.map(({ name }) => `${prefixOf(name)}run`).filter((flow) => !begun.has(flow))
      const started = flowsToStart.map(async (flow) => {
        const response = await ask(`${nodeRed.url}/ysh/ysh-run/${flow}/press`, 'POST')
        if (!response.ok) throw new Error(`${flow} does not start: ${response.status} ${await response.text()}`)
      })
      await Promise.all(started)
    },
    async ended(nodeRed) {
      const end = performance.now() + patienceMs
      for (;;) {
        const runs = await runsOf(nodeRed)
        const over = runs.filter(({ state }) => state === 'done' || state === 'failed')
        if (over.length === cases.length) return
        if (performance.now() > end) {
          const open = runs.filter((run) => !over.includes(run)).map(({ flow, state }) => `${flow} ${state}`)
          throw new Error(`Not over: ${open.join(', ')} (${over.length} are)\n${nodeRed.output().slice(-10_000)}`)
        }
        await sleep(200)
      }
    },
    async read(work) {
      const store = await openPostgres({ kind: 'embedded', folder: join(data, 'postgres') })
      try {
        return await work(store)
      } finally {
        await store.close()
      }
    },
    remove() {
      for (const folder of [userDir, nodes]) rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** Resolves when its process has ended. */
export async function gone({ pid }: NodeRed): Promise<void> {
  const end = performance.now() + patienceMs
  while (isAlive(pid)) {
    if (performance.now() > end) throw new Error('Node-RED did not die')
    await sleep(50)
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

const ask = (url: string, method = 'GET') => fetch(url, { method, signal: AbortSignal.timeout(patienceMs) })

/** The runs in the history, which has less patience than it takes a slow machine to make the database. */
async function runsOf({ url }: NodeRed): Promise<{ flow: string; state: string }[]> {
  const end = performance.now() + patienceMs
  for (;;) {
    const response = await ask(`${url}/ysh/history/runs?limit=200`)
    if (response.ok) return pages.parse(await response.json()).runs
    const said = await response.text()
    if (performance.now() > end) throw new Error(`The history does not answer: ${response.status} ${said}`)
    await sleep(200)
  }
}
