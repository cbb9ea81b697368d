import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { taggedName } from '../../lib/models/model-name.ts'
import { clientFor, openOllama } from '../../lib/models/ollama.ts'
import { OllamaCatalogue } from '../../lib/models/ollama-catalogue.ts'
import type { PullProgress } from '../../lib/models/port.ts'
import { code as failsWith } from '../helpers/pipeline-error.ts'
import { ollamaConfig, withDouble } from './server.ts'

const signal = new AbortController().signal

describe('what is known of the models of a server', () => {
  test('names without a tag mean the latest', () => {
    assert.equal(taggedName('bge-m3'), 'bge-m3:latest')
    assert.equal(taggedName('qwen3:8b'), 'qwen3:8b')
    assert.equal(taggedName('registry:5000/me/model'), 'registry:5000/me/model:latest')
    assert.equal(taggedName('hf.co/me/model:Q4_K_M'), 'hf.co/me/model:Q4_K_M')
  })

  test('is asked for once a minute at most, also by several at once', async () => {
    await withDouble(
      { models: [{ name: 'bge-m3', dimensions: 1_024, contextTokens: 8_192, digest: 'ab12' }] },
      async (double) => {
        let now = 0
        const catalogue = new OllamaCatalogue(() => now)
        const http = clientFor(double.url)
        const session = { http, place: double.url, config: ollamaConfig(double.url) }
        const look = () => catalogue.describe(session, 'bge-m3', { signal })
        const [info] = await Promise.all([look(), look(), look()])
        assert.deepEqual(info, {
          name: 'bge-m3:latest',
          digest: 'ab12',
          capabilities: ['embedding'],
          contextTokens: 8_192,
          dimensions: 1_024,
        })
        now = 59_000
        await look()
        assert.equal(double.requests.length, 2)
        now = 61_000
        await look()
        assert.equal(double.requests.length, 4)
        // what failed is not remembered
        await assert.rejects(catalogue.describe(session, 'none', { signal }), failsWith('MODEL_MISSING'))
        double.models.set('none:latest', {
          name: 'none:latest',
          digest: 'cd',
          capabilities: [],
          dimensions: 1,
          contextTokens: 1,
        })
        assert.equal((await catalogue.describe(session, 'none', { signal })).digest, 'cd')
        http.close()
      },
    )
  })

  test('one who gives up does not take the answer from the others', async () => {
    await withDouble({ models: ['bge-m3'] }, async (double) => {
      double.misbehave('/api/tags', { kind: 'slow', ms: 60 })
      const model = openOllama(ollamaConfig(double.url))
      const hasty = new AbortController()
      const first = model.describe('bge-m3', { signal: hasty.signal })
      const second = model.describe('bge-m3', { signal })
      hasty.abort()
      await assert.rejects(first, failsWith('STOPPED'))
      assert.equal((await second).name, 'bge-m3:latest')
      assert.equal(double.of('/api/tags').length, 1)
    })
  })

  test('a model that is missing is named with what to do', async () => {
    await withDouble({ models: ['llama3.2'], registry: ['bge-m3'] }, async (double) => {
      const model = openOllama(ollamaConfig(double.url))
      for (const call of [
        () => model.describe('bge-m3', { signal }),
        () => model.embed({ model: 'bge-m3', texts: ['x'], signal }),
        () => model.chat({ model: 'bge-m3', messages: [], maxTokens: 1, signal }),
      ]) {
        await assert.rejects(call(), failsWith('MODEL_MISSING', /run "ollama pull bge-m3" there/))
      }
      assert.equal(double.of('/api/pull').length, 0)
    })
  })

  test('a model that goes away is looked for again', async () => {
    await withDouble({ models: ['bge-m3'], registry: ['bge-m3'] }, async (double) => {
      const model = openOllama(ollamaConfig(double.url, { pull: true }))
      await model.embed({ model: 'bge-m3', texts: ['x'], signal })
      double.models.clear()
      await assert.rejects(model.embed({ model: 'bge-m3', texts: ['x'], signal }), failsWith('MODEL_MISSING'))
      assert.equal((await model.embed({ model: 'bge-m3', texts: ['x'], signal })).length, 1)
    })
  })
})

describe('fetching a model', () => {
  test('is done once for all who wait, and says how far it is', async () => {
    await withDouble({ registry: ['bge-m3'] }, async (double) => {
      double.misbehave('/api/pull', { kind: 'slow', ms: 250 })
      const model = openOllama(ollamaConfig(double.url, { pull: true, totalTimeoutMs: 1_000 }))
      const told: PullProgress[][] = [[], []]
      await Promise.all(
        told.map((list) => model.describe('bge-m3', { signal, onPull: (progress) => list.push(progress) })),
      )
      assert.equal(double.of('/api/pull').length, 1)
      for (const list of told) {
        assert.deepEqual(
          list.map(({ done, total }) => [done, total]),
          [
            [0, undefined],
            [0, 1_000],
            [400, 1_000],
            [1_000, 1_000],
            [0, undefined],
          ],
        )
      }
    })
  })

  test('fails with a code when there is none of that name, or it breaks off; nobody waiting, it ends', async () => {
    await withDouble({ registry: ['bge-m3'] }, async (double) => {
      const model = openOllama(ollamaConfig(double.url, { pull: true }))
      await assert.rejects(model.describe('nonsense', { signal }), failsWith('MODEL_MISSING', /no model nonsense/))
      double.misbehave('/api/pull', { kind: 'unfinished', after: 2 }, 1)
      await assert.rejects(model.describe('bge-m3', { signal }), failsWith('MODEL_ANSWER'))
      double.models.clear()
      double.misbehave('/api/pull', { kind: 'hang' })
      const stop = new AbortController()
      const pulling = model.describe('bge-m3', { signal: stop.signal })
      setTimeout(() => stop.abort(), 100)
      await assert.rejects(pulling, failsWith('STOPPED'))
      await pause(50)
      assert.equal(double.of('/api/pull').at(-1)?.left, true)
    })
  })
})
