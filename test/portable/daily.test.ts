import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
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
import { differences, hashes, mailText, readTables, type Tables } from './daily/tables.ts'

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

  const left = ({ postgres, mail }: Place) => readTables(postgres, mail.got.map(mailText))

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
      expected: {},
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
      expected: {},
    },
  ]

  for (const scene of scenes) {
    if (process.env.FLOW && !scene.flow.includes(process.env.FLOW)) continue
    describe(scene.flow, { concurrency: true }, () => {
      let model: Tables
      let slot: string
      before(async () => {
        const t0 = Date.now()
        world.portal.clear()
        world.portal.misbehave({ kind: '502', match: scene.down })
        const place = await newPlace(scene)
        slot = await inNodeRed(place, scene.trigger)
        model = await left(place)
        const rows = Object.fromEntries([...model].map(([name, { length }]) => [name, length]))
        console.log(rows, Date.now() - t0)
        assert.partialDeepStrictEqual(rows, scene.expected)
      })
      for (const [name, start] of Object.entries(engines)) {
        if (process.env.ONLY && !name.includes(process.env.ONLY)) continue
        test(name, async () => {
          const t0 = Date.now()
          const place = await newPlace(scene)
          const engine = await start(place)
          let said = ''
          try {
            said = await engine.run(scene.trigger, slot, {})
            said += await deliverAll(place, engine)
            console.log(name, Date.now() - t0)
          } finally {
            await engine.close?.()
          }
          const tables = await left(place)
          writeFileSync(
            `/tmp/daily-${name.replaceAll(' ', '_')}.txt`,
            `${said}\n${[...tables].map(([n, rows]) => `${n}\n${rows.join('\n')}`).join('\n')}`,
          )
          assert.deepEqual(hashes(tables), hashes(model), `${differences(model, tables)}\n\n${said}`)
        })
      }
    })
  }
})
