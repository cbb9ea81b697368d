import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Ajv } from 'ajv'
import { PipelineError } from '../../lib/errors.ts'
import type { Embedder } from '../../lib/models/embedder.ts'
import { openOllama } from '../../lib/models/ollama.ts'
import { ollamaEmbedder } from '../../lib/models/ollama-embedder.ts'
import { tryOllama } from '../../lib/models/ollama-trial.ts'
import { type OllamaDouble, startOllamaDouble } from '../ollama/double.ts'
import { ollamaConfig } from './server.ts'

/*
 * What holds of any Ollama server. Against a real one with OLLAMA_HOST (its address), OLLAMA_CHAT_MODEL and OLLAMA_EMBED_MODEL (models that it
 * has), otherwise against the double.
 */
const { OLLAMA_HOST: host, OLLAMA_CHAT_MODEL: chatModel, OLLAMA_EMBED_MODEL: embedModel } = process.env
const real = host !== undefined && host !== ''
const without = (name: string, value: string | undefined) =>
  real && !value ? `OLLAMA_HOST is set, but no model is named in ${name}` : undefined
const noChat = without('OLLAMA_CHAT_MODEL', chatModel)
const noEmbed = without('OLLAMA_EMBED_MODEL', embedModel)
// a model on a processor has to be loaded first
const timeout = real ? 900_000 : 20_000
const { signal } = new AbortController()

describe(`an Ollama server (${real ? host : 'the double'})`, { timeout }, () => {
  let double: OllamaDouble | undefined
  let url = ''
  const chat = chatModel || 'llama3.2'
  const embeds = embedModel || 'bge-m3'
  before(async () => {
    if (real) {
      // as `ollama` itself reads it: scheme and port may be left out
      const given = new URL(/^https?:\/\//.test(host) ? host : `http://${host}`)
      url = given.port === '' && !/^https?:/.test(host) ? `${given.origin}:11434` : given.origin
      return
    }
    double = await startOllamaDouble({
      models: [chat, embeds],
      reply: ({ format }) => (format === undefined ? '1, 2, 3, 4, 5, 6, 7, 8, 9, 10' : '{"capital":"Brasília"}'),
    })
    url = double.url
  })
  after(async () => {
    await double?.stop()
    assert.deepEqual(double?.violations ?? [], [])
  })
  const server = () => openOllama(ollamaConfig(url))

  test('says its version and its models', async () => {
    const { version, models } = await tryOllama(ollamaConfig(url), signal)
    assert.match(version, /^\d+\.\d+/)
    assert.ok(Array.isArray(models))
  })

  test('a model that it does not have is MODEL_MISSING', async () => {
    await assert.rejects(
      server().describe('ysh-no-such-model:1b', { signal }),
      (error) => error instanceof PipelineError && error.code === 'MODEL_MISSING',
    )
  })

  test('describes and chats', { skip: noChat }, async () => {
    const info = await server().describe(chat, { signal })
    assert.match(info.digest, /^[0-9a-f]{64}$/)
    let told = 0
    const messages = [{ role: 'user' as const, content: 'Count from 1 to 10, digits only.' }]
    const onText = (characters: number) => {
      told = characters
    }
    const answer = await server().chat({ model: chat, messages, maxTokens: 200, signal, onText })
    assert.ok(answer.text.length > 0 && told === answer.text.length)
    assert.ok(answer.questionTokens > 0 && answer.answerTokens > 0)
    const short = await server().chat({ model: chat, messages, maxTokens: 3, signal })
    assert.equal(short.cut, true)
  })

  test('keeps to a JSON Schema', { skip: noChat }, async () => {
    const format = {
      type: 'object',
      properties: { capital: { type: 'string' } },
      required: ['capital'],
      additionalProperties: false,
    }
    const messages = [{ role: 'user' as const, content: 'Qual é a capital do Brasil? Responda em JSON.' }]
    const { text } = await server().chat({ model: chat, messages, format, maxTokens: 200, signal })
    assert.ok(new Ajv().validate(format, JSON.parse(text)), text)
  })

  test('a question longer than the context is MODEL_CANNOT, not cut off', { skip: noChat }, async () => {
    const messages = [{ role: 'user' as const, content: 'tarifa '.repeat(5_000) }]
    await assert.rejects(
      server().chat({ model: chat, messages, maxTokens: 5, contextTokens: 512, signal }),
      (error) => error instanceof PipelineError && error.code === 'MODEL_CANNOT',
    )
  })

  test('embeds: length 1, the same again, the near nearer', { skip: noEmbed }, async () => {
    const embedder: Embedder = await ollamaEmbedder(server(), embeds, signal)
    const texts = ['A tarifa de energia elétrica subiu.', 'O preço da energia elétrica e a tarifa.', 'O gato dorme.']
    const vectors = await embedder.embed(texts, 'document', { signal })
    const again = await embedder.embed(texts, 'document', { signal })
    const near = (a: Float32Array = new Float32Array(), b: Float32Array = new Float32Array()) =>
      a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0)
    for (const [at, vector] of vectors.entries()) {
      assert.equal(vector.length, embedder.dimensions)
      assert.ok(Math.abs(near(vector, vector) - 1) < 1e-4)
      assert.ok(near(vector, again[at]) > 0.999)
    }
    assert.ok(near(vectors[0], vectors[1]) > near(vectors[0], vectors[2]))
  })

  test('a text longer than the model takes is MODEL_CANNOT', { skip: noEmbed }, async () => {
    await assert.rejects(
      server().embed({ model: embeds, texts: ['tarifa '.repeat(200_000)], signal }),
      (error) => error instanceof PipelineError && error.code === 'MODEL_CANNOT',
    )
  })
})
