import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { promptsOf } from '../../lib/models/embedding-prompts.ts'
import { openOllama } from '../../lib/models/ollama.ts'
import { batchesOf } from '../../lib/models/ollama-batches.ts'
import { ollamaEmbedder } from '../../lib/models/ollama-embedder.ts'
import { code as failsWith } from '../helpers/pipeline-error.ts'
import type { Fault } from '../ollama/double.ts'
import { ollamaConfig, withDouble } from './server.ts'

const signal = new AbortController().signal

describe('embedding with Ollama', () => {
  test('goes in batches, in order, never shortened', async () => {
    await withDouble({ models: [{ name: 'bge-m3', dimensions: 8 }] }, async (double) => {
      double.vector = (text) => [Number(text), 1, 0, 0, 0, 0, 0, 0]
      const model = openOllama(ollamaConfig(double.url, { keepAlive: '0' }))
      const told: number[] = []
      const texts = Array.from({ length: 150 }, (_, at) => String(at))
      const vectors = await model.embed({ model: 'bge-m3', texts, signal, onProgress: (done) => told.push(done) })
      assert.deepEqual(
        vectors.map(([first]) => first),
        texts.map(Number),
      )
      assert.deepEqual(told, [64, 128, 150])
      const body = double.of('/api/embed').at(-1)?.body
      assert.deepEqual(body, { model: 'bge-m3:latest', input: texts.slice(128), truncate: false, keep_alive: '0' })
      assert.deepEqual(await model.embed({ model: 'bge-m3', texts: [], signal }), [])
    })
  })

  test('batches are bounded by characters too; a long text has one of its own', () => {
    const most = { texts: 3, characters: 10 }
    assert.deepEqual(
      [...batchesOf(['aaaaaa', 'bbbb', 'c', 'x'.repeat(30), 'd', 'e', 'f', 'g'], most)].map((each) => each.length),
      [2, 1, 1, 3, 1],
    )
  })

  test('a text longer than the model takes is MODEL_CANNOT, with the length', async () => {
    await withDouble({ models: [{ name: 'bge-m3', contextTokens: 100 }, 'llama3.2'] }, async (double) => {
      const model = openOllama(ollamaConfig(double.url))
      const texts = ['short', 'x'.repeat(5_000_000), 'short']
      await assert.rejects(
        model.embed({ model: 'bge-m3', texts, signal }),
        failsWith('MODEL_CANNOT', /5000000 characters; it takes 100 tokens/),
      )
      await assert.rejects(model.embed({ model: 'llama3.2', texts: ['x'], signal }), failsWith('MODEL_CANNOT'))
    })
  })

  const wrong: [string, Fault, string][] = [
    ['fewer vectors', { kind: 'body', body: '{"embeddings":[[1,2]]}' }, 'MODEL_ANSWER'],
    ['vectors of several lengths', { kind: 'body', body: '{"embeddings":[[1,2],[1,2,3]]}' }, 'MODEL_ANSWER'],
    ['what is no number', { kind: 'body', body: '{"embeddings":[[1,2],[1,null]]}' }, 'MODEL_ANSWER'],
    ['a number too large', { kind: 'body', body: '{"embeddings":[[1,2],[1,1e300]]}' }, 'MODEL_ANSWER'],
    ['nothing', { kind: 'body', body: '{"embeddings":[[],[]]}' }, 'MODEL_ANSWER'],
    ['no vectors', { kind: 'body', body: '{}' }, 'MODEL_ANSWER'],
    ['no JSON', { kind: 'body', body: '{"embeddings":[[1' }, 'MODEL_ANSWER'],
    ['half an answer', { kind: 'cut', after: 1 }, 'MODEL_UNAVAILABLE'],
  ]
  for (const [name, fault, code] of wrong) {
    test(`an answer with ${name} is ${code}`, async () => {
      await withDouble({ models: ['bge-m3'] }, async (double) => {
        double.misbehave('/api/embed', fault)
        const model = openOllama(ollamaConfig(double.url))
        await assert.rejects(model.embed({ model: 'bge-m3', texts: ['a', 'b'], signal }), (error) => {
          failsWith(code)(error)
          return error instanceof Error && 'retryable' in error && error.retryable === true
        })
      })
    })
  }
})

