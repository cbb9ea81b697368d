import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { SummarySchema } from '../../../lib/runs/summary.ts'
import { parser } from '../../../lib/schema.ts'
import type { Message, Red } from '../../../nodes/kit/red.ts'
import alerts from '../../../nodes/ysh-alerts/ysh-alerts.ts'
import fetchNode from '../../../nodes/ysh-aneel-fetch/ysh-aneel-fetch.ts'
import portalNode from '../../../nodes/ysh-aneel-portal/ysh-aneel-portal.ts'
import each from '../../../nodes/ysh-each/ysh-each.ts'
import incident from '../../../nodes/ysh-incident/ysh-incident.ts'
import joinNode from '../../../nodes/ysh-join/ysh-join.ts'
import retryBackoff from '../../../nodes/ysh-retry-backoff/ysh-retry-backoff.ts'
import run from '../../../nodes/ysh-run/ysh-run.ts'
import runEnd from '../../../nodes/ysh-run-end/ysh-run-end.ts'
import { enginesOf } from '../../../nodes/ysh-stores/engines.ts'
import stores from '../../../nodes/ysh-stores/ysh-stores.ts'
import { loopback } from '../../helpers/loopback.ts'
import type { FlowNode } from '../../helpers/node-red.ts'
import { helper } from '../../helpers/node-test-helper.ts'
import { type PostgresServer, startPostgres } from '../../helpers/postgres-server.ts'
import { type Portal, startPortal } from '../../portal/server.ts'

const file = fileURLToPath(
  new URL('../../../examples/Fallback/01 - Backup source and last good copy.json', import.meta.url),
)
const summaries = parser(SummarySchema, 'The summary')
let red: Red | undefined
const nodes = (given: Red) => {
  red = given
  for (const register of [stores, portalNode, run, each, fetchNode, incident, alerts, joinNode, retryBackoff, runEnd])
    register(given)
}

describe('the example of the fallback pattern', { timeout: 120_000 }, () => {
  let server: PostgresServer
  let primary: Portal
  let backup: Portal
  const folder = mkdtempSync(join(tmpdir(), 'ysh-fallback-'))
  before(async () => {
    server = await startPostgres()
    primary = await startPortal({ datasets: {} })
    backup = await startPortal({ datasets: {} })
    helper.settings({ yshStoresLingerMs: 0 })
  })
  after(async () => {
    await helper.unload()
    if (red !== undefined) await enginesOf(red).closeIdle()
    for (const portal of [primary, backup]) await portal.close()
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  /** The example against the replicas, with shorter waits and fewer tries. */
  function flow(): { flows: FlowNode[]; trigger: string; summaries: string[]; alert: string } {
    const all: FlowNode[] = JSON.parse(readFileSync(file, 'utf8'))
    const one = (type: string) => all.find((node) => node.type === type)
    const retry = one('ysh-retry-backoff')
    assert.deepEqual([retry?.backoff, retry?.baseSeconds, retry?.attempts], ['fixed', 60, 4], 'as the brief wants it')
    const flows = all.flatMap((node): FlowNode[] => {
      if (node === retry) return [{ ...node, baseSeconds: 0.05, attempts: 2 }]
      if (node.type === 'global-config' || node.type === 'comment') return []
      if (node.type === 'ysh-stores') return [{ ...node, folder, postgresUrl: server.url, allowAddresses: loopback }]
      if (node.type === 'ysh-aneel-portal') {
        return [
          { ...node, url: String(node.name).startsWith('Backup') ? backup.url : primary.url, backoffMs: 5, tries: 1 },
        ]
      }
      if (node.type === 'ysh-run') return [{ ...node, schedule: '' }]
      if (node.type === 'debug') return [{ ...node, type: 'helper' }]
      return [node]
    })
    const named = (name: RegExp) => all.filter((node) => node.type === 'debug' && name.test(String(node.name)))
    return {
      flows,
      trigger: one('ysh-run')?.id ?? '',
      summaries: named(/summary/).map(({ id }) => id),
      alert: named(/alert/)[0]?.id ?? '',
    }
  }

  it('portal, backup, last good copy, and back: each run done, each incident told once', async () => {
    const { flows, trigger, summaries: ends, alert } = flow()
    // The helper registers Catch once per Catch node of what it loads, and fails at the second.
    const catches = flows.filter(({ type }) => type === 'catch').slice(1)
    await helper.load(
      [nodes],
      flows.filter((node) => !catches.includes(node)),
    )
    await helper.setFlows(flows, 'full')
    const told: string[] = []
    let news = Promise.withResolvers<void>()
    helper.getNode(alert).on('input', (message) => {
      told.push(String(message.topic))
      news.resolve()
      news = Promise.withResolvers()
    })
    const runOnce = async () => {
      const ended = Promise.withResolvers<Message>()
      for (const id of ends) helper.getNode(id).on('input', (message) => ended.resolve(message))
      helper.getNode(trigger).receive({ payload: {} })
      const { payload } = await ended.promise
      const { outcome, items } = summaries.parse({ ...Object(payload) })
      return [outcome, ...items.map(({ dataset, tier, why }) => [dataset, tier, why])]
    }
    const [first, second] = ['aneel.bandeira_acionamento', 'aneel.bandeira_adicional']
    assert.deepEqual(await runOnce(), ['done', [first, 'primary', undefined], [second, 'primary', undefined]])
    const down = primary.misbehave({ kind: '500' })
    // asked from a portal of its own, the backup is that one's primary
    assert.deepEqual(await runOnce(), ['done', [first, 'primary', undefined], [second, 'primary', undefined]])
    assert.ok(backup.requests.length > 0)
    const both = backup.misbehave({ kind: '502' })
    assert.deepEqual(await runOnce(), ['done', [first, 'cache', 'HTTP_502'], [second, 'cache', 'HTTP_502']])
    both.remove()
    down.remove()
    assert.deepEqual(await runOnce(), ['done', [first, 'primary', undefined], [second, 'primary', undefined]])
    while (told.length < 2) await news.promise
    assert.deepEqual(told, ['Incidente: ANEEL portal (HTTP_500)', 'Incidente encerrado: ANEEL portal'])
  })
})
