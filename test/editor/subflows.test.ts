// biome-ignore-all lint/performance/useDomNodeTextContent: what a person sees is meant, not what the document holds
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { formOf, rowsOf } from '../../build/fields.ts'
import { nodeSources } from '../../build/nodes.ts'
import { subflowSources } from '../../build/subflows.ts'
import { noChromium, openEditor, startBrowser } from '../helpers/editor.ts'
import { type FlowNode, type NodeRed, startNodeRed } from '../helpers/node-red.ts'

const nodes = await nodeSources()
const subflows = subflowSources(nodes)
const configTypes = new Set(subflows.flatMap(({ spec }) => Object.values(spec.references)).map(({ type }) => type))

/** Two config nodes of each type that is chosen from, so that the right one has to be kept. */
const flows: FlowNode[] = [
  { id: 'tab', type: 'tab', label: 'test' },
  ...nodes
    .filter(({ type }) => configTypes.has(type))
    .flatMap(({ type, declaration }) => {
      const rows = rowsOf(formOf(declaration)).filter(({ origin }) => origin !== 'credential')
      const values = Object.fromEntries(rows.map(({ field, value }) => [field, value]))
      return ['one', 'two'].map((which) => ({ id: `${which}-${type}`, type, ...values, name: `${which} ${type}` }))
    }),
]

/** Drags a node from the palette to the canvas. Resolves with its id. */
async function drag(page: Page, type: string, index: number): Promise<string> {
  const item = page.locator(`.red-ui-palette-node[data-palette-type="${type}"]`)
  await item.scrollIntoViewIfNeeded()
  const from = await item.boundingBox()
  const chart = await page.locator('#red-ui-workspace-chart').boundingBox()
  assert.ok(from !== null && chart !== null)
  await page.mouse.move(from.x + from.width / 2, from.y + from.height / 2)
  await page.mouse.down()
  await page.mouse.move(chart.x + 200, chart.y + 100 + 80 * index, { steps: 8 })
  await page.mouse.up()
  await page.waitForFunction(`RED.nodes.filterNodes({ type: ${JSON.stringify(type)} }).length === 1`)
  return String(await page.evaluate(`RED.nodes.filterNodes({ type: ${JSON.stringify(type)} })[0].id`))
}

async function edit(page: Page, id: string): Promise<void> {
  await page.evaluate(`RED.editor.edit(RED.nodes.node(${JSON.stringify(id)}))`)
  await page.waitForSelector('.red-ui-tray #subflow-input-ui .form-row', { state: 'visible' })
  await page.waitForFunction(
    '[...document.querySelectorAll(".red-ui-tray")].every((tray) => Math.abs(parseFloat(getComputedStyle(tray).right)) < 1)',
  )
}

const inputOf = (name: string) => `#node-input-subflow-env-${name}`

// both languages and both versions, not all pairs of them: an editor takes its time
const pairs = [
  [5, 'pt-BR'],
  [4, 'en-US'],
] as const
for (const [version, language] of pairs) {
  describe(`subflows in the palette of Node-RED ${version}`, { skip: noChromium, timeout: 240_000 }, () => {
    let red: NodeRed
    let browser: Browser
    before(async () => {
      red = await startNodeRed({ version, flows })
      browser = await startBrowser()
    })
    after(async () => {
      await browser?.close()
      await red?.dispose()
    })

    test(`are there with name, help, ports and properties in ${language}; the dialog keeps what is chosen`, async () => {
      const editor = await openEditor(browser, red.url, { language })
      const { page } = editor
      try {
        for (const [index, { type, catalogues, module, spec }] of subflows.entries()) {
          const label = catalogues[language].need('label')
          const shown = page.locator(`.red-ui-palette-node[data-palette-type="${type}"]`)
          assert.equal(await shown.count(), 1, type)
          assert.equal((await shown.innerText()).replaceAll(/\s+/g, ' ').trim(), label)
          const help = await page.evaluate(`RED.nodes.getNodeHelp(${JSON.stringify(type)})`)
          assert.match(String(help), language === 'pt-BR' ? /Configuração/ : /Configuration/)

          const id = await drag(page, type, index)
          const of = (what: string) =>
            page.evaluate(`(() => { const node = RED.nodes.node("${id}"); return ${what} })()`)
          assert.equal(await of('RED.editor.validateNode(node)'), false, `${type} asks for its config nodes`)
          assert.deepEqual(
            await of('[0, 1, 2].slice(0, node.outputs).map((port) => node._def.outputLabels(port))'),
            spec.outputs.map((output) => catalogues[language].need(`outputs.${output}`)),
          )
          await edit(page, id)
          const labels = await page.locator('#subflow-input-ui .form-row > label').allInnerTexts()
          assert.deepEqual(
            labels.map((text) => text.trim()),
            module.env.map(({ ui }) => ui.label[language]),
          )
          for (const [name, reference] of Object.entries(spec.references))
            await page.locator(inputOf(name)).selectOption(`two-${reference.type}`)
          if (process.env.SCREENSHOTS !== undefined)
            await page.screenshot({ path: `${process.env.SCREENSHOTS}/${type}-${version}-${language}.png` })
          await editor.done()

          assert.equal(await of('node.valid'), true, JSON.stringify(await of('node.validationErrors')))
          for (const [name, reference] of Object.entries(spec.references)) {
            const chosen = `two-${reference.type}`
            assert.equal(await of(`node.${name}`), chosen)
            // or the editor calls it unused, and an export leaves it out
            assert.equal(await of(`RED.nodes.node("${chosen}").users.includes(node)`), true, `${type}.${name}`)
          }
          await edit(page, id)
          for (const [name, reference] of Object.entries(spec.references))
            assert.equal(await page.locator(inputOf(name)).inputValue(), `two-${reference.type}`)
          await editor.done()
        }
        assert.deepEqual(editor.problems, [])
      } finally {
        await editor.close()
      }
    })
  })
}
