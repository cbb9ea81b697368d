import { existsSync, readFileSync } from 'node:fs'
import { transformSync } from 'esbuild'
import { type Browser, chromium, type Page } from 'playwright-core'
import type { Inspect } from '../editor/seen.ts'

const candidates = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const executablePath = process.env.CHROMIUM ?? candidates.find((path) => existsSync(path))

/** Why the editor cannot be tested here; undefined where it can. */
export const noChromium =
  executablePath === undefined ? `no Chromium (${candidates.join(', ')}; or name one in CHROMIUM)` : undefined

/** Starts the browser of this machine. */
export async function startBrowser(): Promise<Browser> {
  return chromium.launch({
    ...(executablePath === undefined ? {} : { executablePath }),
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

/** The editor of a Node-RED in a window of its own. */
export interface Editor {
  readonly page: Page
  /** What went wrong in the page: errors thrown and written, without those of requests to the outside. */
  readonly problems: string[]
  /** Has the page's own script look at what is shown. */
  ask<K extends keyof Inspect>(what: K, ...parameters: Parameters<Inspect[K]>): Promise<ReturnType<Inspect[K]>>
  /** Opens the dialog of a node. */
  edit(id: string): Promise<void>
  /** Opens the dialog of a config node. */
  editConfig(type: string, id: string): Promise<void>
  /** Presses Done, and waits until the dialog has gone. */
  done(): Promise<void>
  cancel(): Promise<void>
  close(): Promise<void>
}

export interface EditorOptions {
  language: 'en-US' | 'pt-BR'
  dark?: boolean
  /** Size of the window. */
  size?: { width: number; height: number }
}

const inspect = new URL('../editor/page/inspect.ts', import.meta.url)

/** Opens the editor and waits until its flows are there. */
export async function openEditor(
  browser: Browser,
  url: string,
  { language, dark = false, size = { width: 1_400, height: 1_000 } }: EditorOptions,
): Promise<Editor> {
  const context = await browser.newContext({
    locale: language,
    viewport: size,
  })
  context.setDefaultTimeout(45_000)
  context.setDefaultNavigationTimeout(60_000) // the first load on a busy machine
  await context.addInitScript(transformSync(readFileSync(inspect, 'utf8'), { loader: 'ts', format: 'iife' }).code)
  // What the user setting "Theme" keeps in the browser.
  await context.addInitScript(`localStorage.setItem('view-dark-theme', '${dark ? 'dark' : 'light'}')`)
  const page = await context.newPage()
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(error.message))
  page.on('console', (message) => {
    const text = message.text()
    if (message.type() !== 'error' && !/oneditprepare|oneditsave|Validation error/.test(text)) return
    // The palette's catalogue is asked for outside; here is no outside.
    if (!/ERR_NAME_NOT_RESOLVED|ERR_INTERNET|ERR_CONNECTION|ERR_TUNNEL|ERR_PROXY/.test(text))
      problems.push(`${text} (${message.location().url})`)
  })
  await page.goto(url)
  // The flows are the last thing that the editor loads.
  await page.waitForFunction('window.RED && RED.nodes && RED.nodes.version && RED.nodes.version()')
  await page.waitForFunction(
    '!document.querySelector("#red-ui-loading-progress") || !document.querySelector("#red-ui-loading-progress").offsetParent',
  )
  const gone = () => page.waitForFunction('document.querySelectorAll(".red-ui-tray").length === 0')
  const opened = () => page.waitForSelector('.red-ui-tray .ysh-form', { state: 'visible' })
  const settle = () =>
    // The tray slides in; a click before it rests hits the wrong place.
    page.waitForFunction(
      '[...document.querySelectorAll(".red-ui-tray")].every((tray) => Math.abs(parseFloat(getComputedStyle(tray).right)) < 1)',
    )
  return {
    page,
    problems,
    ask: (what, ...parameters) =>
      page.evaluate(`ysh.${what}(${parameters.map((each) => JSON.stringify(each)).join()})`),
    async edit(id) {
      await page.evaluate(`RED.editor.edit(RED.nodes.node(${JSON.stringify(id)}))`)
      await opened()
      await settle()
    },
    async editConfig(type, id) {
      await page.evaluate(`RED.editor.editConfig("", ${JSON.stringify(type)}, ${JSON.stringify(id)})`)
      await opened()
      await settle()
    },
    async done() {
      await page.locator('#node-dialog-ok, #node-config-dialog-ok').last().click()
      await gone()
    },
    async cancel() {
      await page.locator('#node-dialog-cancel, #node-config-dialog-cancel').last().click()
      await gone()
    },
    close: () => context.close(),
  }
}
