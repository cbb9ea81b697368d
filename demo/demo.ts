// npm run demo -- [--live] [--samples DIR] [--rows small|medium|large] [--keep DIR] [--postgres URL]
// Runs flows/daily.json in a headless Node-RED on the embedded stores: against a replica of ANEEL's portal, test pages, a double of Ollama
// and a mail server on this machine, unless --live.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { SummarySchema } from '../lib/runs/summary.ts'
import { parser, Type } from '../lib/schema.ts'
import { localPages } from '../test/flows/local-pages.ts'
import { tinyPdf } from '../test/helpers/tiny-pdf.ts'
import { type OllamaDouble, startOllamaDouble } from '../test/ollama/double.ts'
import { type PageServer, startPages } from '../test/pages/server.ts'
import { type Portal, PRESETS, startPortal } from '../test/portal/server.ts'
import { type MailReceiver, readHeader, startMail } from '../test/steps/notify/receivers.ts'
import { Bars, table } from './bars.ts'
import { type FlowNode, type Headless, root, startHeadless } from './node-red.ts'

const { values } = parseArgs({
  options: {
    live: { type: 'boolean', default: false },
    samples: { type: 'string' },
    rows: { type: 'string', default: 'medium' },
    keep: { type: 'string' },
    postgres: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
})

const HELP = `npm run demo -- [options]
  (none)            the daily flow against a replica of ANEEL's portal with generated data, test pages with PDFs, a double
                    of Ollama, and a mail server that keeps the summary
  --samples DIR     the replica serves a folder of real ANEEL files
  --live            the real portal and pages (some GB, up to an hour); YSH_OLLAMA_URL and YSH_MAIL_TO as you have set them
  --rows SIZE       small, medium (default) or large: how much the replica generates
  --keep DIR        keep the data in this folder (default: a temporary one, removed at the end)
  --postgres URL    a PostgreSQL server instead of the embedded one`

const RunSummary = Type.Object({ ...SummarySchema.properties, seconds: Type.Number() })
const summaries = parser(RunSummary, 'The summary of the run')
type Summary = ReturnType<typeof summaries.parse>

const EventSchema = Type.Object({
  kind: Type.String(),
  state: Type.String(),
  step: Type.Optional(Type.String()),
  run: Type.Object({ item: Type.String() }),
  progress: Type.Optional(
    Type.Object({ phase: Type.String(), done: Type.Number(), total: Type.Optional(Type.Number()) }),
  ),
})
const events = parser(EventSchema, 'A runtime event')

async function runOnce(nodeRed: Headless, title: string): Promise<Summary> {
  console.log(`\n${title}`)
  const bars = new Bars(process.stdout)
  let watching = true
  nodeRed.on('ysh:event', (data) => {
    if (!watching) return
    // an event carries class instances too; only its plain fields matter here
    const event = events.parse(JSON.parse(JSON.stringify(data)))
    if (event.kind !== 'step' || event.step !== 'aneel-fetch') return
    const name = decodeURIComponent(event.run.item)
    if (event.state === 'running') bars.update(name, 'queued', 0, undefined)
    else if (event.state === 'progress' && event.progress) {
      bars.update(name, event.progress.phase, event.progress.done, event.progress.total)
    } else bars.end(name, event.state)
  })
  const summary = new Promise<unknown>((done) => {
    const stop = nodeRed.onSend('ysh-daily-end', (payload) => {
      stop()
      done(payload)
    })
  })
  await nodeRed.press('ysh-daily-run')
  const result = summaries.parse(await summary)
  watching = false
  return result
}

function show(summary: Summary): void {
  const number = (value: number | undefined) => (value === undefined ? '' : value.toLocaleString('en-US'))
  const rows = summary.items.map((item) => [
    item.dataset ?? item.key,
    item.state === 'failed' ? 'FAILED' : (item.outcome ?? ''),
    number(item.rows),
    number(item.new),
    number(item.changed),
    number(item.vanished),
    number(item.quarantined),
    item.seconds?.toFixed(1) ?? '',
    `${item.tier ?? ''}${item.why === undefined ? '' : ` (${item.why})`}`,
    number(item.version),
  ])
  console.log(
    `\n${table(['dataset', 'outcome', 'rows', 'new', 'changed', 'vanished', 'quarantined', 'seconds', 'tier', 'version'], rows)}`,
  )
  for (const item of summary.items)
    if (item.error) console.log(`\n${item.key}: ${item.error.code}\n  ${item.error.message}`)
  console.log(`\nRun ${summary.outcome} in ${summary.seconds.toFixed(1)} s`)
}

/** What stands for the world outside: pages with PDFs, a model, a mail server. */
interface Doubles {
  pages: PageServer
  ollama: OllamaDouble
  mail: MailReceiver
}

const documentText =
  'RESOLUCAO HOMOLOGATORIA\nArt. 1 As tarifas de energia para os consumidores da classe residencial sao de 650 kWh.'
const documentPaths = [
  '/wp-content/uploads/2025/05/reh20253461ti.pdf',
  '/arquivos/tarifas/REH-3512-2025.pdf',
  '/site/wp-content/uploads/REH-3602-2026.pdf',
  '/site/wp-content/uploads/NTC-905200.pdf',
]

/** Starts the doubles and sets the flow's environment to them. */
async function startDoubles(portal: Portal): Promise<Doubles> {
  const pages = await startPages()
  for (const path of documentPaths) pages.putDocument(path, tinyPdf(`${documentText}\n${path.split('/').at(-1)}`))
  const ollama = await startOllamaDouble({
    models: ['double'],
    reply: () => JSON.stringify({ text: 'As tarifas de energia da classe residencial.' }),
  })
  const mail = await startMail()
  const settings = {
    ...{ YSH_ANEEL_URL: portal.url, YSH_OLLAMA_URL: ollama.url, YSH_OLLAMA_MODEL: 'double' },
    ...{ YSH_SMTP_HOST: '127.0.0.1', YSH_SMTP_PORT: String(mail.port), YSH_SMTP_SECURITY: 'none' },
    ...{ YSH_MAIL_FROM: 'demo@ysh.example', YSH_MAIL_TO: 'you@ysh.example' },
    YSH_INTERNAL_HOSTS: '127.0.0.1',
  }
  Object.assign(process.env, settings)
  return { pages, ollama, mail }
}

async function closeDoubles({ pages, ollama, mail }: Doubles): Promise<void> {
  await pages.close()
  await ollama.stop()
  await mail.close()
}

/** Waits a little for the summary e-mail of each run; its subjects. */
async function subjects({ mail }: Doubles, wanted: number): Promise<string[]> {
  const deadline = Date.now() + 20_000
  while (mail.got.length < wanted && Date.now() < deadline) await new Promise((done) => setTimeout(done, 100))
  return mail.got.map(({ headers }) => readHeader(headers.get('subject') ?? ''))
}

/** What the demo must show, in words; empty when it did. */
function problems(first: Summary, second: Summary, portal: Portal | undefined): string[] {
  const found = [first, second].flatMap((summary) =>
    summary.items
      .filter((item) => item.state !== 'done')
      .map((item) => `${item.key} failed: ${item.error?.code ?? ''}`),
  )
  for (const item of second.items) {
    if (item.state === 'done' && item.outcome !== 'unchanged')
      found.push(`${item.key} was ${item.outcome} again, though nothing had changed`)
  }
  const samples = portal?.downloads().filter((download) => download.origin === 'sample') ?? []
  for (const sample of samples) {
    const item = first.items.find((candidate) => candidate.dataset === `aneel.${sample.dataset}`)
    const parts = samples.filter((other) => other.dataset === sample.dataset).length
    if (item && parts === 1 && item.rows !== sample.rows)
      found.push(`${item.key}: ${item.rows} rows published, ${sample.rows} in the file`)
  }
  return found
}

function size(name: string): (typeof PRESETS)['small'] {
  if (name === 'small' || name === 'medium' || name === 'large') return PRESETS[name]
  console.error(`--rows is small, medium or large, not "${name}"`)
  process.exit(2)
}

async function main(): Promise<number> {
  if (values.help) {
    console.log(HELP)
    return 0
  }
  const folder = values.keep === undefined ? await mkdtemp(join(tmpdir(), 'ysh-demo-data-')) : resolve(values.keep)
  const portal = values.live
    ? undefined
    : await startPortal(
        values.samples === undefined ? { datasets: size(values.rows) } : { samples: resolve(values.samples) },
      )
  if (portal) {
    const samples = portal.samples.mapped.length
    console.log(
      `Replica of ANEEL's portal at ${portal.url}${samples > 0 ? ` with ${samples} real files` : ' with generated data'}`,
    )
    for (const { file, reason } of portal.samples.unmapped) {
      if (/\.(csv|zip|gz|parquet)$/i.test(file)) console.log(`  left out: ${file}: ${reason}`)
    }
  } else console.log('The real portal: https://dadosabertos.aneel.gov.br. Some GB will be downloaded.')
  const sampled = new Set(
    portal
      ?.downloads()
      .filter((download) => download.origin === 'sample')
      .map((download) => `aneel.${download.dataset}`),
  )
  const doubles = portal === undefined ? undefined : await startDoubles(portal)
  process.env.YSH_DATA_FOLDER = folder
  if (values.postgres !== undefined) process.env.YSH_POSTGRES_URL = values.postgres
  const change = (node: FlowNode): FlowNode => {
    // the test pages have nobody whom a fast reader would bother
    if (doubles && /scrape|pdf/.test(node.type)) return { ...node, paceMs: 0 }
    if (doubles && node.id === 'ysh-daily-aneel') return localPages(node, doubles.pages.url)
    // with real files only what there are files of; the replica would make up the rest
    if (node.id === 'ysh-daily-each' && sampled.size > 0 && Array.isArray(node.list)) {
      return { ...node, list: node.list.filter((name) => sampled.has(String(name))) }
    }
    // the demo has its own clock: a button
    if (node.type === 'ysh-run') return { ...node, schedule: '' }
    return node
  }
  const nodeRed = await startHeadless(join(root, 'flows', 'daily.json'), change)
  try {
    const first = await runOnce(nodeRed, 'First run: everything is new')
    show(first)
    const second = await runOnce(nodeRed, 'Second run: nothing has changed')
    show(second)
    const found = problems(first, second, portal)
    if (doubles) {
      const sent = await subjects(doubles, 2)
      console.log(`\nE-mails sent: ${sent.map((subject) => `“${subject}”`).join(', ') || 'none'}`)
      if (sent.length !== 2) found.push(`${sent.length} summary e-mails were sent, not 2`)
      for (const violation of doubles.ollama.violations) found.push(`A request to Ollama: ${JSON.stringify(violation)}`)
    }
    for (const problem of found) console.error(`PROBLEM: ${problem}`)
    console.log(`\nData: ANEEL, open data, ODbL.${values.keep === undefined ? '' : ` Kept in ${folder}`}`)
    return found.length === 0 ? 0 : 1
  } finally {
    await nodeRed.stop()
    await portal?.close()
    if (doubles) await closeDoubles(doubles)
    if (values.keep === undefined) await rm(folder, { recursive: true, force: true })
  }
}

process.exit(await main())
