import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { FlowNode } from '../helpers/node-red.ts'
import { tinyPdf } from '../helpers/tiny-pdf.ts'
import { type Portal, startPortal } from '../portal/server.ts'
import { type MailReceiver, startMail } from '../steps/notify/receivers.ts'
import { assertBothRuns } from './both-runs.ts'
import { openDocuments } from './documents.ts'
import { flowNodes, type RunningFlow, startFlow } from './running.ts'

const at = { z: 'tab', x: 100, y: 100 }
const stores = 'ysh-stores-default'

/** Two runs through nodes of the palette that are subflows: a list of datasets, and a list of documents. */
function flows(documents: string[]): FlowNode[] {
  const run = (name: string, list: string[], property: string, wires: string[]): FlowNode[] => [
    { id: `${name}-run`, type: 'ysh-run', ...at, stores, schedule: '', wires: [[`${name}-each`]] },
    {
      ...{ id: `${name}-each`, type: 'ysh-each', ...at, stores, from: 'list', list, property, window: 1 },
      wires: [wires, [`${name}-end`]],
    },
    { id: `${name}-join`, type: 'ysh-join', ...at, stores, wires: [[`${name}-end`]] },
    {
      ...{ id: `${name}-end`, type: 'ysh-run-end', ...at, stores, tolerance: 'any' },
      wires: [[`${name}-debug`], [`${name}-debug`]],
    },
    {
      ...{ id: `${name}-debug`, type: 'debug', ...at, name: 'ended', active: true, console: true, complete: 'payload' },
      ...{ targetType: 'msg', wires: [] },
    },
  ]
  // what the dialog saves: texts, ids of config nodes, and a value of the environment
  const env = (value: string) => ({ type: 'env', value })
  return [
    { id: 'tab', type: 'tab', label: 'test' },
    ...run('data', ['aneel.bandeira_acionamento', 'aneel.nothing_at_all'], 'dataset', ['fetch']),
    {
      ...{ id: 'fetch', type: 'ysh-fetch-with-fallback', ...at, name: '', DATASET: '', STORES: stores },
      ...{ PORTAL: 'ysh-portal-aneel', BACKUP: 'ysh-portal-reserva', YSH_RETRY_SECONDS: '0.1' },
      wires: [['data-join'], ['tell']],
    },
    {
      ...{ id: 'tell', type: 'ysh-notify-on-failure', ...at, name: '', SOURCE: 'bandeiras', STORES: stores },
      ...{ MAIL: 'mail', YSH_ADMIN_TO: env('YSH_ADMIN_TO'), YSH_WEBHOOKS: '', YSH_ADMIN_SNS_TOPIC: '' },
      wires: [['data-join']],
    },
    ...run('pdf', documents, 'url', ['pdf']),
    ...['pdf', 'other'].map((id) => ({
      ...{ id, type: 'ysh-pdf-to-index', ...at, name: '', COLLECTION: id, STORES: stores, OLLAMA: 'ollama' },
      ...{ YSH_CONTACT: '', YSH_OLLAMA_MODEL: 'qwen3:8b', YSH_EMBEDDER: 'embedded', YSH_EMBED_MODEL: '' },
      wires: id === 'pdf' ? [['pdf-join'], ['pdf-join'], ['pdf-join']] : [[], [], []],
    })),
    // as it comes from the palette, its dialog never opened
    {
      ...{ id: 'unset', type: 'ysh-aneel-dataset', ...at, name: '', DATASET: 'aneel.tarifas' },
      ...{ STORES: { type: 'ysh-stores', value: '' }, PORTAL: { type: 'ysh-aneel-portal', value: '' } },
      wires: [[], [], []],
    },
    { id: 'ollama', type: 'ysh-ollama', name: '', url: 'http://127.0.0.1:9' },
    ...flowNodes('subflows/notify-on-failure.json')
      .filter(({ type }) => type === 'ysh-mail')
      .map((node) => ({ ...node, id: 'mail' })),
  ]
}

describe('subflows as nodes of the palette', { timeout: 300_000 }, () => {
  let flow: RunningFlow
  let portal: Portal
  let mirror: Portal
  let mail: MailReceiver
  let site: Awaited<ReturnType<typeof openDocuments>>
  before(async () => {
    const datasets = { bandeira_acionamento: 120 }
    portal = await startPortal({ datasets })
    portal.misbehave({ kind: '502' })
    mirror = await startPortal({ datasets })
    mail = await startMail()
    site = await openDocuments({ '/norma.pdf': tinyPdf('Art. 1 O prazo de resposta da distribuidora e de 5 dias.') })
    flow = await startFlow('subflows/fetch-with-fallback.json', {
      env: {
        ...{ YSH_ANEEL_URL: portal.url, YSH_ANEEL_BACKUPS: mirror.url, YSH_ADMIN_TO: 'admin@x.example' },
        ...{ YSH_SMTP_HOST: '127.0.0.1', YSH_SMTP_PORT: String(mail.port), YSH_SMTP_SECURITY: 'none' },
        YSH_MAIL_FROM: 'ysh@x.example',
      },
      more: flows([`${site.url}/norma.pdf`, `${site.url}/missing.pdf`]),
      change: (node) => (node.type === 'ysh-aneel-portal' ? { ...node, tries: 1, backoffMs: 5 } : node),
    })
  })
  after(async () => {
    await flow?.close()
    await portal?.close()
    await mirror?.close()
    await mail?.close()
    await site?.close()
  })

  test('run, with the config nodes and values of each instance; the journal knows the nodes inside by their instance', async () => {
    await flow.press('data-run')
    await flow.press('pdf-run')
    await flow.until('both runs end', () => flow.red.output().split('[debug:ended]').length === 3)
    await flow.until('the administrator hears', () => mail.got.length > 0)
    // one that nothing is chosen for says so, and breaks no deploy
    assert.match(flow.red.output(), /ysh-aneel-fetch: No ysh-stores is chosen for "stores"/)
    assert.doesNotMatch(flow.red.output(), /Uncaught|unhandled|TypeError/i)
    const { postgres } = await flow.written()
    await assertBothRuns(postgres)
    const { rows: steps } = await postgres.query<{ node: string }>(
      `select distinct node from pipeline.step where node like '%/%' order by node`,
    )
    assert.deepEqual(
      steps.map(({ node }) => node),
      [
        ...['cached', 'fetch', 'raise', 'reserve', 'retry'].map((node) => `fetch/ysh-sub-fetch-${node}`),
        ...['enrich', 'index', 'pdf'].map((node) => `pdf/ysh-sub-pdf-${node}`),
        ...['incident', 'tell'].map((node) => `tell/ysh-sub-notify-${node}`),
      ],
    )
    const { rows: incidents } = await postgres.query<{ key: string }>('select key from pipeline.incident order by key')
    assert.deepEqual(incidents, [{ key: 'flow bandeiras' }, { key: 'flow portal ANEEL' }])
  })
})
