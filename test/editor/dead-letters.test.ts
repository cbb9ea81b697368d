// biome-ignore-all lint/performance/useDomNodeTextContent: what a person sees is meant, not what the document holds
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { noChromium, openEditor, startBrowser } from '../helpers/editor.ts'
import { type FlowNode, type NodeRed, startNodeRed } from '../helpers/node-red.ts'

const at = { z: 'tab', x: 200, y: 100, stores: 'stores' }
/** At the start three messages outside any run go to the node as failed. */
const flows: FlowNode[] = [
  { id: 'tab', type: 'tab', label: 'test' },
  { id: 'stores', type: 'ysh-stores', name: '', folder: '', postgresUrl: '', redisUrl: '', keepDays: 90 },
  {
    id: 'inject',
    type: 'inject',
    ...at,
    once: true,
    onceDelay: '0.1',
    props: [{ p: 'payload', v: '["x","y","z"]', vt: 'json' }],
    wires: [['make']],
  },
  {
    id: 'make',
    type: 'function',
    ...at,
    outputs: 1,
    libs: [],
    func: `return [msg.payload.map((topic) => ({ topic, payload: topic, error: { message: topic + ' <b>is</b> broken', code: 'HTTP_404' } }))]`,
    wires: [['dead']],
  },
  {
    id: 'dead',
    type: 'ysh-dead-letter',
    name: '',
    ...at,
    flow: '',
    concurrency: 4,
    queueLimit: 1000,
    timeoutSeconds: 0,
    wires: [['kept'], ['again'], []],
  },
  { id: 'kept', type: 'function', ...at, outputs: 1, libs: [], func: `node.warn('kept ' + msg.topic)`, wires: [[]] },
  { id: 'again', type: 'function', ...at, outputs: 1, libs: [], func: `node.warn('again ' + msg.topic)`, wires: [[]] },
]

describe('the table of dead letters', { skip: noChromium, timeout: 180_000 }, () => {
  let red: NodeRed
  let browser: Browser
  before(async () => {
    red = await startNodeRed({ flows })
    for (const topic of ['x', 'y', 'z']) await red.line(new RegExp(`kept ${topic}`))
    browser = await startBrowser()
  })
  after(async () => {
    await browser?.close()
    await red?.dispose()
  })

  test('shows what is open, redrives and discards what is chosen, and leaves the node unchanged', async () => {
    const editor = await openEditor(browser, red.url, { language: 'pt-BR' })
    try {
      const { page } = editor
      await editor.edit('dead')
      const rows = page.locator('.ysh-letters tbody tr')
      await rows.nth(2).waitFor()
      const row = (topic: string) => rows.filter({ has: page.locator('td:nth-child(2)', { hasText: topic }) })
      assert.match(
        (await row('x').innerText()).replaceAll(/\s+/g, ' ').trim(),
        /^x HTTP_404 x <b>is<\/b> broken 1 \d+ min$/,
      )
      const note = page.locator('.ysh-letters-note')
      assert.equal(await note.innerText(), 'Em aberto: 3 de 3')
      const [redrive, discard] = ['Reenviar', 'Descartar'].map((name) => page.getByRole('button', { name }))
      assert.ok(redrive && discard)
      assert.equal(await redrive.isDisabled(), true)
      await row('y').locator('input').check()
      assert.equal(await discard.isDisabled(), true, 'a discard wants its reason')
      await redrive.click()
      await red.line(/again y/)
      await page.waitForFunction('document.querySelectorAll(".ysh-letters tbody tr").length === 2')
      assert.match(await note.innerText(), /^Reenviadas: 1 \(execuções: 1\)/)
      await row('x').locator('input').check()
      await page.getByPlaceholder('Motivo do descarte').fill('não existe mais')
      await discard.click()
      await page.waitForFunction('document.querySelectorAll(".ysh-letters tbody tr").length === 1')
      assert.match(await row('z').innerText(), /HTTP_404/)
      if (process.env.SCREENSHOTS !== undefined)
        await page.screenshot({ path: `${process.env.SCREENSHOTS}/dead-letters.png` })
      await editor.done()
      assert.equal(await page.evaluate('RED.nodes.dirty()'), false)
      assert.deepEqual(editor.problems, [])
    } finally {
      await editor.close()
    }
  })
})
