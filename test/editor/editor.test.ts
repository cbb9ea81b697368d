// biome-ignore-all lint/performance/useDomNodeTextContent: what a person sees is meant, not what the document holds
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Node-RED's placeholders for the environment
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import type { Browser } from 'playwright-core'
import type { Language } from '../../build/catalogue.ts'
import { type FormRow, formOf, rowsOf } from '../../build/fields.ts'
import { type NodeSource, nodeSources } from '../../build/nodes.ts'
import { type Editor, noChromium, openEditor, startBrowser } from '../helpers/editor.ts'
import { loopback } from '../helpers/loopback.ts'
import { type FlowNode, type NodeRed, startNodeRed } from '../helpers/node-red.ts'
import { type Portal, startPortal } from '../portal/server.ts'
import { readmePicture } from './pictures.ts'
import type { Chosen } from './seen.ts'
import { others, refusals } from './values.ts'

/** Where pictures of the dialogs go, for a person to look at: `SCREENSHOTS=/tmp/shots node --test test/editor/`. */
const pictures = process.env.SCREENSHOTS
/** All icons are drawn in it; test/package/html.test.ts holds that. */
const iconColour = '#333'

const options = { skip: noChromium, timeout: 540_000 }
const nodes = await nodeSources()

/** Not the type itself: Node-RED takes a property whose value is a config node's id, `type` too, for a reference to it. */
const idOf = (type: string) => `one-${type}`

/** One of each node, wired to nothing and configured as new ones are. */
function flows(portal: string, silent: string): FlowNode[] {
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
  return [
    // Disabled: what is tried in the dialogs must not run.
    { id: 'tab', type: 'tab', label: 'test', disabled: true },
    ...made,
    { id: silentPortal, type: 'ysh-aneel-portal', name: 'silent', url: silent },
  ]
}

const silentPortal = 'two-ysh-aneel-portal'

const rowsOfNode = ({ declaration }: NodeSource) => rowsOf(formOf(declaration))
const prefixOf = (node: NodeSource) => (isFlowNode(node) ? 'node-input' : 'node-config-input')

const fetchNode = idOf('ysh-aneel-fetch')

function isFlowNode({ declaration }: NodeSource): boolean {
  return declaration.category !== 'config'
}

