import { mkdirSync } from 'node:fs'
import { test } from 'node:test'
import { noChromium, openEditor, startBrowser } from '../helpers/editor.ts'
import { startNodeRed } from '../helpers/node-red.ts'
import { startPortal } from '../portal/server.ts'

const dir = '/tmp/shots'
test('shots', { skip: noChromium, timeout: 200_000 }, async () => {
  mkdirSync(dir, { recursive: true })
  const portal = await startPortal({ datasets: {} })
  const red = await startNodeRed({
    flows: [
      { id: 'tab', type: 'tab', label: 'test' },
      { id: 'stores', type: 'ysh-stores', name: '' },
      { id: 'portal', type: 'ysh-aneel-portal', name: '', url: portal.url },
      { id: 'fetch', type: 'ysh-aneel-fetch', z: 'tab', dataset: 'aneel.tarifas', stores: 'stores', portal: 'portal', x: 300, y: 100, wires: [[], []], keepPersonal: ['nome'], archive: true, mode: 'incremental', format: 'csv', parts: '', concurrency: 1, queueLimit: 100, timeoutSeconds: 0 },
      { id: 'blank', type: 'ysh-aneel-fetch', z: 'tab', dataset: '', stores: '', portal: '', x: 300, y: 200, wires: [[], []] },
    ],
  })
  const browser = await startBrowser()
  try {
    for (const [language, dark] of [['en-US', false], ['pt-BR', true]] as const) {
      const editor = await openEditor(browser, red.url, { language, dark })
      const shot = (name: string) => editor.page.screenshot({ path: `${dir}/${name}-${language}.png` })
      await shot('canvas')
      await editor.edit('fetch')
      await shot('fetch')
      await editor.page.evaluate('document.querySelectorAll(".ysh-form details").forEach((d) => d.open = true)')
      await shot('fetch-open')
      await editor.page.locator('#node-input-dataset').click()
      await editor.page.locator('.ysh-picker-item').first().waitFor()
      await shot('fetch-list')
      await editor.page.locator('#node-input-dataset').fill('geracao distr')
      await shot('fetch-filter')
      await editor.page.keyboard.press('Escape')
      await editor.page.locator('#node-input-parts').fill('2024 2025')
      await editor.page.locator('#node-input-parts').press('Tab')
      await editor.page.locator('#node-input-parts').hover()
      await editor.page.waitForTimeout(700)
      await shot('fetch-invalid')
      await editor.cancel()
      for (const [type, id] of [['ysh-stores', 'stores'], ['ysh-aneel-portal', 'portal']] as const) {
        await editor.editConfig(type, id)
        await editor.page.evaluate('document.querySelectorAll(".ysh-form details").forEach((d) => d.open = true)')
        await shot(type)
        await editor.cancel()
      }
      await editor.page.evaluate('RED.sidebar.help.show("ysh-aneel-fetch")')
      await editor.page.waitForTimeout(500)
      await shot('help')
      console.log(language, editor.problems)
      await editor.close()
    }
  } finally {
    await browser.close()
    await red.dispose()
    await portal.close()
  }
})
