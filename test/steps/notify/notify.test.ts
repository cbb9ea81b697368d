import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createHttpClient } from '../../../lib/net/client.ts'
import { createEngine, type RunEngine } from '../../../lib/runs/engine.ts'
import { listIncidents } from '../../../lib/runs/incidents.ts'
import { wakeOutbox } from '../../../lib/runs/outbox.ts'
import { parser } from '../../../lib/schema.ts'
import { type Channel, openChannel } from '../../../lib/steps/notify/channel.ts'
import { readContent, sweepContents } from '../../../lib/steps/notify/contents.ts'
import { mailChannel, testMailServer } from '../../../lib/steps/notify/mail.ts'
import { MailServerSchema, type NotifyConfig, NotifyConfigSchema } from '../../../lib/steps/notify/schema.ts'
import { snsChannel } from '../../../lib/steps/notify/sns.ts'
import { notify } from '../../../lib/steps/notify/step.ts'
import { webhookChannel } from '../../../lib/steps/notify/webhook.ts'
import { putArtifact } from '../../../lib/stores/objects/artifacts.ts'
import { loopback } from '../../helpers/loopback.ts'
import { rejectsWith } from '../../helpers/rejects.ts'
import { memoryLog, openSurroundings, type Surroundings } from '../../runs/surroundings.ts'
import { type HookReceiver, type MailReceiver, startHook, startMail } from './receivers.ts'

const configs = parser(NotifyConfigSchema, 'config')
const servers = parser(MailServerSchema, 'server')
const open = new AbortController().signal
const nobody = { user: '', password: '' }
/** What a process that died before it put the message into the outbox has left. */
const stray = 'notifications/2020-01-01/stray.json'

