import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import type { NodeRed } from './node-red.ts'

/**
 * Imports an example as a person does: menu, examples, its name, and a click on the canvas. Where config nodes of the example are there already,
 * the editor asks, and is told to import a copy, which shares them.
 */
export async function importExample(page: Page, folder: string, name: string): Promise<void> {
  const before = await page.evaluate('RED.nodes.filterNodes({}).length')
  await page.evaluate('RED.actions.invoke("core:show-import-dialog")')
  const dialog = page.locator('.ui-dialog', { has: page.locator('#red-ui-clipboard-dialog-ok') })
  await dialog.waitFor()
  await dialog.getByRole('link', { name: /^(Examples|Exemplos)$/ }).click()
  // whole and as it is written: `api` is no folder `API`
  const entry = (text: string) =>
    dialog
      .locator('.red-ui-treeList-label', { hasText: new RegExp(`^\\s*${text.replaceAll(/[^\w\s]/g, '\\$&')}\\s*$`) })
      .filter({ visible: true })
  for (const text of ['@ysh/node-red-data-pipeline', folder]) await entry(text).first().click()
  await entry(name).first().click()
  await page.locator('#red-ui-clipboard-dialog-ok').click()
  await dialog.waitFor({ state: 'hidden' })
  // the dialog closes before the file has come
  const copy = page.locator('.red-ui-notification').getByRole('button', { name: /^(Import copy|Importar cópia)$/ })
  const come = `RED.nodes.filterNodes({}).length > ${before}`
  await Promise.race([page.waitForFunction(come), copy.waitFor()])
  if (await copy.isVisible()) await copy.click()
  await page.waitForFunction(come)
}

/** Presses Deploy, and waits until the runtime has it. */
export async function deploy(page: Page, red: NodeRed): Promise<void> {
  const starts = red.output().split('Started flows').length
  await page.locator('#red-ui-header-button-deploy').click()
  // The editor may want to know whether unused configuration nodes and the like are meant.
  await page.waitForFunction('!RED.nodes.dirty() || document.querySelector(".red-ui-notification button.primary")')
  if (await page.evaluate('RED.nodes.dirty()'))
    await page.locator('.red-ui-notification button.primary').first().click()
  await page.waitForFunction('!RED.nodes.dirty()')
  // the editor is told before the nodes are there, and a button that is pressed in between does nothing
  await red.line(new RegExp(`(Started flows[\\s\\S]*){${starts}}`))
}

/** Presses the button of a node, by type and name. */
export async function press(page: Page, type: string, name = ''): Promise<void> {
  const pressed = await page.evaluate(`(() => {
    const [node] = RED.nodes.filterNodes({ type: ${JSON.stringify(type)} }).filter((n) => n.name === ${JSON.stringify(name)})
    if (node === undefined) return false
    node._def.button.onclick.call(node)
    return true
  })()`)
  assert.equal(pressed, true, `${type} ${name}`)
}

/** Changes settings of nodes before they are deployed: what a person would type into their dialogs. */
export async function set(page: Page, type: string, name: string, values: Record<string, unknown>): Promise<void> {
  const found = await page.evaluate(`(() => {
    let found = 0
    const look = (node) => {
      if (node.type !== ${JSON.stringify(type)} || node.name !== ${JSON.stringify(name)}) return
      Object.assign(node, ${JSON.stringify(values)})
      found += 1
    }
    RED.nodes.eachNode(look)
    RED.nodes.eachConfig(look)
    return found
  })()`)
  assert.equal(found, 1, `${type} ${name}`)
}
