import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, describe, it } from 'node:test'
import { runMigrations } from '../../../lib/runs/migrations.ts'
import { migrate, openPostgres, type PostgresStore } from '../../../lib/stores/postgres/index.ts'
import type { Message, Red } from '../../../nodes/kit/red.ts'
import apiCache from '../../../nodes/ysh-api-cache/ysh-api-cache.ts'
import query from '../../../nodes/ysh-dataset-query/ysh-dataset-query.ts'
import { enginesOf } from '../../../nodes/ysh-stores/engines.ts'
import stores from '../../../nodes/ysh-stores/ysh-stores.ts'
import type { FlowNode } from '../../helpers/node-red.ts'
import { helper } from '../../helpers/node-test-helper.ts'
import { type PostgresServer, startPostgres } from '../../helpers/postgres-server.ts'
import { publish } from '../../steps/dataset/query/published.ts'

const require = createRequire(import.meta.url)
const core: ((red: Red) => void)[] = [
  'function/10-function',
  'function/89-delay',
  'common/60-link',
  'common/25-catch',
].map((name) => require(`@node-red/nodes/core/${name}.js`))
let red: Red | undefined
const nodes = (given: Red) => {
  red = given
  // the helper forgets to hand out the runtime's hooks
  Object.assign(given, { hooks: require('@node-red/util').hooks })
  for (const register of [stores, query, apiCache]) register(given)
}