describe('ysh-notify', { timeout: 60_000 }, () => {
  let surroundings: Surroundings
  let engine: RunEngine
  let mail: MailReceiver
  let hook: HookReceiver
  const log = memoryLog()
  const http = createHttpClient({ product: 'test/1', allow: loopback })
  const withdraw: (() => void)[] = []

  before(async () => {
    surroundings = await openSurroundings('server')
    await surroundings.stores.objects.put(stray, Buffer.from('{}'))
    engine = await createEngine({ stores: surroundings.stores, http, log, owner: 'a' })
  })
  after(async () => {
    await engine.close()
    http.close()
    await surroundings.close()
  })
  beforeEach(async () => {
    mail = await startMail()
    hook = await startHook()
    await surroundings.stores.postgres.query('truncate pipeline.outbox, pipeline.incident, pipeline.incident_item')
  })
  afterEach(async () => {
    for (const back of withdraw.splice(0)) back()
    await mail.close()
    await hook.close()
  })

  const server = (more: object = {}) =>
    servers.parse({
      ...{ host: '127.0.0.1', port: mail.port, security: 'none', from: 'robo@ysh.example', fromName: 'Robô YSH' },
      ...{ timeoutMs: 2_000, ...more },
    })
  function deliver(channels: Channel[], giveUpHours = 72) {
    for (const channel of channels) withdraw.push(openChannel(engine, 'n', channel, giveUpHours))
    return engine.replay()
  }
  const send = (input: object, config: object, more: object = {}) => {
    const given: NotifyConfig = configs.parse({ mail: server(), ...config })
    return engine.execute({ step: notify, config: given, node: 'n', input, signal: open, ...more })
  }
  async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
    const deadline = Date.now() + 15_000
    while (!(await condition())) {
      assert.ok(Date.now() < deadline, `never: ${what}`)
      await sleep(20)
    }
  }
  type Entry = { topic: string; delivered: boolean; failed: boolean; attempts: number; code: string | null }
  async function outbox(): Promise<Entry[]> {
    const { rows } = await surroundings.stores.postgres.query<Entry>(
      `select topic, delivered_at is not null as delivered, failed_at is not null as failed, attempts, error->>'code' as code
       from pipeline.outbox where topic like 'notify/%' order by topic, key`,
    )
    return rows
  }
  const due = async () => {
    await surroundings.stores.postgres.query('update pipeline.outbox set next_at = clock_timestamp()')
    wakeOutbox(surroundings.stores.postgres)
  }

  it('sends one e-mail to each recipient, with the id in the Message-ID, text, HTML and attachment', async () => {
    await deliver([mailChannel(server(), nobody)])
    const { sha256 } = await putArtifact(surroundings.stores.objects, Buffer.from('a;b\n1;2\n'))
    const { output } = await send(
      {
        subject: 'Tarifas de julho: ação necessária',
        text: 'Olá\n.\nlinha',
        html: '<p>Olá</p>',
        attachments: [{ name: 'tarifas.csv', artifact: sha256, contentType: 'text/csv' }],
      },
      { to: ['a@x.example', 'b@x.example', 'a@x.example'] },
    )
    assert.equal(output.queued.mail, 2)
    await until('both', () => mail.got.length === 2)
    assert.deepEqual(mail.got.map(({ to }) => to).sort(), [['a@x.example'], ['b@x.example']])
    assert.deepEqual(
      mail.got.map(({ headers }) => headers.get('message-id')).sort(),
      output.ids.map((id) => `<${id}@ysh.example>`).sort(),
    )
    const [first] = mail.got
    assert.equal(first?.from, 'robo@ysh.example')
    assert.match(first?.headers.get('from') ?? '', /<robo@ysh.example>$/)
    assert.match(first?.headers.get('subject') ?? '', /^=\?UTF-8\?/i)
    assert.match(first?.raw ?? '', /filename=tarifas.csv/)
    assert.match(first?.raw ?? '', /text\/html/)
    assert.equal(first?.headers.get('auto-submitted'), 'auto-generated')
    await until('noted', async () => (await outbox()).every(({ delivered }) => delivered))
  })

  it('deletes what messages said a week after they were delivered; what waits or was given up stays', async () => {
    const { stores } = surroundings
    await deliver([mailChannel(server(), nobody)])
    await until(
      'what belongs to nobody is gone at the start',
      async () => (await stores.objects.head(stray)) === undefined,
    )
    mail.refuse = (to) => (to === 'no@x.example' ? { code: 550, text: 'unknown' } : { code: 450, text: 'later' })
    await send({ text: 'given up' }, { to: ['no@x.example'] })
    await send({ text: 'waits' }, { to: ['later@x.example'] }, { run: undefined })
    await until('both were tried', async () => (await outbox()).every(({ code }) => code !== null))
    mail.refuse = undefined
    await send({ text: 'delivered' }, { to: ['a@x.example'] })
    await until('it is noted', async () => (await outbox()).some(({ delivered }) => delivered))
    const said = async () => {
      const { objects } = await stores.objects.list('notifications/')
      const texts = objects.map(async ({ key }) => (await readContent(stores.objects, key, open)).text)
      return (await Promise.all(texts)).filter((text) => /^(given up|waits|delivered)$/.test(text)).sort()
    }
    const days = (count: number) => new Date(Date.now() + count * 86_400_000)
    await sweepContents(stores, days(6), open)
    assert.deepEqual(await said(), ['delivered', 'given up', 'waits'])
    await sweepContents(stores, days(8), open)
    assert.deepEqual(await said(), ['given up', 'waits'])
  })

  it('lets no subject, address or file name begin another header', async () => {
    await deliver([mailChannel(server(), nobody)])
    await send({ subject: 'x\r\nBcc: victim@x.example\r\n\r\nbody', text: 't' }, { to: ['a@x.example'] })
    await until('it', () => mail.got.length === 1)
    assert.deepEqual(mail.got[0]?.to, ['a@x.example'])
    assert.equal(mail.got[0]?.headers.has('bcc'), false)
    assert.match(mail.got[0]?.headers.get('subject') ?? '', /^x Bcc: victim@x.example body$/)
    for (const to of [
      'a@x.example\r\nBcc: b@x.example',
      'a@x.example, b@x.example',
      'A <a@x.example>',
      'a@x.example>\nx',
    ])
      await rejectsWith(send({ text: 't', to: [to] }, {}), 'INPUT_INVALID')
    const name = 'a"\r\nX-Evil: 1'
    const attachments = [{ name, artifact: 'a'.repeat(64) }]
    await rejectsWith(send({ text: 't', attachments }, { to: ['a@x.example'] }), 'INPUT_INVALID')
    const many = Array.from({ length: 51 }, (_, n) => `a${n}@x.example`)
    await rejectsWith(send({ text: 't', to: many }, {}), 'INPUT_INVALID')
    assert.equal(mail.got.length, 1)
  })

  it('signs a webhook over id, time and body, as Standard Webhooks has it', async () => {
    const secret = `whsec_${Buffer.from('a secret of 24 bytes or so').toString('base64')}`
    await deliver([webhookChannel(secret)])
    const { output } = await send({ text: 'Olá', subject: 's', data: { n: 1 } }, { webhooks: [hook.url] })
    await until('it', () => hook.got.length === 1)
    const [{ headers, body } = assert.fail()] = hook.got
    assert.equal(headers['webhook-id'], output.ids[0])
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
    const expected = createHmac('sha256', 'a secret of 24 bytes or so').update(signed).digest('base64')
    assert.equal(headers['webhook-signature'], `v1,${expected}`)
    assert.ok(Math.abs(Number(headers['webhook-timestamp']) - Date.now() / 1_000) < 60)
    const { type, data } = JSON.parse(body)
    assert.deepEqual([type, data.subject, data.text, data.data], ['notification', 's', 'Olá', { n: 1 }])
  })

  it('a channel that is down holds up no other, and gets it when it is back', async () => {
    const port = mail.port
    await mail.close()
    await deliver([mailChannel(server({ port }), nobody), webhookChannel('')])
    await send({ text: 't' }, { mail: server({ port }), to: ['a@x.example'], webhooks: [hook.url] })
    await until('the webhook', () => hook.got.length === 1)
    assert.equal(hook.got[0]?.headers['webhook-signature'], undefined)
    await until('the try', async () => (await outbox()).some(({ code }) => code === 'MAIL_UNREACHABLE'))
    await until('the webhook is noted', async () => (await outbox()).some(({ delivered }) => delivered))
    assert.deepEqual(
      (await outbox()).map(({ delivered, failed }) => [delivered, failed]),
      [
        [false, false],
        [true, false],
      ],
    )
    mail = await startMail({}, port)
    await due()
    await until('the e-mail', () => mail.got.length === 1)
    await until('noted', async () => (await outbox()).every(({ delivered }) => delivered))
    assert.deepEqual(await listIncidents(surroundings.stores.postgres), [])
  })

  it('a webhook that hangs or answers 500 holds up no other', async () => {
    const slow = await startHook()
    slow.status = ({ url }) => (url === '/hang' ? undefined : 500)
    await deliver([webhookChannel('')])
    const base = slow.url.replace('/hook', '')
    await send({ text: 't' }, { webhooks: [`${base}/hang`, `${base}/500`, hook.url] })
    await until('the good one', () => hook.got.length === 1)
    await until('the 500', async () => (await outbox()).some(({ code }) => code === 'HTTP_500'))
    slow.status = () => 204
    await slow.close()
  })

  it('gives up what is refused for good, with an incident that a later delivery closes', async () => {
    await deliver([mailChannel(server(), nobody), webhookChannel('')])
    mail.refuse = () => ({ code: 550, text: 'no such user' })
    hook.status = () => 410
    await send({ text: 't' }, { to: ['gone@x.example'], webhooks: [`${hook.url}?token=secret`] })
    await until('both', async () => (await outbox()).every(({ failed }) => failed))
    assert.deepEqual(
      (await outbox()).map(({ code, attempts }) => [code, attempts]),
      [
        ['MAIL_REFUSED', 1],
        ['HTTP_410', 1],
      ],
    )
    const incidents = await listIncidents(surroundings.stores.postgres, { state: 'open' })
    assert.deepEqual(incidents.map(({ what }) => what.replace(/\d{4,5}/, 'N')).sort(), [
      'ysh-notify mail → gone@x.example',
      'ysh-notify webhook → 127.0.0.1:N',
    ])
    mail.refuse = undefined
    await send({ text: 'again' }, { to: ['gone@x.example'] })
    await until(
      'closed',
      async () => (await listIncidents(surroundings.stores.postgres, { state: 'open' })).length === 1,
    )
  })

  it('gives up after the bound, and tries what can be mended until then', async () => {
    await deliver([mailChannel(server(), nobody)], 1)
    mail.refuse = () => ({ code: 451, text: 'greylisted' })
    await send({ text: 't' }, { to: ['a@x.example'] })
    await until('deferred', async () => (await outbox())[0]?.code === 'MAIL_DEFERRED')
    assert.equal((await outbox())[0]?.failed, false)
    await surroundings.stores.postgres.query(`update pipeline.outbox set created_at = created_at - interval '2 hours'`)
    await due()
    await until('given up', async () => (await outbox())[0]?.failed === true)
    const [incident] = await listIncidents(surroundings.stores.postgres)
    assert.equal(incident?.error.code, 'MAIL_DEFERRED')
  })

  it('follows no redirect, and does not reach what is not allowed', async () => {
    await deliver([webhookChannel('')])
    hook.status = () => 302
    await send({ text: 't' }, { webhooks: [hook.url, 'http://169.254.169.254/latest'] })
    await until('both', async () => (await outbox()).every(({ code }) => code !== null))
    assert.deepEqual((await outbox()).map(({ code, failed }) => `${code} ${failed}`).sort(), [
      'ADDRESS_REFUSED false',
      'WEBHOOK_REDIRECT false',
    ])
    assert.equal(hook.got.length, 1)
  })

  it('publishes to SNS with the id as attribute; what AWS says of rights is tried again', async () => {
    const aws = await startHook()
    let status = 200
    aws.status = () => status
    const arn = 'arn:aws:sns:sa-east-1:123456789012:avisos.fifo'
    await deliver([snsChannel({ accessKeyId: 'k', secretAccessKey: 's', endpoint: aws.url.replace('/hook', '') })])
    status = 403
    await send({ subject: 'Atenção: tarifas', text: 'Olá' }, { snsTopic: arn })
    await until('refused', async () => (await outbox())[0]?.code === 'SNS_FAILED')
    assert.equal((await outbox())[0]?.failed, false)
    const [{ body, headers } = assert.fail()] = aws.got
    const form = new URLSearchParams(body)
    assert.equal(form.get('Action'), 'Publish')
    assert.equal(form.get('TopicArn'), arn)
    assert.equal(form.get('Subject'), 'Atencao: tarifas')
    assert.match(body, /MessageDeduplicationId=[0-9a-f]{40}/)
    assert.match(headers.authorization ?? '', /^AWS4-HMAC-SHA256 Credential=k\/\d+\/sa-east-1\/sns/)
    await aws.close()
  })

  it('does the same message of a run once, whatever is sent anew', async () => {
    await deliver([webhookChannel('')])
    const work = async () => {
      const begun = Promise.withResolvers<void>()
      const back = engine.register('f', {
        send: (run) => {
          Promise.all([1, 2].map(() => send({ text: 't' }, { webhooks: [hook.url] }, { run })))
            .then(() => engine.end(run, { outcome: 'done', summary: null }))
            .then(() => begun.resolve(), begun.reject)
        },
      })
      await engine.start({ flow: 'f', slot: 's', trigger: 'event', input: null, overlap: 'queue' })
      await begun.promise
      back()
    }
    await work()
    await engine.replay()
    await until('it', async () => (await outbox()).every(({ delivered }) => delivered))
    assert.equal((await outbox()).length, 1)
    assert.equal(hook.got.length, 1)
  })

  it('says what is wrong: nobody to tell, no mail server, nothing to say', async () => {
    await rejectsWith(send({ text: 't' }, {}), 'NOTIFY_NO_CHANNEL')
    await rejectsWith(send({ text: 't' }, { mail: undefined, to: ['a@x.example'] }), 'NOTIFY_NO_CHANNEL')
    await rejectsWith(send({}, { to: ['a@x.example'] }), 'NOTIFY_EMPTY')
    assert.deepEqual(await outbox(), [])
  })

  it('tests a connection: login, wrong password, nobody there, no TLS where it is demanded', async () => {
    const strict = await startMail({
      authOptional: false,
      allowInsecureAuth: true,
      onAuth({ username, password }, _session, callback) {
        if (username === 'u' && password === 'p') callback(null, { user: 'u' })
        else callback(Object.assign(new Error('bad credentials'), { responseCode: 535 }))
      },
    })
    const at = (more: object = {}) => server({ port: strict.port, ...more })
    await testMailServer(at(), { user: 'u', password: 'p' }, open)
    await rejectsWith(testMailServer(at(), { user: 'u', password: 'x' }, open), 'MAIL_AUTH')
    await rejectsWith(testMailServer(at({ security: 'starttls' }), nobody, open), 'MAIL_TLS')
    await strict.close()
    await rejectsWith(testMailServer(at(), nobody, open), 'MAIL_UNREACHABLE')
    await rejectsWith(testMailServer(at({ host: '' }), nobody, open), 'CONFIG')
  })
})
