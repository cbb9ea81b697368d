import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type FlowNode, type NodeRed, newUserDir, startNodeRed } from '../../helpers/node-red.ts'
import { type OllamaDouble, startOllamaDouble } from '../../ollama/double.ts'

const at = { z: 'tab', x: 100, y: 100 }

/** `POST /enrich` -> ysh-ollama-enrich -> manifest; what comes late goes to the console and ends its run. */
function flows(url: string): FlowNode[] {
  return [
    { id: 'tab', type: 'tab', label: 'test' },
    { id: 'stores', type: 'ysh-stores', name: '', folder: '' },
    { id: 'ollama', type: 'ysh-ollama', name: '', url, connectTimeoutMs: '2000' },
    { id: 'in', type: 'http in', ...at, url: '/enrich', method: 'post', wires: [['enrich']] },
    {
      ...{ id: 'enrich', type: 'ysh-ollama-enrich', ...at, stores: 'stores', ollama: 'ollama', model: 'stub' },
      ...{ task: 'summarise', lookSeconds: '1', wires: [['out'], ['late', 'end']] },
    },
    { id: 'out', type: 'http response', ...at, statusCode: '', headers: {}, wires: [] },
    {
      ...{ id: 'late', type: 'debug', ...at, name: 'late', active: true, console: true, complete: 'payload.result' },
      ...{ targetType: 'msg', wires: [] },
    },
    { id: 'end', type: 'ysh-run-end', ...at, stores: 'stores', wires: [['ended'], ['ended']] },
    {
      ...{ id: 'ended', type: 'debug', ...at, name: 'ended', active: true, console: true },
      ...{ complete: 'payload.outcome', targetType: 'msg', wires: [] },
    },
    { id: 'catch', type: 'catch', ...at, scope: null, uncaught: false, wires: [['failed']] },
    {
      ...{ id: 'failed', type: 'change', ...at, wires: [['out']] },
      rules: [
        { t: 'set', p: 'payload', pt: 'msg', to: 'error', tot: 'msg' },
        { t: 'set', p: 'statusCode', pt: 'msg', to: '500', tot: 'num' },
      ],
    },
  ]
}

describe('the node ysh-ollama-enrich in Node-RED', { timeout: 240_000 }, () => {
  const userDir = newUserDir()
  let double: OllamaDouble
  let red: NodeRed
  before(async () => {
    double = await startOllamaDouble({ models: ['stub'], reply: () => '{"text": "A tarifa é de 0,65 R$/kWh."}' })
    red = await startNodeRed({ flows: flows(double.url), userDir })
  })
  after(async () => {
    await red?.dispose()
    await double?.stop()
    rmSync(userDir, { recursive: true, force: true, maxRetries: 5 })
  })

  async function ask(payload: object): Promise<Record<string, unknown>> {
    const response = await fetch(`${red.url}/enrich`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(payload),
      signal: AbortSignal.timeout(60_000),
    })
    return JSON.parse(await response.text())
  }
  const chats = () => double.of('/api/chat').length

  test('a text is summarised, once', async () => {
    const text = 'A tarifa convencional é de 0,65 R$/kWh.'
    const first = await ask({ text, name: 'aviso' })
    assert.deepEqual([first.outcome, first.result, first.name], ['enriched', 'A tarifa é de 0,65 R$/kWh.', 'aviso'])
    assert.equal((await ask({ text })).cached, true)
    assert.equal(chats(), 1)
  })

  test('rows that carry no text end in Catch with a code', async () => {
    assert.equal((await ask({ rows: [{ a: null }] })).code, 'ENRICH_EMPTY')
  })

  test('server down: the message goes on; after kill -9 and with the server back it is enriched late, once', async () => {
    await double.stop()
    const texts = ['um', 'dois'].map((word) => `Aviso ${word}: a tarifa é de 0,65 R$/kWh.`)
    for (const text of texts) {
      const manifest = await ask({ text })
      assert.deepEqual([manifest.outcome, manifest.enriched, manifest.waits], ['deferred', false, true])
      assert.match(String(manifest.reason), /^MODEL_UNAVAILABLE: /)
      assert.equal(manifest.result, text)
    }
    await red.dispose()
    red = await startNodeRed({ flows: flows(double.url), userDir })
    await sleep(1_500)
    await double.start()
    await red.line(/debug:late\][\s\S]*debug:late\]/)
    await red.line(/debug:ended\][\s\S]*debug:ended\]/)
    await sleep(2_500)
    assert.equal([...red.output().matchAll(/debug:late\]/g)].length, 2)
    assert.equal(chats(), 3)
    assert.deepEqual(double.violations, [])
    assert.equal((await red.stop()).code, 0)
  })
})
