// biome-ignore-all lint/performance/useDomNodeTextContent: what a person sees is meant, not what the document holds
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { type Editor, noChromium, openEditor, startBrowser } from '../helpers/editor.ts'
import { loopback } from '../helpers/loopback.ts'
import { type FlowNode, type NodeRed, startNodeRed } from '../helpers/node-red.ts'
import { openSite, type Site, trialRecipe } from '../helpers/scraping.ts'

const page = (
  heading: string,
  more = '',
) => `<!doctype html><html><head><title>Tarifas</title></head><body><h2>${heading}</h2>
<table><tr><th>Subgrupo</th>${more}<th>Energia (R$/kWh)</th></tr>
<tr><td>B1</td>${more && '<td>x</td>'}<td>0,61791</td></tr><tr><td>B2</td>${more && '<td>x</td>'}<td>0,5</td></tr></table>
<a href="/nd.pdf">ND 5.30</a></body></html>`

function flows(url: string): FlowNode[] {
  return [
    { id: 'tab', type: 'tab', label: 'test' },
    { id: 'stores', type: 'ysh-stores', name: '', folder: '', allowAddresses: loopback },
    { id: 'in', type: 'inject', z: 'tab', name: '', props: [], x: 100, y: 60, wires: [['scrape']] },
    {
      ...{
        id: 'scrape',
        type: 'ysh-utility-scrape',
        z: 'tab',
        name: 'scrape',
        recipe: '',
        url,
        stores: 'stores',
        x: 300,
        y: 60,
      },
      ...{
        ownRecipe: JSON.stringify(trialRecipe),
        contact: '',
        paceMs: '0',
        tries: '1',
        wires: [['one'], ['two'], ['three']],
      },
    },
    ...['one', 'two', 'three'].map((id, at) => ({
      ...{ id, type: 'debug', z: 'tab', name: id, active: true, console: true, complete: 'payload', targetType: 'msg' },
      ...{ x: 500, y: 60 + 40 * at, wires: [] },
    })),
  ]
}

describe('the recipe of ysh-utility-scrape in the editor', { skip: noChromium, timeout: 240_000 }, () => {
  let site: Site
  let red: NodeRed
  let browser: Browser
  let editor: Editor
  before(async () => {
    site = await openSite(page('Tarifa convencional'))
    red = await startNodeRed({ flows: flows(site.url) })
    browser = await startBrowser()
    editor = await openEditor(browser, red.url, { language: 'en-US' })
  })
  after(async () => {
    await editor?.close()
    await browser?.close()
    await red?.dispose()
    await site?.close()
  })
  const pictures = process.env.SCREENSHOTS
  const picture = async (name: string) => {
    if (pictures !== undefined) await editor.page.screenshot({ path: `${pictures}/${name}.png` })
  }
  const tryIt = async () => {
    await editor.page.getByRole('button', { name: 'Try it' }).click()
    const panel = editor.page.locator('.ysh-trial')
    await panel.waitFor({ state: 'visible' })
    return await panel.innerText()
  }
  const inject = () => editor.page.evaluate('RED.nodes.node("in")._def.button.onclick.call(RED.nodes.node("in"))')

  test('a recipe of the package is chosen, shows what it reads, and is copied to begin an own one', async () => {
    await editor.edit('scrape')
    const form = editor.page.locator('.ysh-form').last()
    const select = form.getByRole('combobox', { name: 'Recipe' })
    await select.selectOption('celesc-tarifas')
    assert.match(await form.innerText(), /www\.celesc\.com\.br.*Fills utility\.tarifas/)
    assert.equal(await form.locator('textarea.ysh-recipe-json').isVisible(), false)
    await form.getByRole('button', { name: 'Copy to an own recipe' }).click()
    const json = form.locator('textarea.ysh-recipe-json')
    await json.waitFor({ state: 'visible' })
    assert.match(await json.inputValue(), /^\{\n {2}"recipe": "celesc-tarifas"/)
    await json.fill('{ "recipe": ')
    assert.match(await form.innerText(), /This is no JSON yet/)
    await editor.cancel()
  })

  test('"try it" shows what would be extracted, and stores nothing', async () => {
    await editor.edit('scrape')
    const shown = await tryIt()
    assert.match(shown, /Tarifas — http:\/\/127\.0\.0\.1/)
    assert.match(shown, /utility\.tarifas · 2/)
    assert.match(shown, /PROVA\s+convencional\s+B1\s+tarifa\s+energia\s+617\.91\s+R\$\/MWh/)
    assert.match(shown, /Documents: 1[\s\S]*ND 5\.30/)
    await picture('scrape-trial')
    // a page that the recipe does not fit: what it has instead
    site.page.body = page('Preços de energia')
    const failed = await tryIt()
    assert.match(failed, /TABLE_NOT_FOUND: table convencional: the page has no table named/)
    assert.match(failed, /Tables of the page: 1\s+Preços de energia\s+Subgrupo \| Energia \(R\$\/kWh\)\s+2/)
    await picture('scrape-trial-failed')
    site.page.body = page('Tarifa convencional')
    await editor.cancel()
    assert.equal(await editor.page.evaluate('RED.nodes.dirty()'), false)
  })

  test('a held layout is shown with its difference, accepted in the editor, and then published', async () => {
    await inject()
    await red.line(/outcome: 'published'/)
    site.page.body = page('Tarifa convencional', '<th>Classe</th>')
    await inject()
    await red.line(/outcome: 'stale'/)
    await editor.edit('scrape')
    const shown = await tryIt()
    assert.match(
      shown,
      /The layout is not the accepted one:[\s\S]*header 2[\s\S]*was “energia \(r\$\/kwh\)”, is “classe”/,
    )
    await picture('scrape-held')
    await editor.page.getByRole('button', { name: 'Accept this layout' }).click()
    await editor.page.getByText('Accepted: the next message publishes.').waitFor()
    await editor.cancel()
    await inject()
    await red.line(/outcome: 'unchanged'[\s\S]*the same rows again/)
    assert.deepEqual(editor.problems, [])
  })
})
