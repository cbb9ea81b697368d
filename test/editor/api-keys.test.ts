// biome-ignore-all lint/performance/useDomNodeTextContent: what a person sees is meant, not what the document holds
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { idOfKey } from '../../lib/api/access/key.ts'
import { noChromium, openEditor, startBrowser } from '../helpers/editor.ts'
import { type NodeRed, startNodeRed } from '../helpers/node-red.ts'

describe('the keys in the dialog of ysh-api', { skip: noChromium, timeout: 180_000 }, () => {
  let red: NodeRed
  let browser: Browser
  before(async () => {
    red = await startNodeRed({
      flows: [
        { id: 'tab', type: 'tab', label: 'test' },
        { id: 'stores', type: 'ysh-stores', name: '', folder: '' },
        {
          ...{ id: 'api', type: 'ysh-api', name: '', stores: 'stores', root: '/api/v1', reach: 'loopback' },
          ...{ requestsPerMinute: 600, burst: 100, jwksUrl: '', issuer: '', audiences: [], requiredClaims: [] },
          ...{ scopeClaim: '', scopeMap: [], origins: [], proxies: [], collection: 'documents', ollama: '' },
        },
        { id: 'in', type: 'http in', z: 'tab', x: 1, y: 1, url: '/mine', method: 'get', wires: [['access']] },
        { id: 'access', type: 'ysh-api-access', z: 'tab', x: 1, y: 1, api: 'api', scope: 'runs', wires: [['out'], []] },
        { id: 'out', type: 'http response', z: 'tab', x: 1, y: 1, wires: [] },
      ],
    })
    await red.line(/There is no API key yet/)
    browser = await startBrowser()
  })
  after(async () => {
    await browser?.close()
    await red?.dispose()
  })
  const status = async (key: string) =>
    (await fetch(`${red.url}/mine`, { headers: { 'x-api-key': key }, signal: AbortSignal.timeout(20_000) })).status

  test('one is made, shown once, and revoked; the node stays as it was', async () => {
    const editor = await openEditor(browser, red.url, { language: 'pt-BR' })
    try {
      const { page } = editor
      await editor.editConfig('ysh-api', 'api')
      const box = page.locator('.ysh-keys')
      await box.getByText('Ainda não há chaves.').waitFor()
      await box.getByPlaceholder('Nome da nova chave').fill('<b>relatórios</b>')
      await box.getByPlaceholder('Termina em (dias)').fill('30')
      for (const scope of ['datasets', 'documents', 'events'])
        await box.getByRole('checkbox', { name: scope }).uncheck()
      await box.getByRole('button', { name: 'Criar' }).click()
      const row = box.locator('tr')
      await row.first().waitFor()
      const key = await box.locator('.ysh-keys-new input').inputValue()
      assert.equal(idOfKey(key), await row.getAttribute('data-key'))
      assert.match(
        (await row.innerText()).replaceAll(/\s+/g, ' '),
        /^<b>relatórios<\/b> \w{12} runs nunca usada até \d/,
      )
      assert.equal(await status(key), 200)
      if (process.env.SCREENSHOTS !== undefined)
        await page.screenshot({ path: `${process.env.SCREENSHOTS}/api-keys.png` })
      await row.getByRole('button', { name: 'Revogar' }).click()
      await row.getByText('revogada').waitFor()
      assert.equal(await status(key), 401)
      await editor.cancel()
      assert.equal(await page.evaluate('RED.nodes.dirty()'), false)
      // never shown again
      await editor.editConfig('ysh-api', 'api')
      await row.first().waitFor()
      assert.equal(await box.locator('.ysh-keys-new input').count(), 0)
      assert.deepEqual(editor.problems, [])
    } finally {
      await editor.close()
    }
  })
})
