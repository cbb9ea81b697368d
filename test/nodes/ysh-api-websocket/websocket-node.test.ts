import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { makeKey } from '../../../lib/api/access/key.ts'
import { openPostgres, type PostgresStore } from '../../../lib/stores/postgres/index.ts'
import { until } from '../../api/events/ground.ts'
import { connect } from '../../api/events/serving.ts'
import { type NodeRed, startNodeRed } from '../../helpers/node-red.ts'
import { type PostgresServer, startPostgres } from '../../helpers/postgres-server.ts'
import { publish } from '../../steps/dataset/query/published.ts'
import { at, servingFlow } from '../ysh-api/serving-flow.ts'

const { key } = makeKey()

describe('ysh-api-websocket', { timeout: 180_000 }, () => {
  let server: PostgresServer
  let store: PostgresStore
  let nodeRed: NodeRed
  let url: string
  const flows = () => servingFlow('ysh-api-websocket', { postgresUrl: server.url, outputs: 1 })
  const hello = (more: object = {}) => ({ type: 'hello', key, topics: [{ type: 'version' }], ...more })
  const subscribe = async (more: object = {}) => {
    for (;;) {
      const subscriber = connect(url, hello(more))
      await until('an answer', () => subscriber.got.length > 0 || subscriber.code !== 0, 40_000)
      if (subscriber.got[0]?.type === 'subscribed') return subscriber
      // the first key is not in the table yet
      assert.ok(['API_UNKNOWN_CALLER', 'EVENTS_LATER', undefined].includes(subscriber.got[0]?.code), nodeRed.output())
    }
  }

  before(async () => {
    server = await startPostgres()
    store = await openPostgres({ kind: 'server', url: server.url })
    nodeRed = await startNodeRed({
      flows: flows(),
      credentials: { api: { firstKey: key } },
      settings: { httpNodeRoot: '/red' },
    })
    url = `${nodeRed.url.replace('http', 'ws')}/red/api/v1/ws`
  })
  after(async () => {
    await nodeRed?.dispose()
    await store?.close()
    await server?.stop()
  })

  it('tells subscribers of what another process publishes, and the flow who comes, goes and is refused', async () => {
    const subscriber = await subscribe()
    await publish(store, 1, 10)
    await until('the version', () => subscriber.events().length === 1)
    assert.partialDeepStrictEqual(subscriber.events()[0], {
      topic: { type: 'version', subject: 'aneel.prova' },
      data: { version: 1, rows: 10 },
    })
    assert.equal((await connect(url, hello({ key: makeKey().key })).closed).code, 4401)
    subscriber.client.close()
    await nodeRed.line(/told .*"kind":"came","caller":"key:/)
    await nodeRed.line(/told .*"kind":"cut","caller":"unknown".*"why":"API_UNKNOWN_CALLER"/)
    await nodeRed.line(/told .*"kind":"went"/)
    assert.ok(!nodeRed.output().includes(key), 'the key is in no log')
  })

  it('goes on after a deploy where it was; a second node of one API is refused', async () => {
    const subscriber = await subscribe()
    const second = { id: 'second', type: 'ysh-api-websocket', ...at, api: 'api', wires: [[]] }
    await nodeRed.deploy([...flows(), second])
    assert.equal((await subscriber.closed).code, 1001)
    await nodeRed.line(/Another node takes connections at \/api\/v1\/ws already/)
    await publish(store, 2, 10)
    const back = await subscribe({ after: subscriber.last() })
    await until('what was missed', () => back.events().length === 1)
    assert.partialDeepStrictEqual(back.events()[0], { data: { version: 2 } })
    back.client.close()
  })
})
