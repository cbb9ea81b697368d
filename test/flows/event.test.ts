import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { tinyPdf } from '../helpers/tiny-pdf.ts'
import { type OllamaDouble, startOllamaDouble } from '../ollama/double.ts'
import { type HookReceiver, type MailReceiver, startHook, startMail } from '../steps/notify/receivers.ts'
import { type RunningFlow, startFlow } from './running.ts'

const portuguese =
  'A tarifa de energia para os consumidores da classe residencial é de 650 kWh.\nPor isso não deve ser paga.'
const english =
  'The nominal power of the module is 585 W at the standard test conditions.\nIt must not be mounted in the shade.'
const translated =
  'A potência nominal do módulo é de 585 W nas condições padrão de ensaio.\nNão deve ser montado à sombra.'

describe('flows/event.json', { timeout: 300_000 }, () => {
  let flow: RunningFlow
  let ollama: OllamaDouble
  let mail: MailReceiver
  let hook: HookReceiver
  const inbox = () => join(flow.red.userDir, 'entrada')
  before(async () => {
    ollama = await startOllamaDouble({ models: ['traduz'], reply: () => JSON.stringify({ text: translated }) })
    mail = await startMail()
    hook = await startHook()
    flow = await startFlow('flows/event.json', {
      env: {
        ...{ YSH_INBOX: 'entrada', YSH_OLLAMA_URL: ollama.url, YSH_OLLAMA_MODEL: 'traduz', YSH_COLLECTION: 'normas' },
        ...{ YSH_SMTP_HOST: '127.0.0.1', YSH_SMTP_PORT: String(mail.port), YSH_SMTP_SECURITY: 'none' },
        ...{ YSH_MAIL_FROM: 'robo@ysh.example', YSH_MAIL_TO: 'a@x.example, b@x.example', YSH_WEBHOOKS: hook.url },
        ...{ YSH_ADMIN_TO: 'admin@x.example', YSH_RETRY_SECONDS: '0.1' },
      },
      change: (node) => ({
        ...node,
        ...(node.type === 'ysh-s3-event' ? { settleSeconds: 0.2, pollSeconds: 0.2 } : {}),
        ...(node.type === 'debug' ? { console: true } : {}),
        ...(node.type === 'ysh-ollama-enrich' ? { lookSeconds: 1 } : {}),
      }),
      credentials: { 'ysh-event-notify': { webhookSecret: 'segredo' } },
    })
    await mkdir(inbox(), { recursive: true })
  })
  after(async () => {
    await flow?.close()
    await ollama?.stop()
    await mail?.close()
    await hook?.close()
  })

  /** What the webhook was told: name, whether translated, chunks. */
  const told = () =>
    hook.got.map(({ body }) => {
      const { data }: { data: { data: { document: Record<string, unknown>; chunks: number } } } = JSON.parse(body)
      const { name, language, translated: done } = data.data.document
      return [name, language, done, data.data.chunks]
    })

  test('new PDFs are extracted, translated where needed, indexed and told of; without the model later; a broken one alerts', async () => {
    await writeFile(join(inbox(), 'tarifa.pdf'), tinyPdf(portuguese))
    await flow.until('the Portuguese one is told of', () => hook.got.length === 1 && mail.got.length === 2)
    assert.deepEqual(told(), [['tarifa.pdf', 'pt', false, 1]])
    assert.equal(ollama.of('/api/chat').length, 0)
    assert.match(String(hook.got[0]?.headers['webhook-signature']), /^v1,/)

    await writeFile(join(inbox(), 'module.pdf'), tinyPdf(english))
    await flow.until('the English one is told of', () => hook.got.length === 2)
    // its own words and their translation
    assert.deepEqual(told()[1], ['module.pdf', 'pt', true, 2])

    // without the model the document goes on as it is, and its translation comes beside it when the model is back
    await ollama.stop()
    await writeFile(join(inbox(), 'late.pdf'), tinyPdf(english.replace('shade', 'dark')))
    await flow.until('it goes on untranslated', () => hook.got.length === 3)
    assert.deepEqual(told()[2], ['late.pdf', 'en', false, 1])
    await ollama.start()
    await flow.until('the late one is told of', () => hook.got.length === 4)
    assert.deepEqual(told()[3], ['late.pdf', 'pt', true, 2])

    await writeFile(join(inbox(), 'broken.pdf'), '<html>Acesso negado</html>')
    await flow.until('the administrator hears', () => mail.got.some(({ to }) => to.includes('admin@x.example')))
    // tarifa, module, late as it is, late translated, broken
    await flow.until('five runs end', () => flow.red.output().split('[debug:Resumo]').length === 6)
    assert.deepEqual(ollama.violations, [])

    const { postgres } = await flow.written()
    const documents = await postgres.query<{ title: string }>(
      'select title from pipeline.vector_document where until is null order by title',
    )
    assert.deepEqual(
      documents.rows.map(({ title }) => title),
      ['late.pdf', 'module.pdf', 'tarifa.pdf'],
    )
    const runs = await postgres.query<{ state: string; count: string }>(
      `select state, count(*)::text as count from pipeline.run where flow like '%ysh-event-new' group by state order by state`,
    )
    assert.deepEqual(runs.rows, [
      { state: 'done', count: '3' },
      { state: 'failed', count: '1' },
    ])
  })
})
