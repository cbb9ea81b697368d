import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { startSentenceModel } from '../../../bench/index/sentence-model/start.ts'
import { parser, Type } from '../../../lib/schema.ts'

const answers = parser(Type.Object({ embeddings: Type.Array(Type.Array(Type.Number())) }), 'the answer to /api/embed')

describe('sentence model of the benchmark', () => {
  it('says why it cannot be had', async () => {
    const before = process.env.YSH_BENCH_PYTHON
    process.env.YSH_BENCH_PYTHON = '/nowhere/python'
    try {
      const got = await startSentenceModel(AbortSignal.timeout(30_000))
      assert.ok('missing' in got)
      assert.match(got.missing, /nowhere/)
    } finally {
      if (before === undefined) delete process.env.YSH_BENCH_PYTHON
      else process.env.YSH_BENCH_PYTHON = before
    }
  })

  it('answers as Ollama does, where it is installed', async (t) => {
    const signal = AbortSignal.timeout(120_000)
    const got = await startSentenceModel(signal)
    if ('missing' in got) return t.skip(got.missing)
    try {
      const ask = (body: object) =>
        fetch(`${got.url}/api/embed`, { method: 'POST', body: JSON.stringify(body), signal })
      const right = await ask({
        model: got.model,
        input: ['passage: O gato dorme no sofá.', 'passage: A conta de luz vence na sexta-feira.'],
        truncate: false,
      })
      const passages = answers.parse(await right.json()).embeddings
      const asked = answers.parse(await (await ask({ model: got.model, input: 'query: When is the bill due?' })).json())
      const cosine = (vector: readonly number[] = []) =>
        vector.reduce((sum, value, index) => sum + value * (asked.embeddings[0]?.[index] ?? 0), 0)
      assert.ok(cosine(passages[1]) > cosine(passages[0]), 'it knows that a conta is a bill')
      assert.equal((await ask({ model: 'other', input: 'x' })).status, 404)
      assert.equal((await ask({ model: got.model, input: 'palavra '.repeat(2_000), truncate: false })).status, 400)
      assert.equal((await ask({ model: got.model, input: 7 })).status, 400)
    } finally {
      await got.stop()
    }
  })
})
