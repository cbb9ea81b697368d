// biome-ignore-all lint/performance/useDomNodeTextContent: what a person sees is meant, not what the document holds
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Node-RED's placeholders for the environment
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { formOf, rowsOf } from '../../build/fields.ts'
import { type NodeSource, nodeSources } from '../../build/nodes.ts'
import { type Editor, noChromium, openEditor, startBrowser } from '../helpers/editor.ts'
import { loopback } from '../helpers/loopback.ts'
import { type FlowNode, type NodeRed, startNodeRed } from '../helpers/node-red.ts'
import { type Portal, startPortal } from '../portal/server.ts'

/** Where pictures of the dialogs go, for a person to look at: `SCREENSHOTS=/tmp/shots node --test test/editor/`. */
const pictures = process.env.SCREENSHOTS

const options = { skip: noChromium, timeout: 540_000 }
const nodes = await nodeSources()

/** Not the type itself: Node-RED takes a property whose value is a config node's id, `type` too, for a reference to it. */
const idOf = (type: string) => `one-${type}`

/** One of each node, wired to nothing and configured as new ones are. */
function flows(portal: string): FlowNode[] {
  const made = nodes.map(({ type, declaration }, index): FlowNode => {
    const rows = rowsOf(formOf(declaration)).filter((row) => row.origin !== 'credential')
    const references = Object.entries(declaration.references ?? {})
    return {
      id: idOf(type),
      type,
      ...Object.fromEntries(rows.map(({ field, value }) => [field, value])),
      ...Object.fromEntries(references.map(([name, reference]) => [name, idOf(reference.type)])),
      ...(type === 'ysh-aneel-portal' ? { url: portal } : {}),
      ...(type === 'ysh-stores' ? { allowAddresses: loopback } : {}),
      ...(declaration.category === 'config'
        ? {}
        : { z: 'tab', x: 200, y: 80 + 60 * index, wires: (declaration.outputs ?? []).map(() => []) }),
    }
  })
  return [{ id: 'tab', type: 'tab', label: 'test' }, ...made]
}

const fetchNode = idOf('ysh-aneel-fetch')

function isFlowNode({ declaration }: NodeSource): boolean {
  return declaration.category !== 'config'
}

