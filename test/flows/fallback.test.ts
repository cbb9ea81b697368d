import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Portal, startPortal } from '../portal/server.ts'
import { type MailReceiver, startMail } from '../steps/notify/receivers.ts'
import { type RunningFlow, startFlow } from './running.ts'

describe('flows/fallback.json', { timeout: 300_000 }, () => {
  let flow: RunningFlow
  let portal: Portal
  let mirror: Portal
  let mail: MailReceiver
  before(async () => {
    const datasets = { bandeira_acionamento: 120, bandeira_adicional: 20 }
    portal = await startPortal({ datasets })
    mirror = await startPortal({ datasets })
    mail = await startMail()
    flow = await startFlow('flows/fallback.json', {
      env: {
        ...{ YSH_ANEEL_URL: portal.url, YSH_ANEEL_BACKUPS: mirror.url, YSH_RETRY_SECONDS: '0.1' },
        ...{ YSH_SMTP_HOST: '127.0.0.1', YSH_SMTP_PORT: String(mail.port), YSH_SMTP_SECURITY: 'none' },
        ...{ YSH_MAIL_FROM: 'robo@ysh.example', YSH_ADMIN_TO: 'admin@x.example' },
      },
      change: (node) => ({
        ...node,
        ...(node.type === 'ysh-aneel-portal' ? { tries: 1, backoffMs: 5, flapMinutes: 0 } : {}),
        ...(node.type === 'ysh-incident' ? { flapMinutes: 0 } : {}),
        ...(node.type === 'debug' ? { console: true } : {}),
      }),
    })
  })
  after(async () => {
    await flow?.close()
    await portal?.close()
    await mirror?.close()
    await mail?.close()
  })

  let runs = 0
  /** A run of the caller. */
  async function call(): Promise<void> {
    runs += 1
    await flow.press('ysh-fallback-run')
    await flow.until(`run ${runs} ends`, () => flow.red.output().split('[debug:Resumo]').length === runs + 1)
  }

  test('portal, then retries and the backup, then the last good copy; alerts once when it breaks, once when it is back', async () => {
    const down = portal.misbehave({ kind: '502' })
    const downToo = mirror.misbehave({ kind: '502', match: 'adicional' })
    await call()
    await flow.until('the administrator hears', () => mail.got.length === 1)
    assert.equal(flow.red.output().split('[debug:Registrar o erro]').length > 8, true)
    downToo.remove()
    down.remove()
    await call()
    await flow.until('the administrator hears that it is well', () => mail.got.length === 2)
    portal.misbehave({ kind: '502' })
    mirror.misbehave({ kind: '502' })
    await call()
    const { postgres } = await flow.written()
    const { rows } = await postgres.query<{ items: { key: string; state: string; tier?: string }[] }>(
      `select summary->'items' as items from pipeline.run where flow = 'ysh-fallback-run' order by created_at`,
    )
    assert.deepEqual(
      rows.map(({ items }) => items.map(({ key, state, tier = '' }) => [key, state, tier])),
      [
        [
          ['aneel.bandeira_acionamento', 'done', 'backup'],
          ['aneel.bandeira_adicional', 'failed', ''],
        ],
        [
          ['aneel.bandeira_acionamento', 'done', 'primary'],
          ['aneel.bandeira_adicional', 'done', 'primary'],
        ],
        [
          ['aneel.bandeira_acionamento', 'done', 'cache'],
          ['aneel.bandeira_adicional', 'done', 'cache'],
        ],
      ],
    )
  })
})
