import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { type Editor, noChromium, openEditor, startBrowser } from '../helpers/editor.ts'
import { deploy, importExample, press, set } from '../helpers/editor-actions.ts'
import { loopback } from '../helpers/loopback.ts'
import { type NodeRed, startNodeRed } from '../helpers/node-red.ts'
import { type Portal, startPortal } from '../portal/server.ts'

/** Resolves when a debug node has shown a message with all these words, in this order. */
async function shown(red: NodeRed, node: string, ...words: string[]): Promise<void> {
  const pattern = [`\\[debug:${node}\\]`, ...words].join('((?!\\[debug:)[\\s\\S])*?')
  await red.line(new RegExp(pattern))
}

/** Has the debug nodes write to the console too, where a test can read messages whole. */
async function debugToConsole(page: Page): Promise<void> {
  await page.evaluate('RED.nodes.filterNodes({ type: "debug" }).forEach((node) => { node.console = true })')
}

describe('examples, imported and run in the editor', { skip: noChromium, timeout: 400_000 }, () => {
  let browser: Browser
  before(async () => {
    browser = await startBrowser()
  })
  after(() => browser?.close())

  /** A Node-RED with nothing in it, and its editor with the debug side bar open. */
  async function fresh(work: (editor: Editor, red: NodeRed) => Promise<void>): Promise<void> {
    const red = await startNodeRed({ flows: [] })
    try {
      const editor = await openEditor(browser, red.url, { language: 'en-US' })
      try {
        await editor.page.evaluate('RED.sidebar.show("debug")')
        await work(editor, red)
        assert.deepEqual(editor.problems, [])
        assert.doesNotMatch(red.output(), /\[error\] \[ysh-[a-z-]+:[^\]]*\] (?!The run for)/)
      } catch (error) {
        if (process.env.SCREENSHOTS !== undefined)
          await editor.page.screenshot({ path: `${process.env.SCREENSHOTS}/example-failed.png` })
        throw new Error(`${error instanceof Error ? error.message : String(error)}\n${red.output().slice(-4_000)}`, {
          cause: error,
        })
      } finally {
        await editor.close()
      }
    } finally {
      await red.dispose()
    }
  }
  const picture = async (page: Page, name: string) => {
    if (process.env.SCREENSHOTS !== undefined)
      await page.screenshot({ path: `${process.env.SCREENSHOTS}/example-${name}.png` })
  }

  test('retry: a foreign node that fails twice comes through at the third try', async () => {
    await fresh(async ({ page }, red) => {
      await importExample(page, 'Retry', '01 - Retry with backoff')
      await debugToConsole(page)
      await deploy(page, red)
      await press(page, 'inject', 'press')
      await shown(red, 'through', 'through')
      await picture(page, 'retry')
    })
  })

  test('fallback: the backup portal serves, then the last good copy', async () => {
    const primary: Portal = await startPortal({ datasets: {} })
    const backup: Portal = await startPortal({ datasets: {} })
    try {
      await fresh(async ({ page }, red) => {
        await importExample(page, 'Fallback', '01 - Backup source and last good copy')
        const soon = { tries: 1, backoffMs: 5 }
        await set(page, 'ysh-aneel-portal', 'ANEEL', { url: primary.url, ...soon })
        await set(page, 'ysh-aneel-portal', 'Backup: your mirror of the portal', { url: backup.url, ...soon })
        await set(page, 'ysh-stores', 'Data', { allowAddresses: loopback })
        await set(page, 'ysh-retry-backoff', '60 s, 3 retries', { baseSeconds: 0.1, attempts: 2 })
        await debugToConsole(page)
        await deploy(page, red)
        primary.misbehave({ kind: '500' })
        await press(page, 'ysh-run', 'every night')
        await shown(red, 'alert', 'HTTP_500')
        await shown(red, 'summary', 'done')
        assert.ok(backup.requests.length > 0)
        await picture(page, 'fallback')
        backup.misbehave({ kind: '502' })
        await press(page, 'ysh-run', 'every night')
        await shown(red, 'summary', 'cache')
      })
    } finally {
      await primary.close()
      await backup.close()
    }
  })

  test('redrive: two of five items fail, and only they are done again', async () => {
    await fresh(async ({ page }, red) => {
      await importExample(page, 'Dead letters', '01 - Redrive failed items')
      await debugToConsole(page)
      await deploy(page, red)
      await press(page, 'ysh-run', 'run')
      await shown(red, 'summary', 'failed: 2')
      await press(page, 'inject', 'list')
      await shown(red, 'answer', 'total: 2')
      await press(page, 'inject', 'repair')
      await press(page, 'inject', 'redrive bb and dd')
      await shown(red, 'summary', 'redrive 1 of', 'done: 2')
      await picture(page, 'redrive')
    })
  })

  test('without a server: a notice goes on as it is and waits; a question finds passages with citations', async () => {
    await fresh(async ({ page }, red) => {
      await importExample(page, 'Enrichment', '01 - Summarise and extract')
      // the discard port: nobody answers there, also where the machine has an Ollama server
      await set(page, 'ysh-ollama', 'Ollama', { url: 'http://127.0.0.1:9' })
      await debugToConsole(page)
      await deploy(page, red)
      await press(page, 'inject', 'a notice')
      for (const node of ['summarised', 'extracted'])
        await shown(red, node, 'waits: true', "outcome: 'deferred'", 'enriched: false', 'MODEL_UNAVAILABLE')
      await picture(page, 'enrichment')

      // into the same editor: it costs a quarter of a session of its own
      await importExample(page, 'Search', '01 - Ask a question over documents')
      await page.evaluate(`(() => {
        const nobody = (node) => { if (node.type === 'ysh-ollama') node.url = 'http://127.0.0.1:9' }
        RED.nodes.eachConfig(nobody)
      })()`)
      await debugToConsole(page)
      await deploy(page, red)
      await press(page, 'inject', 'documents')
      await shown(red, 'indexed', "outcome: 'indexed'", 'documents: 3', 'semantic: false')
      await press(page, 'inject', 'question')
      await shown(red, 'hits', 'religar a unidade consumidora em até 24 horas', "document: 'norma-religacao'")
      await shown(red, 'no model', 'MODEL_UNAVAILABLE')
      await picture(page, 'search')
    })
  })
})
