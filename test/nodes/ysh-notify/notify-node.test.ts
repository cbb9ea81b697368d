import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { type FlowNode, type NodeRed, startNodeRed } from '../../helpers/node-red.ts'
import { type HookReceiver, type MailReceiver, startHook, startMail } from '../../steps/notify/receivers.ts'

describe('ysh-notify in Node-RED', { timeout: 180_000 }, () => {
  let mail: MailReceiver
  let hook: HookReceiver
  let nodeRed: NodeRed
  before(async () => {
    mail = await startMail()
    hook = await startHook()
    const at = { z: 'tab', x: 1, y: 1 }
    const flows: FlowNode[] = [
      { id: 'tab', type: 'tab' },
      { id: 'stores', type: 'ysh-stores', folder: '', allowAddresses: ['127.0.0.1'] },
      { id: 'mail', type: 'ysh-mail', host: '127.0.0.1', port: mail.port, security: 'none', from: 'robo@ysh.example' },
      { id: 'in', type: 'http in', ...at, url: '/say', method: 'post', wires: [['notify']] },
      {
        ...{ id: 'notify', type: 'ysh-notify', ...at, stores: 'stores', mail: 'mail', to: ['a@x.example'] },
        ...{ webhooks: [hook.url], subscribers: true, wires: [['notified']] },
      },
      {
        id: 'notified',
        type: 'change',
        ...at,
        rules: [{ t: 'move', p: 'notified', pt: 'msg', to: 'payload', tot: 'msg' }],
        wires: [['out']],
      },
      { id: 'out', type: 'http response', ...at, wires: [] },
    ]
    nodeRed = await startNodeRed({
      flows,
      credentials: {
        notify: { webhookSecret: 'secret', subscriberToken: 'open sesame' },
        mail: { user: '', password: '' },
      },
    })
  })
  after(async () => {
    await nodeRed?.dispose()
    await mail.close()
    await hook.close()
  })

  const say = async (payload: object) => {
    const response = await fetch(`${nodeRed.url}/say`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(payload),
      signal: AbortSignal.timeout(30_000),
    })
    const told: { queued: object; ids: string[] } = JSON.parse(await response.text())
    return told
  }
  async function until(what: string, condition: () => boolean): Promise<void> {
    const deadline = Date.now() + 30_000
    while (!condition()) {
      assert.ok(Date.now() < deadline, `never: ${what}\n${nodeRed.output().slice(-3_000)}`)
      await sleep(20)
    }
  }
  /** A subscriber; what it is told, and the code by which it was closed. */
  function subscribe(hello: object) {
    const socket = new WebSocket(`${nodeRed.url.replace('http', 'ws')}/ysh/feed/notify`)
    const got: Record<string, unknown>[] = []
    const seen = { got, code: 0, close: () => socket.close() }
    socket.on('open', () => socket.send(JSON.stringify(hello)))
    socket.on('message', (data: Buffer) => got.push(JSON.parse(data.toString('utf8'))))
    socket.on('close', (code) => {
      seen.code = code
    })
    return seen
  }

  it('tells everybody, each by its own way, with one id each', async () => {
    const reader = subscribe({ token: 'open sesame' })
    await until('subscribed', () => reader.got.length === 1)
    const told = await say({ subject: 'Olá', text: 'Mundo', data: { n: 1 } })
    assert.deepEqual(told.queued, { mail: 1, webhook: 1, sns: 0, subscribers: 1 })
    await until('all', () => mail.got.length === 1 && hook.got.length === 1 && reader.got.length === 2)
    const [, entry] = reader.got
    assert.deepEqual([entry?.seq, entry?.subject, entry?.text, entry?.data], [1, 'Olá', 'Mundo', { n: 1 }])
    assert.match(String(hook.got[0]?.headers['webhook-signature']), /^v1,/)
    const ids = [mail.got[0]?.headers.get('message-id')?.slice(1, 41), hook.got[0]?.headers['webhook-id'], entry?.id]
    assert.deepEqual(ids.sort(), [...told.ids].sort())
    reader.close()
  })

  it('gives a subscriber who comes back what it missed, and lets nobody in without the token', async () => {
    await say({ text: 'zwei' })
    const back = subscribe({ token: 'open sesame', after: 1 })
    await until('missed', () => back.got.some(({ text }) => text === 'zwei'))
    assert.equal(back.got.at(-1)?.seq, 2)
    back.close()
    for (const hello of [{ token: 'wrong' }, { token: '' }, { nothing: 1 }]) {
      const no = subscribe(hello)
      await until('closed', () => no.code !== 0)
      assert.deepEqual([no.code, no.got], [1008, []])
    }
  })

  it('tests a connection for the form, with what stands there', async () => {
    const test = async (more: object) => {
      const body = {
        ...{ node: 'mail', host: '127.0.0.1', port: mail.port, security: 'none', from: 'a@x.example', fromName: '' },
        ...{ user: '', password: '', timeoutMs: 2_000, ...more },
      }
      const response = await fetch(`${nodeRed.url}/ysh/mail/test`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(30_000),
      })
      const { connected, code }: { connected?: boolean; code?: string } = JSON.parse(await response.text())
      return connected ?? `${response.status} ${code}`
    }
    assert.equal(await test({}), true)
    assert.equal(await test({ password: '__PWRD__' }), true)
    assert.equal(await test({ password: '__PWRD__', host: 'localhost' }), '400 CONFIG')
    assert.equal(await test({ port: 1 }), '502 MAIL_UNREACHABLE')
    assert.equal(await test({ security: 'tls' }), '502 MAIL_TLS')
    assert.equal(await test({ port: 'x' }), '400 CONFIG')
    assert.equal(mail.got.length, 2)
  })
})
