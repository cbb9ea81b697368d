// biome-ignore-all lint/performance/useDomNodeTextContent: what a person sees is meant, not what the document holds
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { runFlows, unendingFlow } from '../editor/run-flows.ts'
import { noChromium, startBrowser } from '../helpers/editor.ts'
import { type SafeNodeRed, startSafe } from '../helpers/safe-node-red.ts'

const password = 'a-password-of-the-test'
const picture = async (page: Page, name: string) => {
  if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/${name}.png` })
}

describe('the runs under the settings of the package', { skip: noChromium, timeout: 300_000 }, () => {
  let red: SafeNodeRed
  let browser: Browser
  let context: BrowserContext
  let page: Page
  /** What the browser complained of: scripts, policies, and requests that got no answer or a bad one. */
  const problems: string[] = []
  before(async () => {
    red = await startSafe({ env: { NODE_RED_ADMIN_PASSWORD: password }, flows: [...runFlows, ...unendingFlow] })
    await Promise.all([/ended first failed/, /ended2 report failed/, /waits for ever/].map((line) => red.line(line)))
    browser = await startBrowser()
  })
  after(async () => {
    await browser?.close()
    await red?.dispose()
  })

  async function open(viewport: { width: number; height: number }, path: string, hasTouch = false): Promise<void> {
    problems.length = 0
    context = await browser.newContext({ locale: 'en-US', viewport, hasTouch })
    page = await context.newPage()
    page.setDefaultTimeout(60_000)
    page.on('pageerror', (error) => problems.push(error.message))
    // who has not logged in is told so
    const isLogin = (text: string) => /\b401\b/.test(text)
    page.on('console', (message) => {
      if (message.type() === 'error' && !isLogin(message.text())) problems.push(message.text())
    })
    page.on('requestfailed', (request) => problems.push(`${request.failure()?.errorText} ${request.url()}`))
    page.on('response', (response) => {
      if (response.status() >= 400 && response.status() !== 401) problems.push(`${response.status()} ${response.url()}`)
    })
    await page.goto(red.url + path)
  }
  /** The browser's own waiting needs eval, which the policy forbids. */
  async function until(expression: string): Promise<void> {
    for (let left = 600; !(await page.evaluate(expression)); left -= 1) {
      assert.ok(left > 0, `never: ${expression}`)
      await sleep(100)
    }
  }
  const row = (words: RegExp) => page.locator('.ysh-runs-row').filter({ hasText: words }).first()
  const dialog = () => page.locator('.ysh-runs-dialog')
  const state = (words: string) => page.locator('.ysh-runs-details h2', { hasText: words }).waitFor()
  const button = (name: string) => page.getByRole('button', { name, exact: true })
  async function act(name: string, reason = ''): Promise<void> {
    await button(name).first().click()
    if (reason !== '')
      await dialog()
        .getByLabel(/Reason/)
        .fill(reason)
    await dialog()
      .getByRole('button', { name: `Yes: ${name}` })
      .click()
    await dialog().waitFor({ state: 'detached' })
  }
  /** A run as the journal has it. */
  async function journal(words: RegExp): Promise<{ slot: string; state: string }[]> {
    const headers = { authorization: `Bearer ${await token}` }
    const answer = await fetch(`${red.url}/ysh/history/runs`, { headers, signal: AbortSignal.timeout(30_000) })
    const { runs }: { runs: { slot: string; state: string }[] } = JSON.parse(await answer.text())
    return runs.filter(({ slot }) => words.test(slot)).map(({ slot, state }) => ({ slot, state }))
  }
  let token: Promise<string>

  test('in the side bar: resume, replay with the recorded input, redrive, cancel; and into the subflow', async () => {
    await open({ width: 1_300, height: 900 }, '/')
    token = red.login(password)
    await page.locator('#node-dialog-login-username').fill('admin')
    await page.locator('#node-dialog-login-password').fill(password)
    await page.locator('#node-dialog-login-submit').click()
    await until('Boolean(window.RED && RED.nodes && RED.nodes.version && RED.nodes.version())')
    await until('!document.querySelector("#red-ui-loading-progress")?.offsetParent')
    await page.evaluate('RED.actions.invoke("ysh:show-runs-tab")')

    await row(/Unending/).click()
    const link = page.locator('.ysh-runs-step').getByRole('link', { name: /Tell them \/ by webhook/ })
    await page.evaluate('RED.workspaces.show("tab")')
    await link.click()
    await until('RED.workspaces.active() === "tab3" && RED.nodes.node("told").highlighted === true')
    await page.evaluate('RED.workspaces.show("sub")')
    await link.click()
    await until('RED.workspaces.active() === "sub" && RED.nodes.node("inner").highlighted === true')
    await picture(page, 'safe-subflow')
    await act('Cancel run', 'nobody waits for it')
    await state('cancelled')
    assert.match(await page.locator('.ysh-runs-details').innerText(), /cancelled by admin \(nobody waits for it\)/)
    assert.deepEqual(await journal(/endless/), [{ slot: 'endless', state: 'cancelled' }])
    await page.getByRole('button', { name: /Back/ }).click()

    await row(/Report/).click()
    await fetch(`${red.url}/repair`, { method: 'POST', signal: AbortSignal.timeout(30_000) })
    await act('Resume', 'mended')
    await red.line(/ended2 report done/)
    await state('done')
    await act('Replay')
    await red.line(/ended2 replay 1 of report done/)
    await state('done')
    await page.getByText('Input of the run').click()
    assert.match(await page.locator('.ysh-runs-json pre').first().innerText(), /all well/)
    await page.getByText('Input and output').first().click()
    await act('Replay from here')
    await red.line(/ended2 replay [^\n]*done[\s\S]*ended2 replay [^\n]*done/)
    await state('done')
    await page.getByRole('button', { name: /Back/ }).click()

    await row(/first[\s\S]*RUN_FAILED/).click()
    await act('Redrive dead letters')
    await red.line(/ended redrive 1 of first done/)
    await state('done')
    await picture(page, 'safe-redriven')
    assert.deepEqual(
      (await journal(/first/)).sort((a, b) => a.slot.localeCompare(b.slot)),
      [
        { slot: 'first', state: 'failed' },
        { slot: 'redrive 1 of first', state: 'done' },
      ],
    )
    assert.deepEqual(problems, [])
    await context.close()
  })

  test('on the page, 375 pixels wide: nothing is cut, and every button can be pressed', async () => {
    await open({ width: 375, height: 667 }, '/ysh-pipeline/runs', true)
    await page.getByLabel('User').fill('admin')
    await page.getByLabel('Password').fill(password)
    await fits('phone-login')
    await button('Log in').tap()
    await row(/Unending/).waitFor()
    await fits('phone-list')
    await row(/Unending/).tap()
    await page.locator('.ysh-runs-step').first().waitFor()
    await page.getByText('Input and output').first().tap()
    await button('Replay from here').waitFor()
    await fits('phone-details')
    await button('Resume').tap()
    await dialog().waitFor()
    await fits('phone-question')
    await dialog().getByRole('button', { name: 'Yes: Resume' }).tap()
    await button('Cancel run').waitFor()
    await button('Cancel run').tap()
    await dialog().getByRole('button', { name: 'Yes: Cancel run' }).tap()
    await state('cancelled')
    await page.getByRole('button', { name: /Back/ }).tap()
    await row(/first[\s\S]*RUN_FAILED/).tap()
    await page.locator('.ysh-runs-step').nth(3).waitFor()
    await fits('phone-failed')
    await button('Data and status').tap()
    await page.getByText('No open incidents.').waitFor()
    await fits('phone-status')
    await button('Log out').tap()
    await page.getByLabel('User').waitFor()
    assert.deepEqual(problems, [])
    await context.close()
  })

  async function fits(name: string): Promise<void> {
    await picture(page, name)
    assert.deepEqual(await page.evaluate(cut), [], name)
  }
})

/** Script: what sticks out of the window, and buttons that are too small for a finger or lie under something else. */
const cut = `(() => {
  const found = []
  if (document.documentElement.scrollWidth > innerWidth) found.push('the page scrolls sideways: ' + document.documentElement.scrollWidth)
  for (const el of document.querySelectorAll('body *')) {
    if (!el.checkVisibility() || el.closest('pre')) continue
    const box = el.getBoundingClientRect()
    if (box.width > 0 && (box.left < -1 || box.right > innerWidth + 1)) found.push('sticks out: ' + el.className + ' ' + el.textContent.slice(0, 40))
  }
  const modal = document.querySelector('dialog[open], [aria-modal=true]') ?? document
  for (const el of modal.querySelectorAll('button, select, input:not([type=checkbox]), summary')) {
    if (!el.checkVisibility()) continue
    el.scrollIntoView({ block: 'center' })
    const box = el.getBoundingClientRect()
    const words = el.tagName + ' ' + (el.textContent || el.name).slice(0, 40)
    if (box.height < 24) found.push('too low for a finger: ' + words + ' ' + box.height)
    const hit = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2)
    if (hit === null || !(el === hit || el.contains(hit) || hit.contains(el))) found.push('under something: ' + words)
  }
  scrollTo(0, 0)
  return found
})()`
