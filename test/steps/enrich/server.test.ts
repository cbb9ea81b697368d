import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { openOllama } from '../../../lib/models/ollama.ts'
import type { EnrichConfig } from '../../../lib/steps/enrich/step-schema.ts'
import { startOllamaDouble } from '../../ollama/double.ts'
import { openEnriching } from './enriching.ts'

const text = 'A tarifa é de 0,65 R$/kWh.'

describe('the step ollama-enrich over a server', async () => {
  const double = await startOllamaDouble({ models: ['stub'], reply: () => JSON.stringify({ text }) })
  const { run, close } = await openEnriching(openOllama)
  after(async () => {
    await close()
    await double.stop()
  })
  let words = 10
  const ask = (config: Partial<EnrichConfig> = {}) => {
    words += 1
    const patience = { connectTimeoutMs: 1_000, idleTimeoutMs: 500, totalTimeoutMs: 5_000 }
    const ollama = { url: double.url, token: '', concurrency: 1, keepAlive: '5m', pull: false, ...patience }
    return run({ text }, { words, ollama, ...config })
  }

  test('asks with the schema of the answer and the context that it counts with', async () => {
    const manifest = await ask()
    assert.deepEqual([manifest.outcome, manifest.result, manifest.digest?.length], ['enriched', text, 64])
    assert.ok(manifest.questionTokens > 0 && manifest.answerTokens > 0)
    const body: unknown = double.of('/api/chat')[0]?.body
    assert.match(JSON.stringify(body), /"num_ctx":\d+/)
    assert.match(JSON.stringify(body), /"format":\{"type":"object"/)
  })

  test('a model that is missing, silent or broken is waited for; an answer that breaks twice is an error', async () => {
    const missing = await ask({ model: 'other' })
    assert.deepEqual([missing.outcome, missing.waits], ['deferred', true])
    assert.match(missing.reason ?? '', /^MODEL_MISSING: .*ollama pull other/)
    for (const [fault, reason] of [
      [{ kind: 'hang' }, /^MODEL_TIMEOUT: /],
      [{ kind: 'status', status: 503 }, /^MODEL_(UNAVAILABLE|BUSY): /],
    ] as const) {
      double.misbehave('/api/chat', fault)
      assert.match((await ask()).reason ?? '', reason)
      double.behave()
    }
    double.misbehave('/api/chat', { kind: 'unfinished', after: 1 }, 1)
    assert.equal((await ask()).outcome, 'enriched', 'asked once more')
    double.misbehave('/api/chat', { kind: 'unfinished', after: 1 }, 2)
    await assert.rejects(ask(), { code: 'MODEL_ANSWER' })
    double.behave()
    assert.deepEqual(double.violations, [])
  })
})
