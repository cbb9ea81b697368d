// biome-ignore-all lint/performance/useDomNodeTextContent: what a person sees is meant, not what the document holds
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { after, before, describe, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { noChromium, openEditor, startBrowser } from '../helpers/editor.ts'
import { type NodeRed, startNodeRed } from '../helpers/node-red.ts'
import { readmePicture } from './pictures.ts'
import { runFlows as flows } from './run-flows.ts'

const picture = async (page: Page, name: string) => {
  if (process.env.SCREENSHOTS !== undefined)
    await page.screenshot({ path: `${process.env.SCREENSHOTS}/${name}.png`, animations: 'disabled' })
}

describe('the runs in the editor', { skip: noChromium, timeout: 300_000 }, () => {
  let red: NodeRed
  let browser: Browser
  before(async () => {
    red = await startNodeRed({ flows })
    await red.line(/ended first failed/)
    await red.line(/ended2 report failed/)
    browser = await startBrowser()
  })
  after(async () => {
    await browser?.close()
    await red?.dispose()
  })

  test('shows runs and their items, text as text, and leads to nodes on the canvas', async () => {
    const { page, problems, close } = await openEditor(browser, red.url, { language: 'en-US', dark: true })
    try {
      await page.evaluate('RED.actions.invoke("ysh:show-runs-tab")')
      const rows = page.locator('.ysh-runs-row')
      await rows.nth(1).waitFor()
      assert.match(
        await rows.nth(1).innerText(),
        /Nightly tariffs\s+failed[\s\S]*by an event · first[\s\S]*✓ 2 +✗ 2[\s\S]*RUN_FAILED/,
      )
      await page.locator('.ysh-runs-chip.ysh-runs-bad').first().waitFor()
      await picture(page, 'runs-sidebar-dark')
      const flow = page.locator('.ysh-runs-filters select').first()
      await flow.selectOption({ label: 'Report' })
      await page.waitForFunction('document.querySelectorAll(".ysh-runs-row").length === 1')
      await flow.selectOption('')
      await rows.nth(1).click()
      const steps = page.locator('.ysh-runs-step')
      await steps.nth(3).waitFor()
      const broken = steps.filter({ hasText: 'bb' }).first()
      assert.match(
        await broken.innerText(),
        /each file[\s\S]*bb[\s\S]*failed[\s\S]*<img src=x onerror="window.hacked=1"> bb is broken[\s\S]*What to do/,
      )
      assert.equal(await page.evaluate('window.hacked'), undefined)
      assert.equal(await page.locator('.ysh-runs img').count(), 0)
      await page.evaluate('RED.workspaces.show("tab2")')
      await broken.getByRole('link', { name: /each file/ }).click()
      await page.waitForFunction('RED.workspaces.active() === "tab" && RED.nodes.node("each").highlighted')
      await picture(page, 'runs-details-dark')
      await page.getByText('Input of the run').click()
      assert.match(await page.locator('.ysh-runs-json pre').first().innerText(), /"bb"/)
      assert.deepEqual(problems, [])
    } finally {
      await close()
    }
  })

  test('resumes after the cause was mended, redrives, and replays, with a question before each', async () => {
    const { page, problems, close } = await openEditor(browser, red.url, {
      language: 'en-US',
      size: { width: 1_300, height: 900 },
    })
    try {
      await page.evaluate('RED.actions.invoke("ysh:show-runs-tab")')
      const row = (words: RegExp) => page.locator('.ysh-runs-row').filter({ hasText: words })
      await row(/Report/)
        .first()
        .waitFor()
      await picture(page, 'runs-sidebar-light')
      await row(/Report/)
        .first()
        .click()
      await page.locator('.ysh-runs-step').first().waitFor()
      assert.match(
        await page.locator('.ysh-runs-details').innerText(),
        /tell the team[\s\S]*notify@1[\s\S]*Notifications/,
      )
      await fetch(`${red.url}/repair`, { method: 'POST' })
      const dialog = page.locator('.ysh-runs-dialog')
      await page.getByRole('button', { name: 'Resume' }).click()
      await dialog.getByRole('button', { name: 'Leave it' }).click()
      await dialog.waitFor({ state: 'detached' })
      assert.doesNotMatch(red.output(), /ended2 report done/)
      await page.getByRole('button', { name: 'Resume' }).click()
      await dialog.getByLabel(/Reason/).fill('the check was mended')
      await picture(page, 'runs-question')
      await dialog.getByRole('button', { name: 'Yes: Resume' }).click()
      await red.line(/ended2 report done/)
      await page.locator('.ysh-runs-details h2', { hasText: 'done' }).waitFor()
      assert.match(await page.locator('.ysh-runs-details').innerText(), /resumed by editor \(the check was mended\)/)

      // What the step was given and gave; from there the run is done again.
      await page.getByText('Input and output').first().click()
      await page.getByRole('button', { name: 'Replay from here' }).click()
      await dialog.getByRole('button', { name: /^Yes/ }).click()
      await red.line(/ended2 replay 1 of report done/)
      await page.locator('.ysh-runs-details h2', { hasText: 'done' }).waitFor()
      assert.match(await page.locator('.ysh-runs-details').innerText(), /Replay of/)
      await page.getByRole('button', { name: /Back/ }).click()

      await row(/first[\s\S]*RUN_FAILED/).click()
      await page.getByRole('button', { name: 'Redrive dead letters' }).click()
      assert.match(await dialog.innerText(), /The 2 failed items/)
      await dialog.getByRole('button', { name: /^Yes/ }).click()
      await red.line(/ended redrive 1 of first done/)
      await page.locator('.ysh-runs-details h2', { hasText: 'done' }).waitFor()
      const worked = [...red.output().matchAll(/worked (\w+)/g)].map(([, key]) => key)
      assert.deepEqual(worked.slice(4).sort(), ['bb', 'dd'])
      await page.getByRole('button', { name: 'Replay', exact: true }).click()
      await page.keyboard.press('Escape')
      await dialog.waitFor({ state: 'detached' })
      await page.getByRole('button', { name: 'Data and status' }).click()
      await page.getByText('No dataset has been published yet.').waitFor()
      await picture(page, 'runs-status-light')
      await page.locator('.ysh-runs-nav').getByRole('button', { name: 'Runs' }).click()
      await row(/Report/)
        .first()
        .waitFor()
      await readmePicture(page, 'runs-sidebar')
      assert.deepEqual(problems, [])
    } finally {
      await close()
    }
  })

  test('says of a node that was deleted that it is gone', async () => {
    await red.deploy(flows.filter(({ id }) => id !== 'notify'))
    const context = await browser.newContext({ locale: 'pt-BR', viewport: { width: 360, height: 740 } })
    const page = await context.newPage()
    try {
      await page.goto(`${red.url}/ysh-pipeline/runs/`)
      await page
        .locator('.ysh-runs-row')
        .filter({ hasText: /Report[\s\S]*report/ })
        .first()
        .click()
      await page.locator('.ysh-runs-step', { hasText: 'notify (excluído)' }).waitFor()
    } finally {
      await context.close()
    }
  })
})

describe('the page of runs behind the login', { skip: noChromium, timeout: 240_000 }, () => {
  let red: NodeRed
  let browser: Browser
  before(async () => {
    const bcrypt: { hashSync(password: string, rounds: number): string } = createRequire(import.meta.url)('bcryptjs')
    const password = bcrypt.hashSync('a secret', 4)
    const users = [
      { username: 'ana', password, permissions: '*' },
      { username: 'rui', password, permissions: 'read' },
    ]
    red = await startNodeRed({
      flows,
      settings: { adminAuth: { type: 'credentials', users }, httpAdminRoot: '/admin' },
    })
    await red.line(/ended first failed/)
    await red.line(/ended2 report failed/)
    browser = await startBrowser()
  })
  after(async () => {
    await browser?.close()
    await red?.dispose()
  })

  const root = () => `${red.url}/admin`
  /** The JSON of an answer, whose properties the caller looks at. */
  const jsonOf = async (response: Response): Promise<Record<string, unknown>> => Object(await response.json())
  async function tokenOf(username: string): Promise<string> {
    const body = new URLSearchParams({
      client_id: 'node-red-admin',
      grant_type: 'password',
      scope: '',
      username,
      password: 'a secret',
    })
    return String((await jsonOf(await fetch(`${root()}/auth/token`, { method: 'POST', body }))).access_token)
  }
  const ask = (path: string, token?: string, init: RequestInit = {}) =>
    fetch(`${root()}/ysh/history/${path}`, {
      ...init,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    })

  test('refuses everybody without a login, and acting to who may only read', async () => {
    for (const path of ['stores', 'may', 'overview', 'runs']) assert.equal((await ask(path)).status, 401, path)
    const [ana, rui] = [await tokenOf('ana'), await tokenOf('rui')]
    const { runs } = await jsonOf(await ask('runs', rui))
    assert.ok(Array.isArray(runs))
    const known: Record<string, unknown>[] = runs
    assert.deepEqual(known.map(({ slot }) => slot).sort(), ['first', 'report'])
    const id = known.find(({ slot }) => slot === 'report')?.id
    for (const path of [`runs/${id}`, `runs/${id}/steps`]) {
      assert.equal((await ask(path)).status, 401, path)
      assert.equal((await ask(path, rui)).status, 200, path)
    }
    assert.equal((await ask('may', rui)).status, 401)
    assert.equal((await ask('may', ana)).status, 204)
    for (const act of ['resume', 'cancel', 'replay']) {
      assert.equal((await ask(`runs/${id}/${act}`, undefined, { method: 'POST' })).status, 401)
      assert.equal((await ask(`runs/${id}/${act}`, rui, { method: 'POST' })).status, 401)
    }
    const refused = await ask(`runs/${id}/cancel`, ana, { method: 'POST' })
    assert.deepEqual([refused.status, (await jsonOf(refused)).code], [409, 'RUN_STATE'])
    assert.equal((await ask('runs/nonsense', ana)).status, 400)
    assert.equal((await ask('runs?before=x', ana)).status, 400)
  })

  test('works on a phone, in Portuguese, with the login of Node-RED, under its own policy', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const context = await browser.newContext({
        locale: 'pt-BR',
        viewport: { width: 360, height: 740 },
        hasTouch: true,
        colorScheme,
      })
      const page = await context.newPage()
      const problems: string[] = []
      page.on('pageerror', (error) => problems.push(error.message))
      page.on('console', (message) => {
        if (message.type() === 'error' && !/40[13]/.test(message.text())) problems.push(message.text())
      })
      try {
        const response = await page.goto(`${root()}/ysh-pipeline/runs`)
        assert.match(response?.headers()['content-security-policy'] ?? '', /default-src 'none'; script-src 'self'/)
        await page.getByLabel('Usuário').fill(colorScheme === 'light' ? 'ana' : 'rui')
        await page.getByLabel('Senha').fill('wrong')
        await page.getByRole('button', { name: 'Entrar' }).click()
        await page.getByText('Usuário ou senha incorretos.').waitFor()
        await page.getByLabel('Senha').fill('a secret')
        await picture(page, `page-login-${colorScheme}`)
        await page.getByRole('button', { name: 'Entrar' }).click()
        const rows = page.locator('.ysh-runs-row')
        await rows.nth(1).waitFor()
        assert.match(await rows.nth(1).innerText(), /Nightly tariffs\s+falhou/)
        await page.locator('.ysh-runs-chip').first().waitFor()
        await picture(page, `page-list-${colorScheme}`)
        if (colorScheme === 'light') await readmePicture(page, 'runs-page')
        await rows.nth(1).click()
        await page.locator('.ysh-runs-step').nth(3).waitFor()
        const acts = page.getByRole('button', { name: 'Retomar' })
        if (colorScheme === 'light') await acts.waitFor()
        else {
          assert.equal(await acts.count(), 0)
          await page.getByText('Você pode ver, mas não agir.').waitFor()
        }
        assert.equal(
          await page.evaluate('document.documentElement.scrollWidth <= innerWidth'),
          true,
          'nothing sticks out',
        )
        await picture(page, `page-details-${colorScheme}`)
        const small = await page.evaluate(contrasts)
        assert.deepEqual(small, [], 'contrast of at least 4.5')
        await page.getByRole('button', { name: 'Dados e situação' }).click()
        await page.getByText('Nenhum incidente em aberto.').waitFor()
        await page.getByRole('button', { name: 'Sair' }).click()
        await page.getByLabel('Usuário').waitFor()
        assert.deepEqual(problems, [])
      } finally {
        await context.close()
      }
    }
  })
})

/** Script: texts whose contrast to what is behind them is less than 4.5. */
const contrasts = `(() => {
  const rgb = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number)
  const light = ([r, g, b]) => { const [x, y, z] = [r, g, b].map((v) => v / 255).map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * x + 0.7152 * y + 0.0722 * z }
  const behind = (el) => { for (let e = el; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c.length === 3 || c[3] === 1) return c } return [255, 255, 255] }
  const low = []
  for (const el of document.querySelectorAll('.ysh-runs *')) {
    if (![...el.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()) || !el.offsetParent) continue
    const [a, b] = [light(rgb(getComputedStyle(el).color)), light(behind(el))].sort((x, y) => y - x)
    if ((a + 0.05) / (b + 0.05) < 4.5) low.push(el.className + ': ' + el.textContent.slice(0, 30) + ' ' + getComputedStyle(el).color)
  }
  return low
})()`