describe('the editor', options, () => {
  let portal: Portal
  let silent: Portal
  let red: NodeRed
  let browser: Browser
  before(async () => {
    portal = await startPortal({ datasets: {} })
    silent = await startPortal({ datasets: {} })
    silent.misbehave({ kind: 'api-down' })
    red = await startNodeRed({ flows: flows(portal.url, silent.url) })
    browser = await startBrowser()
    if (pictures !== undefined) mkdirSync(pictures, { recursive: true })
  })
  after(async () => {
    await browser?.close()
    await red?.dispose()
    await portal?.close()
    await silent?.close()
  })

  async function withEditor(
    settings: Parameters<typeof openEditor>[2],
    work: (editor: Editor) => Promise<void>,
  ): Promise<void> {
    const editor = await openEditor(browser, red.url, settings)
    try {
      await work(editor)
      // Dead letters and API keys are asked of stores that this test leads nowhere; their tables have tests of their own.
      assert.deepEqual(
        editor.problems.filter((problem) => !/\/ysh\/(dead-letters|api\/keys)\?/.test(problem)),
        [],
      )
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

  const openDialog = (editor: Editor, node: NodeSource) =>
    isFlowNode(node) ? editor.edit(idOf(node.type)) : editor.editConfig(node.type, idOf(node.type))

  /** All of the dialog is there, in the language, and can be read. */
  async function isReadable(editor: Editor, node: NodeSource, language: Language): Promise<void> {
    const { type, catalogues } = node
    await unfold(editor)
    const form = editor.page.locator('.ysh-form').last()
    const text = await form.innerText()
    for (const { field, when } of rowsOfNode(node)) {
      const label = catalogues[language].need(`fields.${field}.label`)
      if (when === undefined) assert.ok(text.includes(label), `${type}: no "${label}"`)
    }
    assert.doesNotMatch(text, /\b(fields|sections|form|check|list)\.[a-z]/, `${type} shows a key`)
    assert.equal(await form.locator('.input-error').count(), 0, `${type}: a field of a good node is marked`)
    assert.deepEqual(await editor.ask('look'), { clipped: [], faint: [] }, type)
    await picture(editor, `${type}-${language}`)
  }

  /** Every value that breaks a rule is marked and explained, and the mark goes when it is right again. */
  async function refusesWhatIsWrong(editor: Editor, node: NodeSource, language: Language): Promise<void> {
    const wrong = refusals(rowsOfNode(node), node.catalogues[language])
    assert.deepEqual(
      await editor.ask('refuse', prefixOf(node), wrong),
      wrong.map(({ field, says }) => ({ field, marked: true, said: says, stillMarked: false })),
      node.type,
    )
  }

  /** What the node holds after Done, by what stood in the form. */
  function heldBy(rows: readonly FormRow[], chosen: readonly Chosen[]): Record<string, unknown> {
    const kinds = new Map(
      rows.map(({ field, origin, rules }) => [field, origin === 'credential' ? 'secret' : rules.kind]),
    )
    return Object.fromEntries(
      chosen.flatMap(({ field, value }) => {
        const kind = kinds.get(field)
        return kind === 'secret' ? [] : [[field, kind === 'integer' || kind === 'number' ? Number(value) : value]]
      }),
    )
  }

  const held = (editor: Editor, { type }: NodeSource, fields: readonly string[]): Promise<unknown> =>
    editor.page.evaluate(
      `Object.fromEntries(${JSON.stringify(fields)}.map((field) => [field, RED.nodes.node("${idOf(type)}")[field]]))`,
    )

  /** What was saved last, by type: what the forms must show. */
  const saved = new Map<string, Chosen[]>()

  function expected({ type }: NodeSource): Record<string, Chosen['value']> {
    return Object.fromEntries(
      (saved.get(type) ?? []).map(({ field, widget, value }) => [field, widget === 'password' ? '__PWRD__' : value]),
    )
  }

  async function showsWhatWasSaved(editor: Editor, node: NodeSource): Promise<void> {
    const before = saved.get(node.type) ?? []
    assert.deepEqual(await editor.ask('read', prefixOf(node), before), expected(node), node.type)
  }

  /** Gives every field another value, presses Done, and looks at the node. */
  async function saves(editor: Editor, node: NodeSource, turn: number): Promise<void> {
    const rows = rowsOfNode(node)
    const chosen = others(rows, turn)
    const shown = await editor.ask('read', prefixOf(node), chosen)
    await editor.ask('choose', prefixOf(node), chosen)
    const all = chosen.map((each): Chosen => {
      const old = shown[each.field]
      // lists grow
      return Array.isArray(each.value) && Array.isArray(old) ? { ...each, value: [...old, ...each.value] } : each
    })
    saved.set(node.type, all)
    await editor.done()
    const should = heldBy(rows, all)
    assert.deepEqual(await held(editor, node, Object.keys(should)), should, node.type)
  }

  async function deploy({ page }: Editor): Promise<void> {
    const answer = page.waitForResponse(
      (response) => response.url().endsWith('/flows') && response.request().method() === 'POST',
    )
    await page.locator('#red-ui-header-button-deploy').click()
    assert.equal((await answer).status(), 200)
  }

  for (const [language, dark] of [
    ['en-US', false],
    ['pt-BR', true],
  ] as const) {
    test(`palette, nodes, ports and help speak ${language} and can be read`, async () => {
      await withEditor({ language, dark }, async (editor) => {
        const { page } = editor
        const palette = await page.locator('#red-ui-palette').innerText()
        assert.deepEqual(await editor.ask('nodes', iconColour), { clipped: [], faint: [] })
        for (const { type, catalogues, declaration } of nodes) {
          const catalogue = catalogues[language]
          if (declaration.category === 'ysh') {
            assert.ok(palette.includes(catalogue.need('palette.label.ysh')), 'category')
            const label = page.locator(`.red-ui-palette-node[data-palette-type="${type}"]`)
            // Long labels are broken over lines.
            assert.equal(
              (await label.textContent())?.replaceAll(/\s/g, ''),
              catalogue.need('label').replaceAll(/\s/g, ''),
            )
            const outputs = declaration.outputs ?? []
            assert.deepEqual(
              await page.evaluate(
                `(({ _def }, count) => Array.from({ length: count }, (_, at) => _def.outputLabels.call(RED.nodes.node("${idOf(type)}"), at)))(RED.nodes.node("${idOf(type)}"), ${outputs.length})`,
              ),
              outputs.map((name) => catalogue.need(`outputs.${name}`)),
            )
          }
          await page.evaluate(`RED.sidebar.help.show(${JSON.stringify(type)})`)
          await page.getByRole('heading', { level: 1, name: catalogue.need('label') }).waitFor()
          const help = page.locator('.red-ui-help').last()
          assert.match(await help.innerText(), language === 'pt-BR' ? /Configuração/ : /Configuration/, type)
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
      await readmePicture(page, 'dataset-list', { of: '.red-ui-tray-wrapper', height: 600 })
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
    await withEditor({ language: 'en-US' }, async (editor) => {
      const { page } = editor
      const choose = async (id: string) => {
        await page.evaluate(`RED.nodes.node(${JSON.stringify(fetchNode)}).portal = ${JSON.stringify(id)}`)
        await editor.edit(fetchNode)
        await page.locator('#node-input-dataset').click()
      }
      await choose(silentPortal)
      await page.getByText('The portal does not answer (').waitFor()
      const contracts = await page.locator('.ysh-picker-item').count()
      assert.ok(contracts >= 10 && contracts < 30, `${contracts}`)
      await picture(editor, 'list-silent')
      await editor.cancel()
      await choose('')
      await page.getByText("Deploy the portal's node").waitFor()
    })
  })

  // Last, because from here on the nodes are set to what leads nowhere.
  for (const [turn, language, dark] of [
    [1, 'en-US', false],
    [2, 'pt-BR', true],
  ] as const) {
    test(`every dialog in ${language}, ${dark ? 'dark' : 'light'}: shows what was saved, refuses what is wrong, saves what is right`, async () => {
      await withEditor({ language, dark }, async (editor) => {
        for (const node of nodes) {
          await openDialog(editor, node)
          await isReadable(editor, node, language)
          await showsWhatWasSaved(editor, node)
          await refusesWhatIsWrong(editor, node, language)
          await saves(editor, node, turn)
        }
        await deploy(editor)
      })
    })
  }

  test('after deploy and reload every dialog shows what was saved, and Done changes nothing', async () => {
    const response = await fetch(`${red.url}/flows`, { headers: { 'Node-RED-API-Version': 'v1' } })
    const stored: FlowNode[] = JSON.parse(await response.text())
    assert.doesNotMatch(JSON.stringify(stored), /secret \d/, 'a credential is in the flow')
    for (const node of nodes) {
      const { id: _, ...rest } = stored.find(({ id }) => id === idOf(node.type)) ?? { id: '' }
      const should = heldBy(rowsOfNode(node), saved.get(node.type) ?? [])
      assert.deepEqual({ ...rest, ...should }, rest, node.type)
    }
    await withEditor({ language: 'en-US' }, async (editor) => {
      for (const node of nodes) {
        await openDialog(editor, node)
        await showsWhatWasSaved(editor, node)
        await editor.done()
      }
      assert.equal(await editor.page.evaluate('RED.nodes.dirty()'), false)
    })
  })
})
