import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { FlowNode } from '../helpers/node-red.ts'
import { tinyPdf } from '../helpers/tiny-pdf.ts'
import { type OllamaDouble, startOllamaDouble } from '../ollama/double.ts'
import { type Portal, startPortal } from '../portal/server.ts'
import { type MailReceiver, startMail } from '../steps/notify/receivers.ts'
import { assertBothRuns } from './both-runs.ts'
import { openDocuments } from './documents.ts'
import { flowNodes, type RunningFlow, startFlow } from './running.ts'

const at = { z: 'tab', x: 100, y: 100 }
const stores = 'ysh-stores-default'
const shared = new Set(['ysh-stores-default', 'ysh-portal-aneel', 'ysh-portal-reserva', 'ysh-mail-default'])

/** The subflows of a file, without the config nodes that another file brought already. */
const others = (path: string) =>
  flowNodes(path).filter(
    ({ id }) => !shared.has(id) || (path.endsWith('notify-on-failure.json') && id === 'ysh-mail-default'),
  )

/** Two runs: a list of datasets, and a list of documents. What fails is told to the administrator. */
function callers(documents: string[]): FlowNode[] {
  const run = (name: string, list: string[], property: string, subflow: string, outputs: string[][]): FlowNode[] => [
    { id: `${name}-run`, type: 'ysh-run', ...at, stores, schedule: '', wires: [[`${name}-each`]] },
    {
      ...{ id: `${name}-each`, type: 'ysh-each', ...at, stores, from: 'list', list, property, window: 1 },
      wires: [[name], [`${name}-end`]],
    },
    { id: name, type: `subflow:${subflow}`, ...at, name: '', env: [], wires: outputs },
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
  return [
    { id: 'tab', type: 'tab', label: 'test' },
    ...run('data', ['aneel.bandeira_acionamento', 'aneel.nothing_at_all'], 'dataset', 'ysh-sub-fetch', [
      ['data-join'],
      ['tell'],
    ]),
    { id: 'tell', type: 'subflow:ysh-sub-notify', ...at, name: '', env: [], wires: [['data-join']] },
    ...run('pdf', documents, 'url', 'ysh-sub-pdf', [['pdf-join'], ['pdf-join'], ['pdf-join']]),
  ]
}

describe('subflows', { timeout: 300_000 }, () => {
  let flow: RunningFlow
  let portal: Portal
  let mirror: Portal
  let mail: MailReceiver
  let ollama: OllamaDouble
  let site: Awaited<ReturnType<typeof openDocuments>>
  before(async () => {
    const datasets = { bandeira_acionamento: 120 }
    portal = await startPortal({ datasets })
    portal.misbehave({ kind: '502' })
    mirror = await startPortal({ datasets })
    mail = await startMail()
    // nobody is there at first
    ollama = await startOllamaDouble({
      models: ['resumo'],
      reply: () => JSON.stringify({ text: 'O prazo de resposta da distribuidora e de 5 dias.' }),
    })
    await ollama.stop()
    site = await openDocuments({ '/norma.pdf': tinyPdf('Art. 1 O prazo de resposta da distribuidora e de 5 dias.') })
    flow = await startFlow('subflows/fetch-with-fallback.json', {
      env: {
        ...{ YSH_ANEEL_URL: portal.url, YSH_ANEEL_BACKUPS: mirror.url, YSH_RETRY_SECONDS: '0.1' },
        ...{ YSH_SMTP_HOST: '127.0.0.1', YSH_SMTP_PORT: String(mail.port), YSH_SMTP_SECURITY: 'none' },
        ...{ YSH_ADMIN_TO: 'admin@x.example', YSH_OLLAMA_URL: ollama.url, YSH_OLLAMA_MODEL: 'resumo' },
      },
      more: [
        ...others('subflows/pdf-to-index.json'),
        ...others('subflows/notify-on-failure.json'),
        {
          ...{
            id: 'late-ended',
            type: 'debug',
            z: 'ysh-sub-pdf',
            name: 'late',
            x: 1,
            y: 1,
            active: true,
            console: true,
          },
          ...{ complete: 'payload', targetType: 'msg', wires: [] },
        },
        ...callers([`${site.url}/norma.pdf`, `${site.url}/missing.pdf`]),
      ],
      change: (node) => {
        if (node.type === 'ysh-ollama-enrich') return { ...node, lookSeconds: 1 }
        // seen from here when a late run ends
        if (node.id === 'ysh-sub-pdf-late-end') return { ...node, wires: [['late-ended'], ['late-ended']] }
        return /portal|pdf-extract/.test(node.type) ? { ...node, tries: 1, backoffMs: 5, paceMs: 0 } : node
      },
    })
  })
  after(async () => {
    await flow?.close()
    await portal?.close()
    await mirror?.close()
    await mail?.close()
    await ollama?.stop()
    await site?.close()
  })

  test('fetch with fallback, notify on failure, PDF to index', async () => {
    await flow.press('data-run')
    await flow.press('pdf-run')
    await flow.until('both runs end', () => flow.red.output().split('[debug:ended]').length === 3)
    await flow.until('the administrator hears', () => mail.got.length > 0)
    await ollama.start()
    await flow.until('the summary that was owed is indexed', () => flow.red.output().includes('[debug:late]'))
    assert.equal(ollama.of('/api/chat').length, 1)
    assert.deepEqual(ollama.violations, [])
    const { postgres } = await flow.written()
    await assertBothRuns(postgres)
    // the second version of the one document has the summary beside its own words
    const chunks = await postgres.query<{ points: number }>(
      'select cardinality(points) as points from pipeline.vector_document order by since',
    )
    assert.deepEqual(
      chunks.rows.map(({ points }) => points),
      [1, 2],
    )
  })
})
