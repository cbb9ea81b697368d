import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { apiSummaryKey } from '../../lib/steps/api-cache/keys.ts'
import { tinyPdf } from '../helpers/tiny-pdf.ts'
import { type OllamaDouble, startOllamaDouble } from '../ollama/double.ts'
import { type PageServer, startPages } from '../pages/server.ts'
import { type Portal, startPortal } from '../portal/server.ts'
import { type MailReceiver, startMail } from '../steps/notify/receivers.ts'
import { localPages } from './local-pages.ts'
import { type RunningFlow, startFlow } from './running.ts'

const words = 'A tarifa de energia para os consumidores da classe residencial é de 650 kWh. Por isso não deve ser paga.'

describe('flows/daily.json', { timeout: 300_000 }, () => {
  let flow: RunningFlow
  let portal: Portal
  let pages: PageServer
  let ollama: OllamaDouble
  let mail: MailReceiver
  before(async () => {
    portal = await startPortal({ datasets: { bandeira_acionamento: 120, bandeira_adicional: 20 } })
    portal.misbehave({ kind: '502', match: 'adicional' })
    pages = await startPages()
    pages.putDocument('/wp-content/uploads/2025/05/reh20253461ti.pdf', tinyPdf(words))
    ollama = await startOllamaDouble({
      models: ['resumo'],
      reply: () => JSON.stringify({ text: 'A tarifa de energia é de 650 kWh.' }),
    })
    mail = await startMail()
    flow = await startFlow('flows/daily.json', {
      env: {
        ...{ YSH_ANEEL_URL: portal.url, YSH_OLLAMA_URL: ollama.url, YSH_OLLAMA_MODEL: 'resumo' },
        ...{ YSH_SMTP_HOST: '127.0.0.1', YSH_SMTP_PORT: String(mail.port), YSH_SMTP_SECURITY: 'none' },
        ...{ YSH_MAIL_FROM: 'robo@ysh.example', YSH_MAIL_TO: 'gente@x.example', YSH_ADMIN_TO: 'admin@x.example' },
        ...{ YSH_RETRY_SECONDS: '0.1' },
      },
      change: (node) => {
        const quick = { tries: 1, backoffMs: 5, paceMs: 0 }
        const local = localPages(node, pages.url, (name) => /^(cemig|copel)-tarifas$/.test(name))
        if (/portal|scrape|pdf/.test(node.type)) return { ...local, ...quick }
        if (node.id === 'ysh-daily-each')
          return { ...local, list: ['aneel.bandeira_acionamento', 'aneel.bandeira_adicional'] }
        return local
      },
    })
  })
  after(async () => {
    await flow?.close()
    await portal?.close()
    await pages?.close()
    await ollama?.stop()
    await mail?.close()
  })

  test('does its seven phases; a dataset and documents that fail stop nothing, and are in the summary', async () => {
    // the mail server takes nothing at first: nothing is lost, and in the end nothing came twice
    mail.refuse = () => ({ code: 451, text: 'try again later' })
    await flow.press('ysh-daily-run')
    await flow.until('the mail server was asked', () =>
      /could not be delivered; trying again later.*MAIL_DEFERRED/.test(flow.red.output()),
    )
    mail.refuse = undefined
    const mailTo = (to: string) => mail.got.filter((each) => each.to.includes(to))
    await flow.until(
      'summary and alert are sent',
      () => mailTo('gente@x.example').length === 1 && mailTo('admin@x.example').length === 1,
    )
    const messageIds = mail.got.map(({ headers }) => headers.get('message-id'))
    assert.equal(new Set(messageIds).size, mail.got.length)
    assert.equal(ollama.of('/api/chat').length, 1)
    assert.deepEqual(ollama.violations, [])

    const { postgres, cache } = await flow.written()
    const { rows: runs } = await postgres.query<{
      state: string
      summary: { items: { key: string; state: string }[] }
    }>(`select state, summary from pipeline.run where flow like '%ysh-daily-run'`)
    assert.deepEqual(
      runs.map(({ state, summary }) => [
        state,
        ...summary.items.map((item) => `${item.key.split('/').at(-1)} ${item.state}`).sort(),
      ]),
      [
        [
          'failed',
          'NTC-905200.pdf failed',
          'REH-3602-2026.pdf failed',
          'aneel.bandeira_acionamento done',
          'aneel.bandeira_adicional failed',
          'cemig-tarifas done',
          'copel-tarifas done',
          'reh20253461ti.pdf done',
        ],
      ],
    )
    const { rows: rates } = await postgres.query('select 1 from utility.tarifas limit 1')
    assert.equal(rates.length, 1)
    const { rows: documents } = await postgres.query<{ title: string }>(
      'select title from pipeline.vector_document where until is null',
    )
    assert.deepEqual(documents, [{ title: 'reh20253461ti.pdf' }])
    assert.notEqual(await cache.get(apiSummaryKey('aneel.bandeira_acionamento')), undefined)
    assert.notEqual(await cache.get(apiSummaryKey('utility.tarifas')), undefined)
  })
})
