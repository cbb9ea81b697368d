// node build/picture.ts: makes docs/img/daily-flow.png, the README's picture of the flow in the editor.
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { localPages } from '../test/flows/local-pages.ts'
import type { FlowNode } from '../test/helpers/node-red.ts'
import { startPages } from '../test/pages/server.ts'
import { PRESETS, startPortal } from '../test/portal/server.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const port = 18_871
const userDir = await mkdtemp(join(tmpdir(), 'ysh-picture-'))
const pages = await startPages()
const portal = await startPortal({ datasets: PRESETS.small })
await mkdir(join(root, 'docs', 'img'), { recursive: true })
const nodes: FlowNode[] = JSON.parse(await readFile(join(root, 'flows', 'daily.json'), 'utf8'))
await writeFile(
  join(userDir, 'flows.json'),
  JSON.stringify(
    nodes.map((node) => ({
      ...localPages(node, pages.url),
      ...(node.type === 'ysh-aneel-portal' ? { url: portal.url } : {}),
      ...(node.type === 'ysh-stores' ? { allowAddresses: ['127.0.0.1'] } : {}),
    })),
  ),
)
const nodeRed = spawn(
  process.execPath,
  [join(root, 'node_modules', 'node-red', 'red.js'), '--settings', join(root, 'deploy', 'settings.cjs')],
  { env: { ...process.env, NODE_RED_USER_DIR: userDir, PORT: String(port), NODE_RED_LANG: 'pt-BR' }, stdio: 'ignore' },
)
const url = `http://127.0.0.1:${port}`
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
})
try {
  for (let tries = 0; ; tries++) {
    if (
      await fetch(url).then(
        (answer) => answer.ok,
        () => false,
      )
    )
      break
    if (tries > 150) throw new Error('Node-RED did not start')
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  const page = await browser.newPage({ viewport: { width: 2100, height: 1260 }, locale: 'pt-BR' })
  await page.goto(url)
  await page.waitForSelector('.red-ui-flow-node', { timeout: 30_000 })
  await fetch(`${url}/ysh/ysh-run/ysh-daily-run/press`, { method: 'POST' })
  await page
    .waitForFunction("document.body.textContent.includes('14/14')", undefined, { timeout: 90_000 })
    .catch(() => undefined)
  await page.waitForTimeout(1500)
  await page.screenshot({ path: join(root, 'docs', 'img', 'daily-flow.png') })
} finally {
  await browser.close()
  nodeRed.kill('SIGTERM')
  await new Promise((resolve) => nodeRed.once('exit', resolve))
  await portal.close()
  await pages.close()
  await rm(userDir, { recursive: true, force: true })
}
