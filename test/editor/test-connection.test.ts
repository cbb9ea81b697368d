// biome-ignore-all lint/performance/useDomNodeTextContent: what a person sees is meant, not what the document holds
import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:net'
import { after, before, describe, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { type Editor, noChromium, openEditor, startBrowser } from '../helpers/editor.ts'
import { loopback } from '../helpers/loopback.ts'
import { type NodeRed, startNodeRed } from '../helpers/node-red.ts'
import { type Portal, startPortal } from '../portal/server.ts'
import { type QdrantDouble, startQdrantDouble } from '../qdrant/server.ts'

describe('"Test connection" of the stores and of the portal', { skip: noChromium, timeout: 240_000 }, () => {
  let portal: Portal
  let qdrant: QdrantDouble
  let other: Server
  let keys: string[]
  let red: NodeRed
  let browser: Browser
  let editor: Editor
  before(async () => {
    portal = await startPortal({ datasets: {} })
    qdrant = await startQdrantDouble({ apiKey: 'kept-key' })
    // Another server, which writes down what it is sent.
    keys = []
    other = createServer((socket) => socket.on('data', (bytes) => keys.push(String(bytes)) && socket.destroy()))
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    red = await startNodeRed({
      flows: [
        { id: 'tab', type: 'tab', label: 'test' },
        { id: 'stores', type: 'ysh-stores', name: '', qdrantUrl: qdrant.url, allowAddresses: loopback },
        { id: 'portal', type: 'ysh-aneel-portal', name: '', url: portal.url },
      ],
      credentials: { stores: { qdrantApiKey: 'kept-key' } },
    })
    browser = await startBrowser()
    editor = await openEditor(browser, red.url, { language: 'en-US' })
  })
  after(async () => {
    await editor?.close()
    await browser?.close()
    await red?.dispose()
    other?.close()
    await qdrant?.stop()
    await portal?.close()
  })

  const formOf = () => editor.page.locator('.ysh-form').last()
  async function press(said: RegExp): Promise<void> {
    await formOf().getByRole('button', { name: 'Test connection' }).click()
    await formOf().getByText(said).waitFor()
  }
  async function picture(name: string): Promise<void> {
    if (process.env.SCREENSHOTS) await editor.page.screenshot({ path: `${process.env.SCREENSHOTS}/${name}.png` })
  }

  test('each server of the stores says so, or why not; a kept key goes nowhere else', async () => {
    await editor.editConfig('ysh-stores', 'stores')
    await press(/^Qdrant answers$/)
    const field = (name: string) => editor.page.locator(`#node-config-input-${name}`)
    await field('redisUrl').fill('redis://127.0.0.1:9')
    await field('postgresUrl').fill('postgresql://me@127.0.0.1:9/none')
    await press(/^PostgreSQL cannot be used: STORE_UNAVAILABLE: /)
    assert.match(await formOf().innerText(), /Redis cannot be used: STORE_UNAVAILABLE: [\s\S]*Qdrant answers/)
    await picture('stores-test')
    await field('qdrantApiKey').fill('mistyped')
    await press(/^Qdrant cannot be used: STORE_DENIED: /)
    await field('postgresUrl').fill('http://no-database')
    await press(/^Not tested: CONFIG: .*postgresUrl/)
    await editor.cancel()

    const address = other.address()
    await editor.editConfig('ysh-stores', 'stores')
    await field('qdrantUrl').fill(`http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`)
    await press(/^Qdrant cannot be used: /)
    assert.ok(keys.length > 0 && !keys.join('').includes('kept-key'), keys.join(''))
    await field('qdrantUrl').fill('')
    await press(/^Nothing to ask: everything is embedded$/)
    await editor.cancel()
    assert.deepEqual([...editor.problems.filter((problem) => !/400/.test(problem)), ...qdrant.violations], [])
  })

  test('the portal tells how much it has, by one request; the address guard holds', async () => {
    const before = portal.requests.length
    await editor.editConfig('ysh-aneel-portal', 'portal')
    await press(/^The portal answers and has \d+ datasets$/)
    assert.equal(portal.requests.length - before, 1)
    await picture('portal-test')
    const url = formOf().getByLabel('Address')
    await url.fill('http://169.254.169.254/latest')
    await press(/^No connection: ADDRESS_REFUSED: /)
    const silent = portal.misbehave({ kind: 'api-down' })
    await url.fill(portal.url)
    await press(/^No connection: (HTTP_|PORTAL_)\w+: /)
    silent.remove()
    await editor.cancel()
    assert.equal(await editor.page.evaluate('RED.nodes.dirty()'), false)
  })
})