describe('ysh-dataset-query', { timeout: 60_000 }, () => {
  let server: PostgresServer
  let store: PostgresStore
  const folder = mkdtempSync(join(tmpdir(), 'ysh-query-node-'))
  before(async () => {
    server = await startPostgres()
    store = await openPostgres({ kind: 'server', url: server.url })
    await migrate(store, runMigrations)
    await publish(store, 1, 25)
    helper.settings({ yshStoresLingerMs: 60_000 })
  })
  after(async () => {
    await store.close()
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  afterEach(async () => {
    await helper.unload()
    if (red !== undefined) await enginesOf(red).closeIdle()
  })

  const at = { z: 'tab', x: 1, y: 1 }
  const config = { ...at, stores: 'stores', dataset: 'aneel.prova', order: ['numero'], columns: ['numero'], batch: 10 }
  const flow = (part: object, more: FlowNode[]): FlowNode[] => [
    { id: 'tab', type: 'tab' },
    { id: 'stores', type: 'ysh-stores', folder, postgresUrl: server.url },
    { id: 'query', type: 'ysh-dataset-query', ...config, wires: [['work'], ['end']], ...part },
    { id: 'catch', type: 'catch', ...at, scope: ['query'], wires: [['caught']] },
    ...['out', 'end', 'caught'].map((id) => ({ id, type: 'helper', ...at, wires: [] })),
    ...more,
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
  const send = (payload: unknown = 0) => helper.getNode('query').receive({ payload, kept: { a: 1 } })

  it('sends a batch when the flow has let the one before through, by links and branches, and then the end', async () => {
    // each branch notes when it begins and ends; a second batch that began before the first one ended would show
    const func = `
      const open = (flow.get('open') ?? 0)
      const log = flow.get('log') ?? []
      log.push('begin ' + msg.parts.index + ' ' + node.id)
      flow.set('log', log)
      setTimeout(() => {
        const log = flow.get('log')
        log.push('end ' + msg.parts.index + ' ' + node.id)
        flow.set('log', log)
        node.send(msg)
        node.done()
      }, node.id === 'slow' ? 60 : 20)`
    await helper.load(
      [...core, nodes],
      flow({ wires: [['link', 'quick'], ['end']] }, [
        { id: 'link', type: 'link out', ...at, mode: 'link', links: ['into'], wires: [] },
        { id: 'into', type: 'link in', ...at, links: ['link'], wires: [['slow']] },
        ...['slow', 'quick'].map((id) => ({
          id,
          type: 'function',
          ...at,
          func,
          outputs: 1,
          timeout: 0,
          wires: [[id === 'slow' ? 'tell' : 'out']],
        })),
        {
          id: 'tell',
          type: 'function',
          ...at,
          func: `msg.log = flow.get('log'); return msg`,
          outputs: 1,
          timeout: 0,
          wires: [['out']],
        },
      ]),
    )
    const out = reaching('out')
    const end = reaching('end')
    const failed = reaching('caught')
    send()
    await Promise.race([end.count(1), failed.count(1).then(([message]) => assert.fail(JSON.stringify(message?.error)))])
    assert.equal(out.messages.length, 6)
    const log: string[] = Object(out.messages.findLast(({ log }) => log !== undefined)).log
    const order = Array.from(log, (line) => Number(line.split(' ')[1]))
    assert.deepEqual(order, [...order].sort(), log.join(', '))
    assert.deepEqual(Object(end.messages[0]?.payload).rows, 25)
    assert.deepEqual(Object(end.messages[0]).kept, { a: 1 })
    const [first] = out.messages
    assert.deepEqual(Object(first?.payload)[0], { numero: 1 })
    const { parts } = Object(out.messages.at(-1))
    assert.deepEqual([parts.index, parts.count, parts.type], [2, 3, 'array'])
  })

  it('asks for a past day, and the message takes the place of the setting', async () => {
    await helper.load([nodes], flow({ asOf: '2020-01-01', wires: [['out'], ['end']] }, []))
    const end = reaching('end')
    const failed = reaching('caught')
    send()
    const [caught] = await failed.count(1)
    assert.equal(Object(caught?.error).code, 'AS_OF_NOT_KEPT', JSON.stringify(caught?.error))
    send({ asOf: '2099-12-31' })
    const [message] = await end.count(1)
    const { asOf, rows } = Object(message?.payload)
    assert.deepEqual([asOf, rows], ['2100-01-01T02:59:59.999Z', 25])
  })

  it('goes on at once where nobody is wired, or a node of the old kind says no done', async () => {
    await helper.load([nodes], flow({ wires: [[], ['end']] }, []))
    const end = reaching('end')
    send({ where: [{ column: 'numero', op: '>', value: 20 }] })
    assert.equal(Object((await end.count(1))[0]?.payload).rows, 5)
    await helper.unload()
    await helper.load([nodes], flow({ wires: [['out'], ['end']] }, []))
    const again = reaching('end')
    const out = reaching('out')
    send()
    await again.count(1)
    assert.equal(out.messages.length, 3)
  })

  it('fails when a node keeps a batch, and says what else is wrong', async () => {
    const func = 'return undefined // and never done\n'
    await helper.load(
      [...core, nodes],
      flow({ patienceSeconds: 1 }, [
        {
          id: 'work',
          type: 'function',
          ...at,
          func: `setTimeout(() => {}, 1); node.status({}); await new Promise(() => {}); ${func}`,
          outputs: 1,
          timeout: 0,
          wires: [[]],
        },
      ]),
    )
    const caught = reaching('caught')
    send()
    assert.equal(Object((await caught.count(1))[0]?.error).code, 'LET_THROUGH')
    send({ order: ['nada'] })
    assert.equal(Object((await caught.count(2))[1]?.error).code, 'QUERY_COLUMN')
    await helper.unload()
    await helper.load([...core, nodes], flow({ where: ['numero ='] }, []))
    const bad = reaching('caught')
    send()
    assert.equal(Object((await bad.count(1))[0]?.error).code, 'QUERY_CONDITION')
  })

  it('ysh-api-cache passes the message on with what it renewed', async () => {
    await helper.load(
      [nodes],
      [
        { id: 'tab', type: 'tab' },
        { id: 'stores', type: 'ysh-stores', folder, postgresUrl: server.url },
        { id: 'cache', type: 'ysh-api-cache', ...at, stores: 'stores', datasets: ['aneel.prova'], wires: [['out']] },
        { id: 'out', type: 'helper', ...at, wires: [] },
      ],
    )
    const out = reaching('out')
    helper.getNode('cache').receive({ payload: { n: 1 } })
    const [message] = await out.count(1)
    assert.deepEqual(message?.payload, { n: 1 })
    assert.equal(Object(message?.apiCache).datasets[0].version, 1)
  })
})
