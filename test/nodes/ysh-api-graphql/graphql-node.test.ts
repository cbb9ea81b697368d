import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { makeKey } from '../../../lib/api/access/key.ts'
import { openPostgres } from '../../../lib/stores/postgres/index.ts'
import { type NodeRed, startNodeRed } from '../../helpers/node-red.ts'
import { type PostgresServer, startPostgres } from '../../helpers/postgres-server.ts'
import { publish } from '../../steps/dataset/query/published.ts'
import { servingFlow } from '../ysh-api/serving-flow.ts'

const { key } = makeKey()

describe('ysh-api-graphql', { timeout: 180_000 }, () => {
  let server: PostgresServer
  let nodeRed: NodeRed
  let address: string
  const flows = () => servingFlow('ysh-api-graphql', { postgresUrl: server.url, outputs: 2 })
  const ask = (query: string, headers: Record<string, string> = { authorization: `Bearer ${key}` }) =>
    fetch(address, {
      ...{
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ query }),
      },
      signal: AbortSignal.timeout(30_000),
    })

  before(async () => {
    server = await startPostgres()
    const store = await openPostgres({ kind: 'server', url: server.url })
    await publish(store, 1, 50)
    await store.close()
    nodeRed = await startNodeRed({ flows: flows(), credentials: { api: { firstKey: key } } })
    address = `${nodeRed.url}/api/v1/graphql`
    for (let tries = 0; (await ask('{ datasets { name } }')).status !== 200; tries += 1) {
      assert.ok(tries < 100, nodeRed.output())
      await sleep(100)
    }
  })
  after(async () => {
    await nodeRed?.dispose()
    await server?.stop()
  })

  it('answers through Node-RED’s own server, to who has a key', async () => {
    const answer = await ask(
      '{ aneelProva(first: 1, where: { numero: { eq: 3 } }) { rows { valor } } listRuns { runs { id } } }',
    )
    assert.deepEqual(JSON.parse(await answer.text()), {
      data: { aneelProva: { rows: [{ valor: '3.0003' }] }, listRuns: { runs: [] } },
    })
    assert.equal((await ask('{ datasets { name } }', {})).status, 401)
    const page = await fetch(address, { headers: { accept: 'text/html' } })
    assert.match(await page.text(), /<h1>GraphQL<\/h1>/)
    const sdl = await fetch(`${address}/schema.graphql`, { headers: { authorization: `Bearer ${key}` } })
    assert.match(await sdl.text(), /type AneelProva \{/)
    await nodeRed.line(/told .*"route":"postGraphql".*"caller":"key:/)
    assert.ok(!nodeRed.output().includes(key))
  })

  it('brings events over a WebSocket', async () => {
    const client = new WebSocket(address.replace('http', 'ws'), 'graphql-transport-ws')
    const got: string[] = []
    client.on('message', (data: Buffer) => void got.push(data.toString('utf8')))
    await once(client, 'open')
    client.send(JSON.stringify({ type: 'connection_init', payload: { key } }))
    const query = 'subscription { versionPublished { subject } }'
    const until = async (pattern: RegExp) => {
      for (let tries = 0; !got.some((text) => pattern.test(text)); tries += 1) {
        assert.ok(tries < 150, `${got.join('\n')}\n${nodeRed.output()}`)
        await sleep(100)
      }
    }
    await until(/connection_ack/)
    client.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query } }))
    await sleep(300)
    const store = await openPostgres({ kind: 'server', url: server.url })
    await publish(store, 2, 50)
    await store.close()
    await until(/"versionPublished":\{"subject":"aneel.prova"\}/)
    await nodeRed.line(/told .*"what":"came"/)
    client.close()
    await nodeRed.line(/told .*"what":"went"/)
  })
})
