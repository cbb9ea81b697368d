// biome-ignore-all lint/performance/useDomNodeTextContent: what a person sees is meant, not what the document holds
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { type Editor, noChromium, openEditor, startBrowser } from '../helpers/editor.ts'
import { type NodeRed, startNodeRed } from '../helpers/node-red.ts'
import { type OllamaDouble, startOllamaDouble } from '../ollama/double.ts'

describe('"Test connection" of ysh-ollama in the editor', { skip: noChromium, timeout: 240_000 }, () => {
  let double: OllamaDouble
  let foreign: OllamaDouble
  let red: NodeRed
  let browser: Browser
  let editor: Editor
  before(async () => {
    double = await startOllamaDouble({ models: ['llama3.2', 'bge-m3'], token: 'kept-token' })
    foreign = await startOllamaDouble()
    red = await startNodeRed({
      flows: [
        { id: 'tab', type: 'tab', label: 'test' },
        { id: 'server', type: 'ysh-ollama', name: '', url: double.url },
      ],
      credentials: { server: { token: 'kept-token' } },
    })
    browser = await startBrowser()
    editor = await openEditor(browser, red.url, { language: 'en-US' })
  })
  after(async () => {
    await editor?.close()
    await browser?.close()
    await red?.dispose()
    await double?.stop()
    await foreign?.stop()
  })

  test('shows version and models, or what is wrong, for what stands in the form', async () => {
    await editor.editConfig('ysh-ollama', 'server')
    const form = editor.page.locator('.ysh-form').last()
    const press = async (said: RegExp) => {
      await form.getByRole('button', { name: 'Test connection' }).click()
      await form.getByText(said).waitFor()
    }
    await press(/^Ollama 0\.0\.0-double at http:\/\/127\.0\.0\.1:\d+$/)
    assert.match(await form.innerText(), /Models there: 2\s+llama3\.2:latest · 0\.0 GB\s+bge-m3:latest/)
    if (process.env.SCREENSHOTS) await editor.page.screenshot({ path: `${process.env.SCREENSHOTS}/ollama-test.png` })
    assert.equal(double.requests.at(-1)?.authorization, 'Bearer kept-token')

    // a token typed anew counts; a wrong one is said to be wrong
    const token = form.getByLabel('Token')
    await token.fill('mistyped')
    await press(/^No connection: MODEL_UNAVAILABLE: .* wants another token \(HTTP 401\)/)
    assert.equal(await form.getByText('Models there').isVisible(), false)
    await token.fill('kept-token')
    await press(/^Ollama 0/)

    const url = form.getByLabel('Address')
    await url.fill('http://127.0.0.1:9')
    await press(/^No connection: MODEL_UNAVAILABLE: .*cannot be reached/)
    foreign.misbehave('/api/version', { kind: 'body', body: '<html>', type: 'text/html' }, 1)
    await url.fill(foreign.url)
    await press(/^No connection: MODEL_ANSWER: .*a web page/)
    await press(/^Ollama 0/)
    assert.match(await form.innerText(), /No models there yet/)
    await editor.cancel()
    assert.equal(await editor.page.evaluate('RED.nodes.dirty()'), false)
    assert.deepEqual([...double.violations, ...foreign.violations, ...editor.problems], [])
  })

  test('a token that is kept is not sent to another address', async () => {
    foreign.requests.length = 0
    await editor.editConfig('ysh-ollama', 'server')
    const form = editor.page.locator('.ysh-form').last()
    await form.getByLabel('Address').fill(foreign.url)
    await form.getByRole('button', { name: 'Test connection' }).click()
    await form.getByText(/^Ollama 0/).waitFor()
    assert.deepEqual(
      foreign.requests.map(({ path, authorization }) => [path, authorization]),
      [
        ['/api/version', undefined],
        ['/api/tags', undefined],
      ],
    )
    await editor.cancel()
  })
})
