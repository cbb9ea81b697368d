import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { PipelineError } from '../../lib/errors.ts'
import { openOllama } from '../../lib/models/ollama.ts'
import { modelError } from '../../lib/models/ollama-errors.ts'
import type { ChatRequest, LanguageModel } from '../../lib/models/port.ts'
import { networkError } from '../../lib/net/errors.ts'
import type { Fault } from '../ollama/double.ts'
import { ollamaConfig, withDouble } from './server.ts'

const never = new AbortController().signal
const ask = (content = 'olá', more: Partial<ChatRequest> = {}): ChatRequest => ({
  model: 'llama3.2',
  messages: [{ role: 'user', content }],
  maxTokens: 200,
  signal: never,
  ...more,
})
const models = ['llama3.2', 'bge-m3', { name: 'qwen3-vl', capabilities: ['completion', 'vision', 'thinking'] }]

/** The PipelineError that a call ends with. */
async function failure(call: Promise<unknown>): Promise<PipelineError> {
  try {
    await call
  } catch (error) {
    assert.ok(error instanceof PipelineError, String(error))
    return error
  }
  throw new assert.AssertionError({ message: 'it did not fail' })
}

describe('a chat with Ollama', () => {
  test('streams, and tells how many characters are there', async () => {
    await withDouble({ models, reply: () => 'Tarifa: R$ 0,65 por kWh' }, async (double) => {
      const model = openOllama(ollamaConfig(double.url, { keepAlive: '-1' }))
      assert.equal(model.place, double.url)
      const told: number[] = []
      const answer = await model.chat(
        ask('Quanto custa?', {
          system: 'Be brief.',
          format: { type: 'object' },
          contextTokens: 4_096,
          onText: (characters) => told.push(characters),
        }),
      )
      assert.deepEqual(answer, { text: 'Tarifa: R$ 0,65 por kWh', cut: false, questionTokens: 6, answerTokens: 6 })
      assert.deepEqual(told, [4, 8, 12, 16, 20, 23])
      assert.deepEqual(double.of('/api/chat')[0]?.body, {
        model: 'llama3.2:latest',
        messages: [
          { role: 'system', content: 'Be brief.' },
          { role: 'user', content: 'Quanto custa?' },
        ],
        format: { type: 'object' },
        options: { temperature: 0, seed: 1, num_predict: 200, num_ctx: 4_096 },
        keep_alive: '-1m',
        truncate: false,
        shift: false,
        stream: true,
      })
    })
  })

  test('says when the answer was cut, and when the question does not fit', async () => {
    await withDouble({ models, reply: () => 'x'.repeat(100) }, async (double) => {
      const model = openOllama(ollamaConfig(double.url))
      const { text, cut, answerTokens } = await model.chat(ask('?', { maxTokens: 5 }))
      assert.deepEqual([text.length, cut, answerTokens], [20, true, 5])
      const error = await failure(model.chat(ask('y'.repeat(5_000), { contextTokens: 1_000 })))
      assert.equal(error.code, 'MODEL_CANNOT')
      assert.match(error.message, /5000 characters; it takes 1000 tokens/)
    })
  })

  test('shows pictures to models that see, and does not let them think aloud', async () => {
    await withDouble({ models }, async (double) => {
      const model = openOllama(ollamaConfig(double.url))
      const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47])
      const messages = [{ role: 'user' as const, content: 'What is it?', images: [png] }]
      assert.equal((await model.chat(ask('', { model: 'qwen3-vl', messages }))).text, 'ok')
      const body = JSON.stringify(double.of('/api/chat')[0]?.body)
      assert.match(body, /"think":false/)
      assert.match(body, /"images":\["iVBORw=="\]/)
      assert.equal((await failure(model.chat(ask('', { messages })))).code, 'MODEL_CANNOT')
      assert.equal(double.of('/api/chat').length, 1, 'it was not even asked')
      assert.equal((await failure(model.chat(ask('', { model: 'bge-m3' })))).code, 'MODEL_CANNOT')
    })
  })

  const faults: [string, Fault, string, RegExp, boolean][] = [
    ['a stream without its last line', { kind: 'unfinished', after: 2 }, 'MODEL_ANSWER', /Did not receive done/, true],
    ['a stream that is cut', { kind: 'cut', after: 2 }, 'MODEL_UNAVAILABLE', /broke/, true],
    ['a line that is no JSON', { kind: 'garbage', after: 2 }, 'MODEL_ANSWER', /no JSON/, true],
    [
      'an error in the stream',
      { kind: 'error', after: 2, error: 'out of memory' },
      'MODEL_UNAVAILABLE',
      /out of mem/,
      true,
    ],
    ['HTML', { kind: 'body', body: '<html>', type: 'text/html' }, 'MODEL_ANSWER', /a web page/, true],
    ['no JSON under another type', { kind: 'body', body: '[1' }, 'MODEL_ANSWER', /no JSON/, true],
    ['nonsense', { kind: 'body', body: '[1', type: 'application/x-ndjson' }, 'MODEL_ANSWER', /no JSON/, true],
    ['another form', { kind: 'body', body: '{"x":1}\n', type: 'application/x-ndjson' }, 'MODEL_ANSWER', /done/, true],
    [
      'an endless line',
      { kind: 'body', body: 'x'.repeat(2e6), type: 'application/x-ndjson' },
      'MODEL_ANSWER',
      /line/,
      true,
    ],
    ['nothing', { kind: 'body', body: '', type: 'application/x-ndjson' }, 'MODEL_ANSWER', /done/, true],
    ['500', { kind: 'status', status: 500, error: 'llama runner died' }, 'MODEL_UNAVAILABLE', /runner died/, true],
    ['503', { kind: 'status', status: 503, error: 'server busy, please try again' }, 'MODEL_BUSY', /server busy/, true],
    [
      '502 of a proxy',
      { kind: 'status', status: 502, body: '<h1>Bad', type: 'text/html' },
      'MODEL_UNAVAILABLE',
      /502/,
      true,
    ],
    [
      '404 of a model',
      { kind: 'status', status: 404, error: "model 'x' not found" },
      'MODEL_MISSING',
      /pull llama3.2"/,
      false,
    ],
    [
      '404 of another server',
      { kind: 'status', status: 404, body: '404 page' },
      'MODEL_ANSWER',
      /no Ollama server/,
      true,
    ],
    ['400', { kind: 'status', status: 400, error: 'does not support chat' }, 'MODEL_CANNOT', /support chat/, false],
    ['401', { kind: 'status', status: 401, error: 'no' }, 'MODEL_UNAVAILABLE', /token/, false],
    [
      'a redirect',
      { kind: 'status', status: 307, headers: { location: 'http://127.0.0.1:9/elsewhere' } },
      'MODEL_ANSWER',
      /redirects to 127.0.0.1:9/,
      true,
    ],
  ]
  for (const [name, fault, code, words, retryable] of faults) {
    test(`has a code for ${name}, and works again after it`, async () => {
      await withDouble({ models, reply: () => 'a long enough answer' }, async (double) => {
        const model = openOllama(ollamaConfig(double.url))
        double.misbehave('/api/chat', fault, 1)
        const error = await failure(model.chat(ask()))
        assert.deepEqual([error.code, error.retryable], [code, retryable], error.message)
        assert.match(error.message, words)
        assert.equal((await model.chat(ask())).text, 'a long enough answer')
        assert.equal(double.of('/api/chat').length, 2, 'nothing was tried again in silence')
      })
    })
  }

  test('keeps its token to itself', async () => {
    await withDouble({ models, token: 'very-secret-token' }, async (double) => {
      const model = openOllama(ollamaConfig(double.url, { token: 'very-secret-token' }))
      await model.chat(ask())
      assert.ok(double.requests.every(({ authorization }) => authorization === 'Bearer very-secret-token'))
      double.misbehave('/api/chat', { kind: 'status', status: 500, error: 'saw very-secret-token here' })
      double.misbehave('/api/tags', { kind: 'status', status: 401, error: 'not very-secret-token' })
      for (const call of [() => model.chat(ask()), () => model.describe('bge-m3', { signal: never })]) {
        const error = await failure(call())
        assert.doesNotMatch(JSON.stringify([error, error.cause, error.stack]), /very-secret/)
        assert.match(error.message, /…/)
      }
      const other = openOllama(ollamaConfig(double.url, { token: 'wrong-token' }))
      double.behave()
      assert.equal((await failure(other.chat(ask()))).code, 'MODEL_UNAVAILABLE', 'what another token saw is not shown')
    })
  })
})

