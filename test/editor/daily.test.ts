import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { type DailyWorld, startDailyWorld } from '../flows/daily-world.ts'
import { flowNodes } from '../flows/running.ts'
import { type Editor, noChromium, openEditor, startBrowser } from '../helpers/editor.ts'
import { deploy, importExample } from '../helpers/editor-actions.ts'
import { type EmbeddedFolder, embeddedFolder } from '../helpers/embedded-folder.ts'
import { type NodeRed, startNodeRed } from '../helpers/node-red.ts'
import { readmePicture } from './pictures.ts'

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
    editor = await openEditor(browser, red.url, { language: 'en-US', size: { width: 1_640, height: 1_060 } })
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
    await page.evaluate(`RED.workspaces.show('ysh-daily')`)

    // What a test does not wait for: fewer datasets and pages, no pauses for others' sake.
    for (const node of flowNodes('flows/daily.json')) {
      const { id, ...changed } = world.change(node)
      const differs = Object.entries(changed).filter(([name, value]) => node[name] !== value)
      if (differs.length > 0)
        await page.evaluate(`Object.assign(RED.nodes.node('${id}'), ${JSON.stringify(Object.fromEntries(differs))})`)
    }
    assert.deepEqual(
      await page.evaluate(
        `RED.nodes.filterNodes({}).filter((node) => !node.valid || node.type === 'unknown').map(({ id }) => id)`,
      ),
      [],
    )
    await deploy(page, red)

    await page.locator('[id="ysh-daily-run"] .red-ui-flow-node-button-button').click()
    // seven items: two datasets, two pages, three documents
    const end = page.locator('[id="ysh-daily-end"] .red-ui-flow-node-status-label')
    try {
      await end.filter({ hasText: '7/7' }).waitFor({ timeout: 90_000 })
    } catch (cause) {
      throw new Error(`${JSON.stringify(await statuses(page))}\n${red.output().slice(-4_000)}`, { cause })
    }
    const answer = await fetch(`${red.url}/ysh/runs?stores=ysh-stores-default`, { signal: AbortSignal.timeout(30_000) })
    const { runs }: { runs: { state: string; flow: string }[] } = JSON.parse(await answer.text())
    assert.deepEqual(
      runs.map(({ state, flow }) => [state, flow.split('/').at(-1)]),
      [['done', 'ysh-daily-run']],
      red.output().slice(-4_000),
    )
    // A node shows a new status a second later at most.
    const settled = {
      join: '2/2',
      'pages-join': '2/2',
      'documents-join': '3/3',
      enrich: 'enriched',
      cache: '3 renewed',
    }
    for (const [node, words] of Object.entries({ ...settled, mail: '1 queued' }))
      await page.locator(`[id="ysh-daily-${node}"] .red-ui-flow-node-status-label`, { hasText: words }).waitFor()
    const shown = await statuses(page)
    assert.ok(shown.length > 12, JSON.stringify(shown))
    assert.deepEqual(
      shown.filter(({ fill }) => fill === 'red'),
      [],
    )
    for (let looks = 0; world.mail.got.length === 0 && looks < 200; looks += 1) await page.waitForTimeout(100)
    assert.deepEqual(
      world.mail.got.map(({ to }) => to),
      [['gente@x.example']],
    )
    assert.deepEqual(world.ollama.violations, [])
    assert.deepEqual(editor.problems, [])

    // the canvas whole, and our own nodes in the palette
    await page.evaluate(`RED.actions.invoke('core:toggle-sidebar'); RED.actions.invoke('core:toggle-show-grid')`)
    await page.locator('.red-ui-palette-node[data-palette-type="ysh-vector-search"]').scrollIntoViewIfNeeded()
    await readmePicture(page, 'daily-flow')
  })

  test('the flow of the API, imported beside it, shares its stores and other config nodes', async () => {
    const { page } = editor
    await importExample(page, 'Pipelines', 'api')
    const configs: { type: string; id: string }[] = await page.evaluate(
      `(() => { const all = []; RED.nodes.eachConfig(({ type, id }) => all.push({ type, id })); return all })()`,
    )
    const of = (type: string) => configs.filter((node) => node.type === type).map(({ id }) => id)
    assert.deepEqual(of('ysh-stores'), ['ysh-stores-default'])
    assert.deepEqual(of('ysh-ollama'), ['ysh-ollama-default'])
    assert.equal(of('global-config').length, 1)
    const [api] = of('ysh-api')
    assert.equal(await page.evaluate(`RED.nodes.node('${api}').stores`), 'ysh-stores-default')
    assert.deepEqual(
      await page.evaluate(`RED.nodes.filterNodes({}).filter((node) => !node.valid).map(({ id }) => id)`),
      [],
    )
    await deploy(page, red)
    const refused = await fetch(`${red.url}/api/v1/datasets`, { signal: AbortSignal.timeout(30_000) })
    assert.equal(refused.status, 401)
    assert.deepEqual(editor.problems, [])
  })
})
