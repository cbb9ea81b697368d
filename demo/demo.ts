// npm run demo -- [--live] [--samples DIR] [--rows small|medium|large] [--keep DIR] [--postgres URL]
// Runs flows/daily.json in a headless Node-RED on the embedded stores: against a replica of ANEEL's portal, unless --live.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { SummarySchema } from '../lib/runs/summary.ts'
import { parser, Type } from '../lib/schema.ts'
import { type Portal, PRESETS, startPortal } from '../test/portal/server.ts'
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
  (none)            the daily flow against a replica of ANEEL's portal with generated data
  --samples DIR     the replica serves a folder of real ANEEL files
  --live            the real portal (some GB, up to an hour)
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
  const change = (node: FlowNode): FlowNode => {
    if (node.type === 'ysh-stores') {
      // the replica of the portal runs on this machine
      const allowAddresses = portal === undefined ? [] : [new URL(portal.url).host]
      return { ...node, folder, postgresUrl: values.postgres ?? '', allowAddresses }
    }
    if (node.type === 'ysh-aneel-portal' && portal) return { ...node, url: portal.url }
    // with real files only what there are files of; the replica would make up the rest
    if (node.type === 'ysh-each' && sampled.size > 0 && Array.isArray(node.list)) {
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
    for (const problem of found) console.error(`PROBLEM: ${problem}`)
    console.log(`\nData: ANEEL, open data, ODbL.${values.keep === undefined ? '' : ` Kept in ${folder}`}`)
    return found.length === 0 ? 0 : 1
  } finally {
    await nodeRed.stop()
    await portal?.close()
    if (values.keep === undefined) await rm(folder, { recursive: true, force: true })
  }
}

process.exit(await main())