describe('the editor', options, () => {
  let portal: Portal
  let red: NodeRed
  let browser: Browser
  before(async () => {
    portal = await startPortal({ datasets: {} })
    red = await startNodeRed({ flows: flows(portal.url) })
    browser = await startBrowser()
    if (pictures !== undefined) mkdirSync(pictures, { recursive: true })
  })
  after(async () => {
    await browser?.close()
    await red?.dispose()
    await portal?.close()
  })

  async function withEditor(
    settings: Parameters<typeof openEditor>[2],
    work: (editor: Editor) => Promise<void>,
  ): Promise<void> {
    const editor = await openEditor(browser, red.url, settings)
    try {
      await work(editor)
      assert.deepEqual(editor.problems, [])
    } finally {
      await editor.close()
    }
  }

  async function picture({ page }: Editor, name: string): Promise<void> {
    if (pictures !== undefined) await page.screenshot({ path: `${pictures}/${name}.png` })
  }

  const unfold = ({ page }: Editor) =>
    page.evaluate('for (const part of document.querySelectorAll(".ysh-form details")) part.open = true')
  const propertyOf = <T>({ page }: Editor, id: string, property: string): Promise<T> =>
    page.evaluate(`RED.nodes.node(${JSON.stringify(id)})[${JSON.stringify(property)}]`)

  for (const [language, dark] of [
    ['en-US', false],
    ['pt-BR', true],
  ] as const) {
    test(`every dialog opens in ${language}${dark ? ', dark' : ''}, all of it in that language, and closes unchanged`, async () => {
      await withEditor({ language, dark }, async (editor) => {
        for (const node of nodes) {
          const { type, declaration, catalogues } = node
          if (isFlowNode(node)) await editor.edit(idOf(type))
          else await editor.editConfig(type, idOf(type))
          await unfold(editor)
          const form = editor.page.locator('.ysh-form').last()
          const text = await form.innerText()
          for (const { field, when } of rowsOf(formOf(declaration))) {
            const label = catalogues[language].need(`fields.${field}.label`)
            if (when === undefined) assert.ok(text.includes(label), `${type}: no "${label}"`)
          }
          assert.doesNotMatch(text, /\b(fields|sections|form|check)\.[a-z]/, `${type} shows a key`)
          assert.equal(await form.locator('.input-error').count(), 0, `${type}: a field of a good node is marked`)
          await picture(editor, `${type}-${language}`)
          // Node-RED itself counts a password that was never set as changed.
          if (declaration.credentials === undefined) await editor.done()
          else await editor.cancel()
          assert.equal(await editor.page.evaluate('RED.nodes.dirty()'), false, `${type}: looking at it changed it`)
        }
      })
    })

    test(`palette, help and problems speak ${language}`, async () => {
      await withEditor({ language, dark }, async (editor) => {
        const palette = await editor.page.locator('#red-ui-palette').innerText()
        for (const { type, catalogues, declaration } of nodes) {
          const catalogue = catalogues[language]
          if (declaration.category === 'ysh') {
            assert.ok(palette.includes(catalogue.need('palette.label.ysh')), 'category')
            const label = editor.page.locator(`.red-ui-palette-node[data-palette-type="${type}"]`)
            // Long labels are broken over lines.
            assert.equal(
              (await label.textContent())?.replaceAll(/\s/g, ''),
              catalogue.need('label').replaceAll(/\s/g, ''),
            )
          }
          await editor.page.evaluate(`RED.sidebar.help.show(${JSON.stringify(type)})`)
          await editor.page.getByRole('heading', { level: 1, name: catalogue.need('label') }).waitFor()
          const help = editor.page.locator('.red-ui-help').last()
          assert.match(await help.innerText(), language === 'pt-BR' ? /Configuração/ : /Configuration/, type)
          await picture(editor, `help-${type}-${language}`)
        }
      })
    })
  }

  test('a wrong value is marked and explained, and a wrong node is marked in the flow', async () => {
    await withEditor({ language: 'pt-BR' }, async (editor) => {
      const { page } = editor
      await editor.edit(fetchNode)
      await unfold(editor)
      for (const [field, wrong, words] of [
        ['parts', '2024 2025', 'Partes: deve ser latest, latest-two, all, ou nomes com vírgulas'],
        ['queueLimit', '-1', 'Podem esperar: deve ser 0 ou mais'],
        ['concurrency', '1.5', 'Ao mesmo tempo: deve ser um número inteiro'],
        ['timeoutSeconds', 'logo', 'Tempo limite (s): deve ser um número'],
      ] as const) {
        const input = page.locator(`#node-input-${field}`)
        const before = await input.inputValue()
        await input.fill(wrong)
        await input.press('Tab')
        assert.match((await input.getAttribute('class')) ?? '', /input-error/, field)
        await input.hover()
        await page.getByText(words).waitFor()
        await page.mouse.move(0, 0)
        await input.fill(before)
        await input.press('Tab')
        assert.doesNotMatch((await input.getAttribute('class')) ?? '', /input-error/, field)
      }
      await page.locator('#node-input-queueLimit').fill('${FILA}')
      await page.locator('#node-input-queueLimit').press('Tab')
      assert.doesNotMatch((await page.locator('#node-input-queueLimit').getAttribute('class')) ?? '', /input-error/)
      await page.locator('#node-input-parts').fill('a b')
      await editor.done()
      assert.equal(await page.evaluate('RED.nodes.node("one-ysh-aneel-fetch").valid'), false)
      const errors: unknown = await page.evaluate('RED.nodes.node("one-ysh-aneel-fetch").validationErrors')
      assert.ok(JSON.stringify(errors).includes('Partes: '), JSON.stringify(errors))
      // What is wrong in a folded part unfolds it.
      await page.evaluate('RED.nodes.node("one-ysh-aneel-fetch").concurrency = "0"')
      await editor.edit(fetchNode)
      await page.waitForFunction('document.querySelector("#node-input-concurrency").closest("details").open')
      await editor.cancel()
    })
  })

  test('the list of datasets: searched as one types, without accents, by keyboard and mouse', async () => {
    await withEditor({ language: 'pt-BR', dark: true }, async (editor) => {
      const { page } = editor
      await editor.edit(fetchNode)
      const input = page.locator('#node-input-dataset')
      const items = page.locator('.ysh-picker-item')
      await input.click()
      await items.first().waitFor()
      const all = await items.count()
      assert.ok(all > 20, `${all} datasets: the contracts and the portal's others`)
      await picture(editor, 'list-all')
      await input.fill('MICRO geracao')
      await page.waitForFunction('document.querySelectorAll(".ysh-picker-item").length === 1')
      assert.match(await items.first().innerText(), /Micro e minigeração distribuída[\s\S]*diário[\s\S]*aneel\.mmgd/)
      assert.equal(await items.first().locator('.fa-check-circle').count(), 1, 'the mark of a contract')
      await picture(editor, 'list-searched')
      await input.press('Enter')
      assert.equal(await input.inputValue(), 'aneel.mmgd')
      assert.equal(await input.getAttribute('aria-expanded'), 'false')
      assert.match(await page.locator('.ysh-tip').first().innerText(), /Micro e minigeração/)

      await input.fill('bandeira')
      await items.first().waitFor()
      const second = await items.nth(1).locator('.ysh-picker-slug').innerText()
      await input.press('ArrowDown')
      assert.equal(await items.nth(1).getAttribute('aria-selected'), 'true')
      assert.equal(await input.getAttribute('aria-activedescendant'), await items.nth(1).getAttribute('id'))
      await input.press('Enter')
      assert.equal(await input.inputValue(), second.split(' · ')[0])

      await input.fill('zzz')
      await page.getByText('Nenhum conjunto desta lista').waitFor()
      await input.press('Escape')
      assert.equal(await page.locator('.ysh-picker-popup').isVisible(), false)
      assert.equal(await page.locator('.red-ui-tray').count(), 1, 'Escape closed the list, not the dialog')

      await input.fill('')
      const other = items.filter({ has: page.locator('.fa-circle-o') }).first()
      await other.waitFor()
      const slug = await other.locator('.ysh-picker-slug').innerText()
      await other.click()
      assert.equal(await input.inputValue(), slug, 'a dataset without a contract is chosen by its slug')
      await editor.done()
      assert.equal(await propertyOf(editor, fetchNode, 'dataset'), slug)
    })
  })

  test('a portal that does not answer leaves the contracts, and says so; so does one that is not deployed', async () => {
    const silent = portal.misbehave({ kind: 'api-down' })
    const other = await startNodeRed({ flows: flows(portal.url) })
    try {
      const editor = await openEditor(browser, other.url, { language: 'en-US' })
      await editor.edit(fetchNode)
      await editor.page.locator('#node-input-dataset').click()
      await editor.page.getByText('The portal does not answer (').waitFor()
      const contracts = await editor.page.locator('.ysh-picker-item').count()
      assert.ok(contracts >= 10 && contracts < 30, `${contracts}`)
      await picture(editor, 'list-silent')
      await editor.cancel()
      await editor.page.evaluate('RED.nodes.node("one-ysh-aneel-fetch").portal = ""')
      await editor.edit(fetchNode)
      await editor.page.locator('#node-input-dataset').click()
      await editor.page.getByText("Deploy the portal's node").waitFor()
      await editor.close()
    } finally {
      silent.remove()
      await other.dispose()
    }
  })

  test('what is saved is what the flow then holds: texts, numbers, ticks, lists, choices, passwords', async () => {
    await withEditor({ language: 'en-US' }, async (editor) => {
      const { page } = editor
      await editor.edit(fetchNode)
      await unfold(editor)
      await page.locator('#node-input-name').fill('My tariffs')
      await page.locator('#node-input-dataset').fill('aneel.tarifas')
      await page.locator('#node-input-dataset').press('Escape')
      await page.locator('#node-input-mode').selectOption('full')
      await page.locator('#node-input-archive').uncheck()
      await page.locator('#node-input-queueLimit').fill('7')
      const list = page.locator('#node-input-keepPersonal-list')
      const add = page.locator('.form-row', { has: list }).getByText('Add')
      for (const name of ['nom_titular', ' num_cpf ', '']) {
        await add.click()
        await list.locator('.ysh-list-entry').last().fill(name)
      }
      await editor.done()
      await editor.editConfig('ysh-stores', idOf('ysh-stores'))
      await page.locator('#node-config-input-postgresUrl').fill('postgresql://ysh@db.example/ysh')
      await page.locator('#node-config-input-postgresPassword').fill('s3cret')
      await editor.done()
      const saved = page.waitForResponse(
        (response) => response.url().endsWith('/flows') && response.request().method() === 'POST',
      )
      await page.locator('#red-ui-header-button-deploy').click()
      assert.equal((await saved).status(), 200)
    })
    const response = await fetch(`${red.url}/flows`, { headers: { 'Node-RED-API-Version': 'v1' } })
    const stored: FlowNode[] = JSON.parse(await response.text())
    const node = stored.find(({ id }) => id === fetchNode)
    assert.deepEqual(
      [node?.name, node?.dataset, node?.mode, node?.archive, node?.queueLimit, node?.keepPersonal, node?.concurrency],
      ['My tariffs', 'aneel.tarifas', 'full', false, 7, ['nom_titular', 'num_cpf'], 1],
    )
    const stores = stored.find(({ id }) => id === idOf('ysh-stores'))
    assert.equal(stores?.postgresUrl, 'postgresql://ysh@db.example/ysh')
    assert.doesNotMatch(JSON.stringify(stored), /s3cret/)
    const credentials = await fetch(`${red.url}/credentials/ysh-stores/${idOf('ysh-stores')}`)
    assert.deepEqual(JSON.parse(await credentials.text()), {
      has_postgresPassword: true,
      has_redisPassword: false,
      has_qdrantApiKey: false,
      has_s3SecretAccessKey: false,
      s3AccessKeyId: '',
    })
  })
})
