import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { noChromium, openEditor, startBrowser } from '../helpers/editor.ts'
import { deploy } from '../helpers/editor-actions.ts'
import { type NodeRed, startNodeRed } from '../helpers/node-red.ts'
import { readmePicture } from './pictures.ts'

const tab = (id: string, label: string) => ({ id, type: 'tab', label })

describe('the flow check in the editor', { skip: noChromium, timeout: 300_000 }, () => {
  let red: NodeRed
  let browser: Browser
  before(async () => {
    red = await startNodeRed({
      flows: [
        tab('other', 'Other'),
        tab('tab', 'Prices'),
        { id: 'stores', type: 'ysh-stores', name: '' },
        { id: 'gate', type: 'ysh-ollama', name: 'far away', url: 'http://ollama.example.com:11434' },
        { id: 'run', type: 'ysh-run', z: 'tab', name: 'nightly', stores: 'stores', x: 100, y: 80, wires: [['show']] },
        { id: 'show', type: 'debug', z: 'tab', name: '', complete: 'payload', active: true, x: 300, y: 80, wires: [] },
      ],
    })
    browser = await startBrowser()
  })
  after(async () => {
    await browser?.close()
    await red?.dispose()
  })

  test('lists what is found in the editor language, leads to the node, and warns after a deploy', async () => {
    for (const [language, dark, words] of [
      ['en-US', false, { why: 'No ysh-run-end can be reached', warned: 'Flow check: 1 errors', check: 'Check flows' }],
      [
        'pt-BR',
        true,
        { why: 'Nenhum ysh-run-end', warned: 'Verificação dos fluxos: 1 erros', check: 'Verificar fluxos' },
      ],
    ] as const) {
      const { page, problems, close } = await openEditor(browser, red.url, {
        ...{ language, dark },
        size: { width: 1_200, height: 800 },
      })
      await page.evaluate('RED.actions.invoke("ysh:check-flows")')
      const findings = page.locator('.ysh-check-finding')
      await findings.first().waitFor()
      assert.match((await findings.first().textContent()) ?? '', new RegExp(words.why))
      assert.match((await findings.first().textContent()) ?? '', /nightly · Prices[\s\S]*run-without-end/)

      await page.evaluate('RED.workspaces.show("other")')
      await findings.first().click()
      await page.waitForFunction('RED.workspaces.active() === "tab" && RED.nodes.node("run").highlighted')
      if (language === 'en-US') await readmePicture(page, 'flow-check', { of: '#red-ui-editor', height: 350 })
      await findings.filter({ hasText: 'ollama.example.com' }).click()
      await page
        .locator('.red-ui-palette-node.selected, .red-ui-palette-node', { hasText: 'far away' })
        .first()
        .waitFor()

      // What stands in the editor counts, not what is deployed.
      await page.evaluate('RED.sidebar.show("ysh-flow-check"); RED.nodes.node("run").d = true')
      await page.getByRole('button', { name: words.check }).click()
      await page.waitForFunction('!document.querySelector(".ysh-check-error")')
      assert.deepEqual(problems, [])
      await page.evaluate('RED.nodes.node("run").d = undefined; RED.nodes.dirty(true)')
      // The warning is there for some seconds only, and a deploy takes as long as the runtime needs: wait for both at once.
      await Promise.all([page.getByText(words.warned).first().waitFor(), deploy(page, red)])
      await close()
    }
  })
})
