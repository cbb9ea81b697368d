// biome-ignore-all lint/performance/useDomNodeTextContent: what a person sees is meant, not what the document holds
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Node-RED's placeholders for the environment
import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:net'
import { after, before, describe, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { type Editor, noChromium, openEditor, startBrowser } from '../helpers/editor.ts'
import { loopback } from '../helpers/loopback.ts'
import { type NodeRed, startNodeRed } from '../helpers/node-red.ts'
import { type Portal, startPortal } from '../portal/server.ts'
import { type QdrantDouble, startQdrantDouble } from '../qdrant/server.ts'
import { type MailReceiver, startMail } from '../steps/notify/receivers.ts'

describe('"Test connection" of stores, portal and mail server', { skip: noChromium, timeout: 240_000 }, () => {
  let portal: Portal
  let qdrant: QdrantDouble
  let mail: MailReceiver
  let other: Server
  let keys: string[]
  let red: NodeRed
  let browser: Browser
  let editor: Editor
  before(async () => {
    portal = await startPortal({ datasets: {} })
    qdrant = await startQdrantDouble({ apiKey: 'kept-key' })
    // Another server, which writes down what it is sent.
    keys = []
    other = createServer((socket) => socket.on('data', (bytes) => keys.push(String(bytes)) && socket.destroy()))
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    mail = await startMail()
    red = await startNodeRed({
      env: {
        ...{ YSH_TEST_QDRANT: qdrant.url, YSH_TEST_KEY: 'kept-key', YSH_TEST_PORTAL: portal.url },
        ...{ YSH_TEST_SMTP: '127.0.0.1', YSH_TEST_SMTP_PORT: String(mail.port) },
      },
      flows: [
        { id: 'tab', type: 'tab', label: 'test' },
        { id: 'stores', type: 'ysh-stores', name: '', qdrantUrl: qdrant.url, allowAddresses: loopback },
        { id: 'portal', type: 'ysh-aneel-portal', name: '', url: portal.url },
        { id: 'mail', type: 'ysh-mail', name: '', host: '127.0.0.1', port: 25, security: 'none', from: 'a@x.example' },
      ],
      credentials: { stores: { qdrantApiKey: 'kept-key' }, mail: { user: '', password: 'kept' } },
    })
    browser = await startBrowser()
    editor = await openEditor(browser, red.url, { language: 'en-US' })
  })
  after(async () => {
    await editor?.close()
    await browser?.close()
    await red?.dispose()
    other?.close()
    await mail?.close()
    await qdrant?.stop()
    await portal?.close()
  })

  const formOf = () => editor.page.locator('.ysh-form').last()
  async function press(said: RegExp): Promise<void> {
    await formOf().getByRole('button', { name: 'Test connection' }).click()
    await formOf().getByText(said).waitFor()
  }
  async function picture(name: string): Promise<void> {
    if (process.env.SCREENSHOTS) await editor.page.screenshot({ path: `${process.env.SCREENSHOTS}/${name}.png` })
  }

  test('each server of the stores says so, or why not; a kept key goes nowhere else', async () => {
    await editor.editConfig('ysh-stores', 'stores')
    await press(/^Qdrant answers$/)
    const field = (name: string) => editor.page.locator(`#node-config-input-${name}`)
    await field('redisUrl').fill('redis://127.0.0.1:9')
    await field('postgresUrl').fill('postgresql://me@127.0.0.1:9/none')
    await press(/^PostgreSQL cannot be used: STORE_UNAVAILABLE: /)
    assert.match(await formOf().innerText(), /Redis cannot be used: STORE_UNAVAILABLE: [\s\S]*Qdrant answers/)
    await picture('stores-test')
    await field('qdrantApiKey').fill('mistyped')
    await press(/^Qdrant cannot be used: STORE_DENIED: /)
    await field('postgresUrl').fill('http://no-database')
    await press(/^Not tested: CONFIG: .*postgresUrl/)
    await editor.cancel()

    const address = other.address()
    await editor.editConfig('ysh-stores', 'stores')
    await field('qdrantUrl').fill(`http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`)
    await press(/^Qdrant cannot be used: /)
    assert.ok(keys.length > 0 && !keys.join('').includes('kept-key'), keys.join(''))
    await field('qdrantUrl').fill('')
    await press(/^Nothing to ask: everything is embedded$/)
    await editor.cancel()
    assert.deepEqual([...editor.problems.filter((problem) => !/400/.test(problem)), ...qdrant.violations], [])
  })

  test('the portal tells how much it has, by one request; the address guard holds', async () => {
    const before = portal.requests.length
    await editor.editConfig('ysh-aneel-portal', 'portal')
    await press(/^The portal answers and has \d+ datasets$/)
    assert.equal(portal.requests.length - before, 1)
    await picture('portal-test')
    const url = formOf().getByLabel('Address')
    await url.fill('http://169.254.169.254/latest')
    await press(/^No connection: ADDRESS_REFUSED: /)
    const silent = portal.misbehave({ kind: 'api-down' })
    await url.fill(portal.url)
    await press(/^No connection: (HTTP_|PORTAL_)\w+: /)
    silent.remove()
    await editor.cancel()
    assert.equal(await editor.page.evaluate('RED.nodes.dirty()'), false)
  })

  test('the mail server says so, or why not; nothing is sent', async () => {
    await editor.editConfig('ysh-mail', 'mail')
    const field = (name: string) => editor.page.locator(`#node-config-input-${name}`)
    await field('port').fill(String(mail.port))
    await press(/^Connected and logged in; nothing was sent$/)
    await field('host').fill('localhost')
    await press(/^No connection: CONFIG: The saved password is for another server/)
    await field('host').fill('127.0.0.1')
    await field('port').fill('9')
    await press(/^No connection: MAIL_UNREACHABLE: /)
    await editor.cancel()
    assert.equal(mail.got.length, 0)
  })

  test('what stands in the environment is tested as the runtime will find it, passwords too', async () => {
    const field = (name: string) => editor.page.locator(`#node-config-input-${name}`)
    await editor.editConfig('ysh-stores', 'stores')
    await field('qdrantUrl').fill('${YSH_TEST_QDRANT}')
    await press(/^Qdrant answers$/)
    await field('qdrantApiKey').fill('${YSH_TEST_KEY}')
    await press(/^Qdrant answers$/)
    await field('qdrantApiKey').fill('${YSH_TEST_PORTAL}')
    await press(/^Qdrant cannot be used: STORE_DENIED: /)
    await editor.cancel()
    await editor.editConfig('ysh-aneel-portal', 'portal')
    await field('url').fill('${YSH_TEST_PORTAL}')
    await press(/^The portal answers and has \d+ datasets$/)
    await field('url').fill('${YSH_NO_SUCH_THING}')
    await press(/^No connection: CONFIG: /)
    await editor.cancel()
    await editor.editConfig('ysh-mail', 'mail')
    await field('host').fill('${YSH_TEST_SMTP}')
    await field('port').fill('${YSH_TEST_SMTP_PORT}')
    await press(/^Connected and logged in; nothing was sent$/)
    await editor.cancel()
  })
})
