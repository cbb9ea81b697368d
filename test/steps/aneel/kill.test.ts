import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { embeddedFolder } from '../../helpers/embedded-folder.ts'
import { type Fetching, openFetching } from '../../helpers/fetching.ts'
import { startPostgres } from '../../helpers/postgres-server.ts'
import { type Portal, startPortal } from '../../portal/server.ts'

const child = fileURLToPath(new URL('./kill-child.ts', import.meta.url))

/** Runs the child until it says `mark` (then kills it with SIGKILL) or ends. */
async function runUntil(
  mark: string | undefined,
  args: readonly string[],
): Promise<{ killed: boolean; marks: string[] }> {
  const process_ = spawn(process.execPath, [child, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const marks: string[] = []
  let killed = false
  for await (const line of createInterface({ input: process_.stdout })) {
    marks.push(line)
    if (mark !== undefined && line.startsWith(mark)) {
      killed = process_.kill('SIGKILL')
      break
    }
  }
  if (process_.exitCode === null && process_.signalCode === null)
    await new Promise((resolve) => process_.once('exit', resolve))
  return { killed, marks }
}

describe('a process killed in the middle of a load', { timeout: 300_000 }, () => {
  let portal: Portal
  let expected: Record<string, { rows: number; hash: string }>
  before(async () => {
    portal = await startPortal({ datasets: { mmgd: 12_000 } })
    const undisturbed = await openFetching()
    await undisturbed.fetch('aneel.mmgd', { portal: portal.url })
    expected = { first: await undisturbed.content('aneel.mmgd') }
    await portal.publish(1)
    await undisturbed.fetch('aneel.mmgd', { portal: portal.url })
    expected.second = await undisturbed.content('aneel.mmgd')
    await undisturbed.close()
    await portal.publish(0)
  })
  after(() => portal.close())

  const places = ['download 5', 'load 0', 'load 6', 'index', 'publish']

  async function scenario(folder: string, url: string, open: () => Promise<Fetching>): Promise<void> {
    for (const [publication, state] of [
      [0, 'first'],
      [1, 'second'],
    ] as const) {
      await portal.publish(publication)
      for (const place of places) {
        const { killed, marks } = await runUntil(place, [folder, url, 'aneel.mmgd', portal.url])
        assert.ok(killed || marks.some((mark) => mark.startsWith('manifest')), `${place}: ${marks.join(', ')}`)
      }
      const { marks } = await runUntil(undefined, [folder, url, 'aneel.mmgd', portal.url])
      assert.ok(marks.at(-1)?.startsWith('manifest'), marks.join(', '))
      const f = await open()
      try {
        assert.deepEqual(await f.content('aneel.mmgd'), expected[state])
        const { rows } = await f.stores.postgres.query<{ n: number; versions: number }>(
          `select count(*)::int as versions, (select count(*)::int from pg_tables where schemaname = 'aneel_data') as n from pipeline.version where dataset = 'aneel.mmgd'`,
        )
        assert.equal(rows[0]?.versions, publication + 1, 'one version a publication, however often it was tried')
        // at most the leases of loads that died less than two minutes ago still hold tables
        const { rows: held } = await f.stores.postgres.query<{ n: number }>(
          `select coalesce(sum(cardinality(tables)), 0)::int as n from pipeline.load`,
        )
        assert.ok((rows[0]?.n ?? 0) <= 1 + (held[0]?.n ?? 0))
      } finally {
        await f.close()
      }
    }
  }

  test('on a server: the same tables as undisturbed', async () => {
    const server = await startPostgres()
    const folder = await mkdtemp(join(tmpdir(), 'kill-'))
    try {
      await scenario(folder, server.url, () => openFetching({ folder, postgres: { url: server.url } }))
    } finally {
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    }
  })

  test('on the embedded store: the same tables as undisturbed', async () => {
    const database = await embeddedFolder()
    const folder = await mkdtemp(join(tmpdir(), 'kill-'))
    await mkdir(folder, { recursive: true })
    await rename(database.path, join(folder, 'postgres'))
    try {
      await scenario(folder, '', () => openFetching({ folder, postgres: {} }))
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})