describe('deadlines of Ollama', () => {
  test('a silence longer than idleTimeoutMs, and an answer longer than totalTimeoutMs, are MODEL_TIMEOUT', async () => {
    await withDouble({ models, reply: () => 'x'.repeat(400) }, async (double) => {
      double.misbehave('/api/chat', { kind: 'hang' }, 1)
      const hasty = openOllama(ollamaConfig(double.url, { idleTimeoutMs: 150 }))
      const silent = await failure(hasty.chat(ask()))
      assert.deepEqual([silent.code, silent.retryable], ['MODEL_TIMEOUT', true])
      double.misbehave('/api/chat', { kind: 'slow', ms: 50 })
      const late = await failure(openOllama(ollamaConfig(double.url, { totalTimeoutMs: 250 })).chat(ask()))
      assert.equal(late.code, 'MODEL_TIMEOUT')
      assert.match(late.message, /did not finish within 0.25 s/)
      await pause(50)
      assert.deepEqual(
        double.of('/api/chat').map(({ left }) => left),
        [true, true],
        'the server is not left to work for nobody',
      )
    })
  })

  test("an answer that takes longer than the limit of Node's own fetch comes through", async () => {
    await fetch('data:,x') // makes the dispatcher
    const places = Object.getOwnPropertySymbols(globalThis).filter((each) =>
      /undici.globalDispatcher/.test(String(each)),
    )
    const usual = places.map((place): object => Reflect.get(globalThis, place))
    for (const [at, place] of places.entries()) {
      // its 300 s, shortened
      const made: unknown = Reflect.construct(Object(usual[at]).constructor, [
        { headersTimeout: 200, bodyTimeout: 200 },
      ])
      Reflect.set(globalThis, place, made)
    }
    try {
      await withDouble({ models, reply: () => '' }, async (double) => {
        // its clock looks every second only
        double.misbehave('/api/chat', { kind: 'slow', ms: 2_300 })
        const body = JSON.stringify({ model: 'llama3.2', messages: [] })
        const headers = { 'content-type': 'application/json' }
        const [node, ours] = await Promise.allSettled([
          fetch(`${double.url}/api/chat`, { method: 'POST', headers, body }),
          openOllama(ollamaConfig(double.url)).chat(ask()),
        ])
        assert.equal(node.status === 'rejected' && node.reason.cause.code, 'UND_ERR_HEADERS_TIMEOUT')
        assert.equal(ours.status, 'fulfilled')
      })
    } finally {
      for (const [at, place] of places.entries()) Reflect.set(globalThis, place, usual[at])
    }
  })

  test('who asked can call it off, also while it waits', async () => {
    await withDouble({ models }, async (double) => {
      const model = openOllama(ollamaConfig(double.url))
      await model.describe('llama3.2', { signal: never })
      double.misbehave('/api/chat', { kind: 'hang' })
      const controllers = [new AbortController(), new AbortController()]
      const calls = controllers.map(({ signal }) => failure(model.chat(ask('?', { signal }))))
      await pause(50)
      assert.equal(double.of('/api/chat').length, 1, 'the second one waits')
      for (const controller of controllers.toReversed()) controller.abort()
      assert.deepEqual(
        (await Promise.all(calls)).map(({ code }) => code),
        ['STOPPED', 'STOPPED'],
      )
      await pause(50)
      assert.equal(double.of('/api/chat').length, 1)
      assert.equal(double.of('/api/chat')[0]?.left, true)
      assert.equal((await failure(model.chat(ask('?', { signal: AbortSignal.abort() })))).code, 'STOPPED')
    })
  })

  test('a server that is away is MODEL_UNAVAILABLE, and after five times not even asked; it is used again when it is back', async () => {
    await withDouble({ models }, async (double) => {
      const model = openOllama(ollamaConfig(double.url))
      await model.chat(ask())
      await double.stop()
      assert.equal((await failure(model.chat(ask()))).code, 'MODEL_UNAVAILABLE')
      await double.start()
      assert.equal((await model.chat(ask())).text, 'ok')
      await double.stop()
      for (let round = 0; round < 5; round += 1) await failure(model.chat(ask()))
      const open = await failure(model.chat(ask()))
      assert.deepEqual([open.code, open.retryable], ['MODEL_UNAVAILABLE', true])
      assert.ok((open.retryAfterMs ?? 0) > 0, 'its breaker says when')
    })
  })
})

