import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { alertMigrations } from '../../../lib/runs/alert-migrations.ts'
import { listRuns } from '../../../lib/runs/display.ts'
import { listIncidents } from '../../../lib/runs/incidents.ts'
import { runMigrations } from '../../../lib/runs/migrations.ts'
import { migrate, openPostgres, type PostgresStore } from '../../../lib/stores/postgres/index.ts'
import type { Message, Red } from '../../../nodes/kit/red.ts'
import alertsNode from '../../../nodes/ysh-alerts/ysh-alerts.ts'
import incidentNode from '../../../nodes/ysh-incident/ysh-incident.ts'
import run from '../../../nodes/ysh-run/ysh-run.ts'
import runEnd from '../../../nodes/ysh-run-end/ysh-run-end.ts'
import { enginesOf } from '../../../nodes/ysh-stores/engines.ts'
import stores from '../../../nodes/ysh-stores/ysh-stores.ts'
import type { FlowNode } from '../../helpers/node-red.ts'
import { helper } from '../../helpers/node-test-helper.ts'
import { type PostgresServer, startPostgres } from '../../helpers/postgres-server.ts'

let red: Red | undefined
const nodes = (given: Red) => {
  red = given
  for (const register of [stores, run, runEnd, incidentNode, alertsNode]) register(given)
}
const limit = { timeout: 30_000 }

