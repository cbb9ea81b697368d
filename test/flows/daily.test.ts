import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { apiSummaryKey } from '../../lib/steps/api-cache/keys.ts'
import { type DailyWorld, startDailyWorld } from './daily-world.ts'
import { type RunningFlow, startFlow } from './running.ts'

describe('flows/daily.json', { timeout: 300_000 }, () => {
  let flow: RunningFlow
  let world: DailyWorld
  before(async () => {
    world = await startDailyWorld(['/wp-content/uploads/2025/05/reh20253461ti.pdf'])
    world.portal.misbehave({ kind: '502', match: 'adicional' })
    flow = await startFlow('flows/daily.json', { env: world.env, change: world.change })
  })
  after(async () => {
    await flow?.close()
    await world?.close()
  })

  test('does its seven phases; a dataset and documents that fail stop nothing, and are in the summary', async () => {
    const { mail, ollama } = world
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
