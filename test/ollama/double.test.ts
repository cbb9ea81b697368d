import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { Ollama } from 'ollama'
import { startOllamaDouble } from './double.ts'

describe('the double of Ollama', async () => {
  const double = await startOllamaDouble({
    models: ['llama3.2', 'bge-m3', { name: 'qwen3-vl:8b', capabilities: ['completion', 'vision'] }],
    registry: ['nomic-embed-text'],
    reply: ({ messages }) => `You said: ${messages.at(-1)?.content}`,
  })
  const client = new Ollama({ host: double.url })
  after(() => double.stop())

  test("answers Ollama's own client", async () => {
    assert.deepEqual(
      (await client.list()).models.map(({ name }) => name),
      ['llama3.2:latest', 'bge-m3:latest', 'qwen3-vl:8b'],
    )
    assert.deepEqual((await client.show({ model: 'bge-m3' })).capabilities, ['embedding'])
    const { embeddings } = await client.embed({ model: 'bge-m3', input: ['tarifa de energia', 'tarifa', 'outro'] })
    assert.deepEqual(
      embeddings.map(({ length }) => length),
      [64, 64, 64],
    )
    const near = (a: number, b: number) =>
      (embeddings[a] ?? []).reduce((sum, value, at) => sum + value * (embeddings[b]?.[at] ?? 0), 0)
    assert.ok(near(0, 1) > near(0, 2), 'texts that share words are nearer')
    let text = ''
    for await (const { message } of await client.chat({
      model: 'llama3.2',
      messages: [{ role: 'user', content: 'olá, tudo bem?' }],
      stream: true,
    })) {
      text += message.content
    }
    assert.equal(text, 'You said: olá, tudo bem?')
    const pulled: string[] = []
    for await (const { status } of await client.pull({ model: 'nomic-embed-text', stream: true })) pulled.push(status)
    assert.equal(pulled.at(-1), 'success')
    assert.ok(double.models.has('nomic-embed-text:latest'))
    await assert.rejects(client.show({ model: 'none' }), /model 'none' not found/)
    await assert.rejects(client.embed({ model: 'llama3.2', input: 'x' }), /does not support embeddings/)
    await assert.rejects(
      client.embed({ model: 'bge-m3', input: 'x'.repeat(40_000), truncate: false }),
      /context length/,
    )
    assert.deepEqual(double.violations, [])
  })

  test('finds requests that break the published description', async () => {
    for (const [path, body] of [
      ['/api/chat', { model: 'llama3.2', messages: [{ role: 'user', text: 'x' }] }],
      ['/api/embed', { model: 'bge-m3', input: [1], keepAlive: '5m' }],
      ['/api/embed', { model: 'bge-m3', input: 'x', keep_alive: '-1' }],
      ['/api/nothing', {}],
    ]) {
      const { status } = await fetch(`${double.url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      assert.equal(status, 400)
    }
    assert.equal(double.violations.length, 4)
    assert.match(double.violations.join('\n'), /keepAlive/)
  })
})
