import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type DailyWorld, documents, startDailyWorld } from '../flows/daily-world.ts'
import { localPages } from '../flows/local-pages.ts'
import { flowNodes } from '../flows/running.ts'
import type { FlowNode } from '../helpers/node-red.ts'
import { startPgvector } from '../helpers/pgvector-server.ts'
import { startPortal } from '../portal/server.ts'
import { startMail } from '../steps/notify/receivers.ts'
import { deliverAll } from './daily/deliver.ts'
import { engines, inNodeRed, type Place } from './daily/engines.ts'
import { differences, hashes, readTables, type Tables } from './daily/tables.ts'

/**
 * The shipped flows on the same replica of their sources, each engine on a database and a folder of its own: afterwards every table and view has the
 * same hash, and the same mails came. What is left out of the comparison is in daily/tables.ts, with the reasons.
 */

/** A flow, and what it meets. */
interface Scene {
  flow: string
  trigger: string
  /** Variables of the flow. */
  env(): Record<string, string>
  change(node: FlowNode): FlowNode
  /** What of the portal answers 502. */
  down: string
  /** Numbers of rows without which nothing would be compared. */
  expected: Record<string, number>
}

const server = await startPgvector()

describe('all engines leave the same', { skip: typeof server === 'string' ? server : false, timeout: 900_000 }, () => {
  let world: DailyWorld
  let mirror: Awaited<ReturnType<typeof startPortal>>
  const undo: (() => unknown)[] = []
  before(async () => {
    world = await startDailyWorld(documents.slice(1, 2))
    mirror = await startPortal({ datasets: { bandeira_acionamento: 120, bandeira_adicional: 20 } })
  })
  after(async () => {
    for (const each of undo.reverse()) await each()
    await world?.close()
    await mirror?.close()
    if (typeof server !== 'string') await server.stop()
  })

  async function newPlace({ flow, env, change }: Scene): Promise<Place> {
    if (typeof server === 'string') throw new Error(server)
    const folder = mkdtempSync(join(tmpdir(), 'ysh-engines-'))
    undo.push(() => rmSync(folder, { recursive: true, force: true }))
    const mail = await startMail()
    undo.push(() => mail.close())
    const postgres = await server.database()
    const own = {
      ...{ YSH_POSTGRES_URL: postgres, YSH_DATA_FOLDER: join(folder, 'data'), YSH_INTERNAL_HOSTS: '127.0.0.1' },
      YSH_SMTP_PORT: String(mail.port),
    }
    return { postgres, folder, mail, nodes: flowNodes(flow).map(change), env: { ...world.env, ...env(), ...own } }
  }

  /** One try after the first; items one after the other, for an incident tells of the first, and the index numbers documents as they come. */
  function changed(node: FlowNode): FlowNode {
    if (node.type === 'ysh-run') return { ...node, schedule: '' }
    if (node.type === 'ysh-each') return { ...node, window: 1 }
    if (node.type === 'ysh-retry-backoff') return { ...node, attempts: 2 }
    return node
  }

  const scenes: Scene[] = [
    {
      // A dataset and a document fail: tries, the reserve, dead letters and an alert are compared too.
      flow: 'flows/daily.json',
      trigger: 'ysh-daily-run',
      env: () => ({}),
      down: 'adicional',
      change: (node) => localPages(changed(world.change(node)), world.pages.url, (name) => name === 'copel-tarifas'),
      expected: {
        ...{ mails: 2, 'pipeline.dead_letter': 2, 'pipeline.incident': 1, 'pipeline.step_attempt': 4 },
        ...{ 'aneel.bandeira_acionamento': 141, 'utility.tarifas': 30, 'pipeline_vectors.p_documentos_g1': 2 },
      },
    },
    {
      flow: 'flows/fallback.json',
      trigger: 'ysh-fallback-run',
      env: () => ({ YSH_ANEEL_BACKUPS: mirror.url }),
      // Not the catalogue: of a host that fails all the time a process remembers that it does (HOST_OPEN), and Airflow's live for a try.
      down: 'download',
      change: (node) => {
        const patient = /portal/.test(node.type) ? { ...node, tries: 1, backoffMs: 5 } : node
        return changed(patient)
      },
      expected: { mails: 1, 'pipeline.dead_letter': 0, 'pipeline.incident_item': 2, 'aneel.bandeira_adicional': 27 },
    },
  ]

  for (const scene of scenes) {
    describe(scene.flow, { concurrency: true }, () => {
      let model: Tables
      let slot: string
      before(async () => {
        world.portal.clear()
        world.portal.misbehave({ kind: '502', match: scene.down })
        const place = await newPlace(scene)
        slot = await inNodeRed(place, scene.trigger)
        model = await readTables(place)
        const rows = Object.fromEntries([...model].map(([name, { length }]) => [name, length]))
        assert.partialDeepStrictEqual(rows, scene.expected)
      })
      for (const [name, start] of Object.entries(engines)) {
        test(`${name}, as Node-RED`, async () => {
          const place = await newPlace(scene)
          const engine = await start(place)
          let said: string
          try {
            said = `${await engine.run(scene.trigger, slot, {})}\n${await deliverAll(place, engine)}`
          } finally {
            await engine.close?.()
          }
          const tables = await readTables(place)
          assert.deepEqual(hashes(tables), hashes(model), `${differences(model, tables)}\n\n${said}`)
        })
      }
    })
  }
})
