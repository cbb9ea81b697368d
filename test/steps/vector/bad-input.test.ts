import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { PipelineError } from '../../../lib/errors.ts'
import { readLive } from '../../../lib/steps/vector/ledger/state.ts'
import { storedChunk } from '../../../lib/steps/vector/stored-chunk.ts'
import { ollamaConfig } from '../../models/server.ts'
import { type OllamaDouble, startOllamaDouble } from '../../ollama/double.ts'
import { anyGround, type Ground, grounds } from './grounds.ts'

const nobody = 'http://127.0.0.1:9'
const { signal } = new AbortController()
const model = () => ({ name: 'bge-m3', dimensions: 32, capabilities: ['embedding'] })

interface Case {
  what: string
  /** `code`, or `code, tried again` where another try may help. */
  code: string
  act(at: Ground, collection: string, ollama: OllamaDouble): Promise<unknown>
}

const next = { document: 'b', text: 'O segundo documento sobre tarifas.' }
const by = (ollama: OllamaDouble, collection: string, more: object = {}) =>
  ({
    ...{ collection, embedder: 'ollama', model: 'bge-m3', ollama: ollamaConfig(ollama.url) },
    ...more,
  }) as const

/** Each on a collection of its own, in which a document of the model `bge-m3` is already. */
const cases: readonly Case[] = [
  {
    what: 'the server of models is down while documents come',
    code: 'MODEL_UNAVAILABLE, tried again',
    act: (at, collection, ollama) =>
      at.index(next, { ...by(ollama, collection), embedder: 'ollama', ollama: ollamaConfig(nobody) }),
  },
  {
    what: 'and while a question comes that words alone may not answer',
    code: 'MODEL_UNAVAILABLE, tried again',
    act: (at, collection) => at.search('tarifa', { collection, ollama: ollamaConfig(nobody), whenAway: 'fail' }),
  },
  {
    what: 'the model is missing',
    code: 'MODEL_MISSING',
    act: (at, collection, ollama) =>
      at.index(next, { ...by(ollama, collection), embedder: 'ollama', model: 'other-embed' }),
  },
  {
    what: 'the answer is cut',
    code: 'MODEL_UNAVAILABLE, tried again',
    act: (at, collection, ollama) => {
      ollama.misbehave('/api/embed', { kind: 'cut', after: 1 })
      return at.index(next, { ...by(ollama, collection), embedder: 'ollama' })
    },
  },
  {
    what: 'the answer is no JSON',
    code: 'MODEL_ANSWER, tried again',
    act: (at, collection, ollama) => {
      ollama.misbehave('/api/embed', { kind: 'body', body: '{"embeddings": [[0.1,' })
      return at.index(next, { ...by(ollama, collection), embedder: 'ollama' })
    },
  },
  {
    what: 'a vector has another dimension than the ones before it',
    code: 'MODEL_ANSWER, tried again',
    act: (at, collection, ollama) => {
      ollama.vector = () => Array.from({ length: 48 }, () => 0.1)
      return at.index(next, { ...by(ollama, collection), embedder: 'ollama' })
    },
  },
  {
    what: 'another server has a model of the same digest and another dimension',
    code: 'VECTOR_DIMENSIONS',
    act: async (at, collection) => {
      const other = await startOllamaDouble({ models: [{ ...model(), dimensions: 48 }] })
      try {
        return await at.index(next, { ...by(other, collection), embedder: 'ollama' })
      } finally {
        await other.stop()
      }
    },
  },
  {
    what: 'the store has a collection of that name with other settings',
    code: 'VECTOR_COLLECTION',
    act: async (at, collection) => {
      await at.stores.vectors.ensure(`${collection}_g2`, { dimensions: 3 }, signal)
      // another embedder builds a second generation
      return await at.index(next, { collection })
    },
  },
  {
    what: 'the document is empty',
    code: 'EMPTY_DOCUMENT',
    act: async (at, collection, ollama) => {
      const empty = { document: 'a', text: ' \n\n ' }
      const { outcome, problems } = await at.index(empty, { ...by(ollama, collection), embedder: 'ollama' })
      assert.equal(outcome, 'empty')
      throw new PipelineError(problems[0]?.split(':')[0] ?? '', 'as a problem of the manifest')
    },
  },
]

for (const { name, open } of grounds) {
  const at = await open()
  if (typeof at === 'string') test(`bad input on ${name}`, { skip: at }, () => {})
  else table(name, at)
}

function table(name: string, at: Ground): void {
  describe(`bad input on ${name}: a code, and readers lose nothing`, { timeout: 120_000 }, () => {
    after(() => at.close())
    for (const [number, { what, code, act }] of cases.entries()) {
      test(`${what}: ${code}`, async () => {
        const collection = `mal_${number}`
        const ollama = await startOllamaDouble({ models: [model()] })
        try {
          const first = { document: 'a', text: 'O primeiro documento sobre tarifas.' }
          await at.index(first, { ...by(ollama, collection), embedder: 'ollama' })
          await assert.rejects(act(at, collection, ollama), (thrown) => {
            const error = PipelineError.from(thrown)
            assert.equal(`${error.code}${error.retryable ? ', tried again' : ''}`, code, error.message)
            return true
          })
          ollama.behave()
          ollama.vector = undefined
          const found = await at.search('tarifas', { collection, ollama: ollamaConfig(ollama.url) })
          assert.deepEqual([found.hits.map(({ text }) => text), found.degraded], [[first.text], false])
          const later = await at.index(next, { ...by(ollama, collection), embedder: 'ollama' })
          assert.deepEqual([later.outcome, later.unchanged, later.indexed], ['indexed', 0, 1], 'and goes on after it')
        } finally {
          await ollama.stop()
        }
      })
    }
  })
}

describe('5 MB of text in one paragraph', { timeout: 120_000 }, () => {
  let at: Ground
  before(async () => {
    at = await anyGround()
  })
  after(() => at?.close())

  test('is cut into chunks, none too long, and not a character is lost', async () => {
    const config = { collection: 'longo' }
    const words = Array.from({ length: 620_000 }, (_, at) => `p${(at * 7_919) % 999_983}`)
    const text = words.join(' ').slice(0, 5_000_000)
    assert.equal(text.length > 4_500_000, true)
    const { chunks } = await at.index({ document: 'a', text }, config)
    const live = (await readLive(at.stores.postgres, 'longo')) ?? assert.fail()
    let [count, characters, longest, after] = [0, 0, 0, '']
    for (;;) {
      const { points, next: from } = await at.stores.vectors.list(live.physical, {
        ...{ at: live.version, abandoned: [], limit: 1_000, signal },
        ...(after === '' ? {} : { after }),
      })
      for (const { payload } of points) {
        const chunk = storedChunk(payload).text
        characters += chunk.replaceAll(/\s/g, '').length
        longest = Math.max(longest, chunk.length)
      }
      count += points.length
      if (from === undefined) break
      after = from
    }
    assert.deepEqual([count, characters], [chunks, text.replaceAll(' ', '').length])
    assert.ok(longest <= 2_000, `${longest}`)
    const [hit] = (await at.search(words[300_000] ?? '', { ...config, mode: 'lexical', limit: 1 })).hits
    assert.match(hit?.text ?? '', new RegExp(`\\b${words[300_000]}\\b`))
  })
})