describe('incident and alert nodes', () => {
  let server: PostgresServer
  let store: PostgresStore
  const folder = mkdtempSync(join(tmpdir(), 'ysh-alert-nodes-'))
  before(async () => {
    server = await startPostgres()
    store = await openPostgres({ kind: 'server', url: server.url })
    await migrate(store, [...runMigrations, ...alertMigrations])
    helper.settings({ yshStoresLingerMs: 60_000 })
  })
  after(async () => {
    await store.close()
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  beforeEach(() =>
    store.query(
      'truncate pipeline.run, pipeline.step, pipeline.outbox, pipeline.process, pipeline.incident, pipeline.incident_item',
    ),
  )
  afterEach(async () => {
    await helper.unload()
    if (red !== undefined) await enginesOf(red).closeIdle()
  })

  const at = { z: 'tab', x: 1, y: 1, stores: 'stores' }
  function flow(incident: object = {}, more: FlowNode[] = []): FlowNode[] {
    return [
      { id: 'tab', type: 'tab' },
      { id: 'stores', type: 'ysh-stores', folder, postgresUrl: server.url },
      { id: 'incident', type: 'ysh-incident', ...at, key: 'utility X', wires: [['changed'], ['pass']], ...incident },
      { id: 'catch', type: 'catch', ...at, scope: ['incident'], wires: [['caught']] },
      ...['changed', 'pass', 'caught', 'got', 'ended'].map((id) => ({ id, type: 'helper', ...at, wires: [] })),
      ...more,
    ]
  }
  /** alerts -> got, and -> end */
  const alertFlow = (part: object = {}): FlowNode[] => [
    { id: 'alerts', type: 'ysh-alerts', ...at, wires: [['got', 'end']], ...part },
    { id: 'end', type: 'ysh-run-end', ...at, wires: [['ended'], ['ended']] },
  ]
  function reaching(id: string) {
    const messages: Message[] = []
    let news = Promise.withResolvers<void>()
    helper.getNode(id).on('input', (message) => {
      messages.push(message)
      news.resolve()
      news = Promise.withResolvers()
    })
    return {
      messages,
      async count(count: number) {
        while (messages.length < count) await news.promise
        return messages
      },
    }
  }
  const send = (payload: unknown, more: object = {}) => helper.getNode('incident').receive({ payload, ...more })
  const failed = { error: { message: 'Error: no page', code: 'HTTP_503' } }
  const event = (message: Message | undefined) => Object(message?.payload).event

  it(
    'raises for errors and resolves for the rest; told only on a change, everything passes as it came',
    limit,
    async () => {
      await helper.load([nodes], flow())
      const changed = reaching('changed')
      const pass = reaching('pass')
      send({ dataset: 'a', n: 1 }, failed)
      await pass.count(1)
      send({ dataset: 'b', n: 2 }, failed)
      send({ dataset: 'a', n: 3 }, failed)
      await pass.count(3)
      assert.deepEqual(changed.messages.map(event), ['opened'])
      assert.deepEqual(Object(pass.messages[0]?.error).code, 'HTTP_503')
      send({ dataset: 'a', n: 4 })
      await pass.count(4)
      assert.equal(changed.messages.length, 1)
      send({ dataset: 'b', n: 5 })
      await pass.count(5)
      await changed.count(2)
      assert.deepEqual(changed.messages.map(event), ['opened', 'closed'])
      assert.equal(changed.messages[1]?.topic, 'Incidente encerrado: utility X')
      assert.equal('error' in (changed.messages[0] ?? {}), false)
      assert.deepEqual(pass.messages.map(({ payload }) => Object(payload).n).sort(), [1, 2, 3, 4, 5])
      const [incident, ...others] = await listIncidents(store)
      assert.deepEqual([incident?.key, incident?.failures, others.length], ['flow utility X', 3, 0])
    },
  )

  it('takes key and item from the message, and says what is missing', limit, async () => {
    await helper.load(
      [nodes],
      flow({ key: '', keyProperty: 'source.name', itemProperty: 'payload', serves: 'cache', action: 'raise' }),
    )
    const pass = reaching('pass')
    const caught = reaching('caught')
    send('page 1', { source: { name: 'CEMIG' } })
    await pass.count(1)
    send('page 2', { source: {} })
    await caught.count(1)
    assert.equal(Object(caught.messages[0]?.error).code, 'INCIDENT_KEY')
    const [incident] = await listIncidents(store)
    assert.deepEqual(
      [incident?.what, incident?.affected[0]?.item, incident?.affected[0]?.served?.tier, incident?.error.code],
      ['CEMIG', 'page 1', 'cache', 'RAISED'],
    )
    await helper.unload()
    await helper.load([nodes], flow({ key: '' }))
    const unset = reaching('caught')
    send('x')
    await unset.count(1)
    assert.equal(Object(unset.messages[0]?.error).code, 'CONFIG')
  })

  it('each alert starts one run, which the end node ends; the text where it is wanted', limit, async () => {
    await helper.load([nodes], flow({}, alertFlow({ content: 'text', language: 'en-US' })))
    const got = reaching('got')
    const ended = reaching('ended')
    send({ dataset: 'a' }, failed)
    await got.count(1)
    const [message] = got.messages
    assert.equal(message?.topic, 'Incident: utility X (HTTP_503)')
    assert.match(String(message?.payload), /^Reason: HTTP_503: no page/)
    assert.equal(Object(message?.alert).event, 'opened')
    await ended.count(1)
    send({ dataset: 'a' })
    await ended.count(2)
    assert.equal(Object(got.messages[1]?.alert).event, 'closed')
    const runs = (await listRuns(store)).filter(({ flow: of }) => of === 'alerts')
    assert.deepEqual(
      runs.map(({ state, trigger }) => [state, trigger]),
      [
        ['done', 'event'],
        ['done', 'event'],
      ],
    )
    assert.ok(runs.every(({ slot }) => slot.startsWith('incident/')))
  })

  it('an alert whose run was cut off by a restart comes again, in the same run', limit, async () => {
    // no end node: the run does not end
    const flows = flow({}, [{ id: 'alerts', type: 'ysh-alerts', ...at, wires: [['got']] }])
    await helper.load([nodes], flows)
    const got = reaching('got')
    send({ dataset: 'a' }, failed)
    await got.count(1)
    const before = Object(got.messages[0]?.run)
    await helper.unload()
    if (red !== undefined) await enginesOf(red).closeIdle()
    await helper.load([nodes], flows)
    const again = reaching('got')
    await again.count(1)
    const after = Object(again.messages[0]?.run)
    assert.deepEqual([after.id, after.slot, after.epoch], [before.id, before.slot, before.epoch + 1])
    assert.equal((await listRuns(store)).filter(({ flow: of }) => of === 'alerts').length, 1)
  })

  it('an alert that comes while the nodes are deployed anew waits for them', limit, async () => {
    const flows = flow({}, alertFlow({ language: 'en-US' }))
    await helper.load([nodes], flows)
    const got = reaching('got')
    const ended = reaching('ended')
    send({ dataset: 'a' }, failed)
    await ended.count(1)
    await helper.setFlows(
      flows.map((node) => (node.id === 'alerts' ? { ...node, content: 'text' } : node)),
      'nodes',
    )
    send({ dataset: 'a' })
    await got.count(2)
    assert.match(String(got.messages[1]?.payload), /not compared/)
    const deadline = Date.now() + 10_000
    for (;;) {
      const { rows } = await store.query('select from pipeline.outbox where delivered_at is null')
      if (rows.length === 0) break
      assert.ok(Date.now() < deadline, 'everything is delivered')
      await sleep(20)
    }
  })
})
