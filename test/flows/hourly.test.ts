import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { apiSummaryKey } from '../../lib/steps/api-cache/keys.ts'
import { type OllamaDouble, startOllamaDouble } from '../ollama/double.ts'
import { type Portal, startPortal } from '../portal/server.ts'
import { type HookReceiver, startHook } from '../steps/notify/receivers.ts'
import { type RunningFlow, startFlow } from './running.ts'

describe('flows/hourly.json', { timeout: 300_000 }, () => {
  let flow: RunningFlow
  let portal: Portal
  let ollama: OllamaDouble
  let hook: HookReceiver
  before(async () => {
    portal = await startPortal({ datasets: { bandeira_acionamento: 120, tarifas: 300 } })
    ollama = await startOllamaDouble({
      models: ['resumo'],
      reply: () => JSON.stringify({ text: 'As bandeiras acionadas em cada mês.' }),
    })
    hook = await startHook()
    flow = await startFlow('flows/hourly.json', {
      env: {
        ...{ YSH_ANEEL_URL: portal.url, YSH_OLLAMA_URL: ollama.url, YSH_OLLAMA_MODEL: 'resumo' },
        ...{ YSH_WEBHOOKS: hook.url, YSH_RETRY_SECONDS: '0.1' },
      },
      change: (node) => {
        if (node.id === 'ysh-hourly-each') return { ...node, list: ['aneel.bandeira_acionamento', 'aneel.tarifas'] }
        return node.type === 'debug' ? { ...node, console: true } : node
      },
    })
  })
  after(async () => {
    await flow?.close()
    await portal?.close()
    await ollama?.stop()
    await hook?.close()
  })

  const rowsOf = (name: string) => portal.downloads().find(({ dataset }) => dataset === name)?.rows
  const ended = (runs: number) =>
    flow.until(`run ${runs} ends`, () => flow.red.output().split('[debug:Resumo]').length === runs + 1)

  test('what changed is fetched, enriched, indexed and told of; then a run costs one request a dataset and tells nobody', async () => {
    await flow.press('ysh-hourly-run')
    await ended(1)
    await flow.until('the webhook is called', () => hook.got.length === 1)
    const { data }: { data: { data: { datasets: { dataset: string; rows: number }[] } } } = JSON.parse(
      hook.got[0]?.body ?? '',
    )
    assert.deepEqual(data.data.datasets.map(({ dataset, rows }) => [dataset, rows]).sort(), [
      ['aneel.bandeira_acionamento', rowsOf('bandeira_acionamento')],
      ['aneel.tarifas', rowsOf('tarifas')],
    ])
    // two batches of 100 rows
    assert.equal(ollama.of('/api/chat').length, 2)

    portal.clear()
    await flow.press('ysh-hourly-run')
    await ended(2)
    assert.equal(portal.requests.length, 2, JSON.stringify(portal.requests))

    portal.clear()
    await portal.publish(1)
    await flow.press('ysh-hourly-run')
    await ended(3)
    await flow.until('the webhook is called again', () => hook.got.length === 2)
    assert.deepEqual(ollama.violations, [])

    const { postgres, cache } = await flow.written()
    const { rows: runs } = await postgres.query(
      `select state from pipeline.run where flow like '%ysh-hourly-run' order by created_at`,
    )
    assert.deepEqual(runs, [{ state: 'done' }, { state: 'done' }, { state: 'done' }])
    const { rows: documents } = await postgres.query(
      'select document from pipeline.vector_document where until is null order by document',
    )
    assert.deepEqual(documents, [
      { document: 'aneel.bandeira_acionamento#0' },
      { document: 'aneel.bandeira_acionamento#0 resumo' },
      { document: 'aneel.bandeira_acionamento#1' },
      { document: 'aneel.bandeira_acionamento#1 resumo' },
    ])
    assert.notEqual(await cache.get(apiSummaryKey('aneel.tarifas')), undefined)
    assert.notEqual(await cache.get(apiSummaryKey('aneel.bandeira_acionamento')), undefined)
  })
})
