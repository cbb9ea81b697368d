import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { type DailyWorld, startDailyWorld } from '../flows/daily-world.ts'
import { flowNodes } from '../flows/running.ts'
import { type Editor, noChromium, openEditor, startBrowser } from '../helpers/editor.ts'
import { deploy, importExample } from '../helpers/editor-actions.ts'
import { type EmbeddedFolder, embeddedFolder } from '../helpers/embedded-folder.ts'
import { type NodeRed, startNodeRed } from '../helpers/node-red.ts'
import { pictureOf } from './pictures.ts'

/** A status as it stands under a node. */
interface Shown {
  id: string
  fill: string
  words: string
}

const statuses = (page: Page): Promise<Shown[]> =>
  page.evaluate(`RED.nodes.filterNodes({}).filter((node) => node.status && node.status.text).map((node) => ({
    id: node.id, fill: node.status.fill, words: document.getElementById(node.id).querySelector('.red-ui-flow-node-status-label').textContent
  }))`)

describe('the daily flow in the editor', { skip: noChromium, timeout: 240_000 }, () => {
  let world: DailyWorld
  let folder: EmbeddedFolder
  let red: NodeRed
  let browser: Browser
  let editor: Editor
  before(async () => {
    world = await startDailyWorld()
    folder = await embeddedFolder()
    red = await startNodeRed({
      flows: [],
      env: { YSH_DATA_FOLDER: folder.path, YSH_INTERNAL_HOSTS: '127.0.0.1', ...world.env },
    })
    browser = await startBrowser()
    editor = await openEditor(browser, red.url, { language: 'en-US', size: { width: 1_600, height: 1_000 } })
  })
  after(async () => {
    await editor?.close()
    await browser?.close()
    await red?.dispose()
    await world?.close()
    await folder?.remove()
  })

  test('imported from the examples, deployed and started by its button, it runs to the end', async () => {
    const { page } = editor
    await importExample(page, 'Pipelines', 'daily')
    // Imported nodes hang on the pointer until a click puts them down.
    await page.mouse.move(900, 500)
    await page.mouse.click(900, 500)
    await page.evaluate(`RED.workspaces.show('ysh-daily')`)

    // What a test does not wait for: fewer datasets and pages, no pauses for others' sake.
    for (const node of flowNodes('flows/daily.json')) {
      const { id, ...changed } = world.change(node)
      const differs = Object.entries(changed).filter(([name, value]) => node[name] !== value)
      if (differs.length > 0)
        await page.evaluate(`Object.assign(RED.nodes.node('${id}'), ${JSON.stringify(Object.fromEntries(differs))})`)
    }
    assert.deepEqual(
      await page.evaluate(`RED.nodes.filterNodes({}).filter((node) => !node.valid || node.type === 'unknown').map(({ id }) => id)`),
      [],
    )
    await deploy(page, red)

    await page.locator('[id="ysh-daily-run"] .red-ui-flow-node-button-button').click()
    const end = page.locator('[id="ysh-daily-end"] .red-ui-flow-node-status-label')
    try {
      await end.filter({ hasText: /^(done|failed)/ }).waitFor({ timeout: 90_000 })
    } catch (cause) {
      await pictureOf(page, 'daily-failed')
      throw new Error(`${JSON.stringify(await statuses(page))}\n${red.output().slice(-4_000)}`, { cause })
    }
    const answer = await fetch(`${red.url}/ysh/runs?stores=ysh-stores-default`)
    const { runs }: { runs: { state: string; flow: string }[] } = JSON.parse(await answer.text())
    assert.deepEqual(
      runs.map(({ state, flow }) => [state, flow.split('/').at(-1)]),
      [['done', 'ysh-daily-run']],
      red.output().slice(-4_000),
    )
    const shown = await statuses(page)
    assert.deepEqual(shown.filter(({ fill }) => fill === 'red'), [])
    const words = new Map(shown.map(({ id, words }) => [id, words]))
    assert.deepEqual(Object.fromEntries(words), {})
    await page.waitForTimeout(0)
    assert.equal(world.mail.got.length, 1)
    assert.deepEqual(world.ollama.violations, [])
    await pictureOf(page, 'daily-flow')
    assert.deepEqual(editor.problems, [])
  })
})
