import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Portal, startPortal } from '../portal/server.ts'
import { type HookReceiver, startHook } from '../steps/notify/receivers.ts'
import { type RunningFlow, startFlow } from './running.ts'

// The other tests of flows run in Node-RED 5. Nodes, installation and subflows' nodes have tests of their own in 4.1.
describe('flows/hourly.json in Node-RED 4.1', { timeout: 180_000 }, () => {
  let flow: RunningFlow
  let portal: Portal
  let hook: HookReceiver
  before(async () => {
    portal = await startPortal({ datasets: { bandeira_acionamento: 60 } })
    hook = await startHook()
    flow = await startFlow('flows/hourly.json', {
      version: 4,
      env: { YSH_ANEEL_URL: portal.url, YSH_OLLAMA_URL: 'http://127.0.0.1:9', YSH_WEBHOOKS: hook.url },
      change: (node) => {
        if (node.id === 'ysh-hourly-each') return { ...node, list: ['aneel.bandeira_acionamento'] }
        return node.type === 'debug' ? { ...node, console: true } : node
      },
    })
  })
  after(async () => {
    await flow?.close()
    await portal?.close()
    await hook?.close()
  })

  test('fetches and indexes what is new and calls the webhook; with nothing new it spends one request', async () => {
    const ended = (runs: number) =>
      flow.until(`run ${runs} ends`, () => flow.red.output().split('[debug:Resumo]').length === runs + 1)
    await flow.press('ysh-hourly-run')
    await ended(1)
    await flow.until('the webhook is called', () => hook.got.length === 1)
    portal.clear()
    await flow.press('ysh-hourly-run')
    await ended(2)
    assert.equal(portal.requests.length, 1, JSON.stringify(portal.requests))
    assert.equal(hook.got.length, 1)
    assert.doesNotMatch(flow.red.output(), /Uncaught|unhandled|TypeError/i)
    const { postgres } = await flow.written()
    const runs = await postgres.query(
      `select state from pipeline.run where flow like '%ysh-hourly-run' order by created_at`,
    )
    assert.deepEqual(runs.rows, [{ state: 'done' }, { state: 'done' }])
    const documents = await postgres.query(
      `select document from pipeline.vector_document where until is null order by document`,
    )
    assert.deepEqual(
      documents.rows,
      [0, 1].map((part) => ({ document: `aneel.bandeira_acionamento#${part}` })),
    )
  })
})