describe('an embedder over a model', () => {
  test('has the digest and the words before texts in its id, and puts them there', async () => {
    const digest = 'd'.repeat(64)
    await withDouble({ models: [{ name: 'nomic-embed-text', digest, dimensions: 32 }] }, async (double) => {
      double.vector = () => [3, 4, ...new Array<number>(30).fill(0)]
      const model = openOllama(ollamaConfig(double.url))
      const embedder = await ollamaEmbedder(model, 'nomic-embed-text', signal)
      assert.equal(embedder.id, `ollama:nomic-embed-text@sha256:${digest}+nomic-1`)
      assert.deepEqual([embedder.dimensions, embedder.semantic], [32, true])
      assert.equal(double.of('/api/embed').length, 0, 'no model is loaded to know its dimensions')
      const [vector] = await embedder.embed(['tarifa'], 'document', { signal })
      assert.deepEqual([...(vector ?? [])].slice(0, 3), [...new Float32Array([0.6, 0.8, 0])], 'of length 1')
      await embedder.embed(['tarifa'], 'question', { signal })
      assert.deepEqual(
        double.of('/api/embed').map(({ body }) => JSON.stringify(body).match(/"input":(\[.*?\])/)?.[1]),
        ['["search_document: tarifa"]', '["search_query: tarifa"]'],
      )
    })
  })

  test('refuses vectors that point nowhere, or are not as long as promised', async () => {
    await withDouble({ models: [{ name: 'bge-m3', dimensions: 4 }, 'llama3.2'] }, async (double) => {
      const embedder = await ollamaEmbedder(openOllama(ollamaConfig(double.url)), 'bge-m3', signal)
      for (const vector of [
        [0, 0, 0, 0],
        [1, 0, 0],
      ]) {
        double.vector = () => vector
        await assert.rejects(embedder.embed(['x'], 'document', { signal }), failsWith('MODEL_ANSWER'))
      }
    })
  })

  test('is not the same embedder when the model was replaced on the server', async () => {
    await withDouble({ models: [{ name: 'bge-m3', digest: 'aa' }] }, async (double) => {
      const model = openOllama(ollamaConfig(double.url))
      const info = await model.describe('bge-m3', { signal })
      let digest = 'aa'
      const changing = {
        place: model.place,
        chat: model.chat.bind(model),
        embed: model.embed.bind(model),
        describe: async () => ({ ...info, digest }),
      }
      const before = await ollamaEmbedder(changing, 'bge-m3', signal)
      await before.embed(['x'], 'document', { signal })
      digest = 'bb'
      await assert.rejects(before.embed(['x'], 'document', { signal }), failsWith('MODEL_ANSWER', /is not the one/))
      assert.notEqual((await ollamaEmbedder(changing, 'bge-m3', signal)).id, before.id)
    })
  })

  test('every family has its words', () => {
    const words = (model: string) => Object.values(promptsOf(model)).slice(1)
    assert.deepEqual(words('nomic-embed-text-v2-moe:latest'), ['search_document: ', 'search_query: '])
    assert.deepEqual(words('jeffh/intfloat-multilingual-e5-large:f16'), ['passage: ', 'query: '])
    assert.match(words('yxchia/multilingual-e5-large-instruct')[1] ?? '', /^Instruct: .*\nQuery: $/)
    assert.match(words('qwen3-embedding:0.6b')[1] ?? '', /^Instruct: .*\nQuery:$/)
    assert.deepEqual(words('embeddinggemma'), ['title: none | text: ', 'task: search result | query: '])
    assert.deepEqual(words('snowflake-arctic-embed2'), ['', 'query: '])
    for (const model of ['mxbai-embed-large', 'snowflake-arctic-embed:110m', 'bge-large-en-v1.5']) {
      assert.match(words(model)[1] ?? '', /^Represent this sentence/, model)
    }
    for (const model of ['bge-m3', 'granite-embedding:278m', 'paraphrase-multilingual', 'all-minilm']) {
      assert.deepEqual(words(model), ['', ''], model)
    }
  })
})