describe('the address of an Ollama server', () => {
  test('may be a name, and is named in messages as scheme, host and port', async () => {
    await withDouble({ models }, async (double) => {
      const model = openOllama(ollamaConfig(double.url.replace('127.0.0.1', 'LocalHost')))
      assert.match(model.place, /^http:\/\/localhost:\d+$/)
      assert.equal((await model.chat(ask())).text, 'ok')
    })
    assert.equal(openOllama(ollamaConfig('https://models.example')).place, 'https://models.example')
    assert.equal(openOllama(ollamaConfig('http://[::1]:11434')).place, 'http://[::1]:11434')
    assert.throws(() => openOllama({ ...ollamaConfig('http://x'), url: 'ftp://x' }), /http or https/)
  })

  test('that nobody answers at is away, and not a model that thinks for long', () => {
    const about = { place: 'http://10.0.0.1:11434', signal: never, clean: (text: string) => text }
    const timedOut = Object.assign(new Error('connect timeout'), { code: 'ETIMEDOUT' })
    const error = modelError(networkError(timedOut, '10.0.0.1:11434', about.clean), about)
    assert.deepEqual([error.code, error.retryable], ['MODEL_UNAVAILABLE', true])
  })
})

describe('turns at an Ollama server', () => {
  test('are shared by all who use it, whatever they opened', async () => {
    await withDouble({ models }, async (double) => {
      double.misbehave('/api/chat', { kind: 'slow', ms: 20 })
      const open = (): LanguageModel => openOllama(ollamaConfig(double.url, { concurrency: 2 }))
      await Promise.all(Array.from({ length: 6 }, () => open().chat(ask())))
      assert.equal(double.mostAtOnce, 2)
      assert.equal(double.of('/api/tags').length, 1, 'what is known of a model is shared as well')
    })
  })

  test('a queue that is full is MODEL_BUSY', async () => {
    await withDouble({ models }, async (double) => {
      const model = openOllama(ollamaConfig(double.url))
      await model.describe('llama3.2', { signal: never })
      double.misbehave('/api/chat', { kind: 'hang' })
      const stop = new AbortController()
      const calls = Array.from({ length: 1_001 }, () => failure(model.chat(ask('?', { signal: stop.signal }))))
      while (double.of('/api/chat').length === 0) await pause(10)
      const error = await failure(model.chat(ask()))
      assert.deepEqual([error.code, error.retryable], ['MODEL_BUSY', true])
      stop.abort()
      assert.ok((await Promise.all(calls)).every(({ code }) => code === 'STOPPED'))
      assert.equal(double.of('/api/chat').length, 1)
      double.behave()
      assert.equal((await model.chat(ask())).text, 'ok')
    })
  })
})
