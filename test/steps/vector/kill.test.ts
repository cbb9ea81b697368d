import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { vectorFailPoints } from '../../../lib/fail-point.ts'
import { openStores, type StoresOptions } from '../../../lib/stores/open.ts'
import { embeddedFolder } from '../../helpers/embedded-folder.ts'
import { startPgvector } from '../../helpers/pgvector-server.ts'
import { stepsOver } from './surroundings.ts'

interface Ended {
  signal: NodeJS.Signals | null
  code: number | null
  out: string
  err: string
}

/** The index step in a process of its own. */
async function index(stores: StoresOptions, input: object, config: object, failPoint = ''): Promise<Ended> {
  const args = [
    '--stores',
    JSON.stringify(stores),
    '--input',
    JSON.stringify(input),
    '--config',
    JSON.stringify(config),
  ]
  const child = spawn(process.execPath, [join(import.meta.dirname, 'kill-child.ts'), ...args], {
    env: { ...process.env, YSH_FAIL_POINT: failPoint },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended: Ended = { signal: null, code: null, out: '', err: '' }
  child.stdout.on('data', (chunk) => {
    ended.out += String(chunk)
  })
  child.stderr.on('data', (chunk) => {
    ended.err += String(chunk)
  })
  const [code, signal] = await once(child, 'close')
  return { ...ended, code, signal }
}

const edition = (n: number) => ({
  documents: ['a', 'b', 'c'].map((document) => ({ document, text: `Edição ${n} do documento ${document}.` })),
})

/** What a reader finds, sorted. */
async function found(steps: ReturnType<typeof stepsOver>, config: object): Promise<string[]> {
  const { hits } = await steps.search({ question: 'edição documento', limit: 20 }, config)
  return hits.map(({ text }) => text).sort()
}
const textsOf = (n: number) => edition(n).documents.map(({ text }) => text)

describe('a kill between any two points of an index run', { timeout: 300_000 }, () => {
  test('leaves readers on a whole version, and the next try ends right (pgvector, embedded)', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'vector-kill-'))
    const database = await embeddedFolder()
    const stores = { folder, postgres: { folder: database.path } }
    const config = { collection: 'mortes' }
    try {
      const first = await index(stores, edition(0), config)
      assert.equal(first.code, 0, first.err)
      let n = 0
      for (const point of vectorFailPoints.filter((each) => each !== 'vector-copied')) {
        n += 1
        const killed = await index(stores, edition(n), config, point)
        assert.equal(killed.signal, 'SIGKILL', `${point}: ${killed.err}`)
        const published = point === 'vector-after-publish'
        const open = await openStores(stores)
        try {
          const steps = stepsOver(open)
          assert.deepEqual(await found(steps, config), textsOf(published ? n : n - 1), `after ${point}`)
          const { outcome } = await steps.index(edition(n), config)
          assert.equal(outcome, published ? 'unchanged' : 'indexed', point)
          assert.deepEqual(await found(steps, config), textsOf(n), `after the try after ${point}`)
        } finally {
          await open.close()
        }
      }
    } finally {
      await database.remove()
      await rm(folder, { recursive: true, force: true })
    }
  })

  test('two processes that write the same collection at once lose nothing of each other (pgvector on a server)', async (t) => {
    const server = await startPgvector()
    if (typeof server === 'string') return t.skip(server)
    const folder = await mkdtemp(join(tmpdir(), 'vector-two-'))
    const stores = { folder, postgres: { url: await server.database() } }
    const config = { collection: 'dois' }
    try {
      assert.equal((await index(stores, edition(0), config)).code, 0)
      const documents = (from: number) =>
        Array.from({ length: 3 }, (_, d) => ({ document: `p${from + d}`, text: `Edição do documento ${from + d}.` }))
      const both = await Promise.all([0, 10].map((from) => index(stores, { documents: documents(from) }, config)))
      for (const { out, err } of both) assert.match(out, /"outcome":"indexed"/, err)
      const open = await openStores(stores)
      try {
        assert.equal((await found(stepsOver(open), config)).length, 9)
      } finally {
        await open.close()
      }
    } finally {
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    }
  })
})
