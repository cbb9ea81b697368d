// npm run bench:ingest -- [--rows N] [--mmgd-rows N] [--full] [--rounds N] [--no-embedded]
// Our whole load against `psql \copy` of clean rows into the same keyed table: same machine, same run, interleaved.
import { execFile, execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import pg from 'pg'
import { contractFor } from '../lib/steps/aneel/catalogue.ts'
import type { AneelContract } from '../lib/steps/aneel/contract.ts'
import { sqlType } from '../lib/steps/dataset/load/tables.ts'
import { quoteIdentifier as q } from '../lib/stores/postgres/port.ts'
import { startPostgres } from '../test/helpers/postgres-server.ts'
import { cleanRows, type DatasetName, type FileOptions, writeCsv } from '../test/portal/generate/index.ts'

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '330000' },
    'mmgd-rows': { type: 'string', default: '1000000' },
    full: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    'no-embedded': { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
  },
})
const rounds = Number(values.rounds)
const run = promisify(execFile)
const psql = findPsql()
const root = fileURLToPath(new URL('..', import.meta.url))

function findPsql(): string {
  try {
    return execFileSync('sh', ['-c', 'command -v psql'], { encoding: 'utf8' }).trim()
  } catch {
    console.error('psql was not found: the benchmark compares with it. Debian: apt-get install postgresql-client')
    process.exit(2)
  }
}

interface Load {
  mode: string
  rows: number
  new: number
  changed: number
  vanished: number
  seconds: number
  bytes: number
  gapMs: number
  rssMb: number
  wall: number
  childMb: number
  /** When each phase began, milliseconds. */
  phases: Record<string, number>
}

const phases = (load: Load) =>
  Object.entries({ ...load.phases, end: load.seconds * 1000 })
    .map(([name, at]) => `${name} ${Math.round(at)}`)
    .join(', ')

// as npm start and the Docker image run Node: a small young generation costs no time here and saves tens of MB
const SHIPPED_FLAGS = ['--max-semi-space-size=2']

const median = (numbers: readonly number[]) =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN

/** Highest resident memory among the descendants of a process, from /proc, while it runs. */
function watchChildren(pid: number): { stop(): number } {
  let peak = 0
  const timer = setInterval(async () => {
    try {
      const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ')
      for (const child of children.filter((c) => c !== '')) {
        const status = await readFile(`/proc/${child}/status`, 'utf8')
        peak = Math.max(peak, Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024)
      }
    } catch {
      // it has ended
    }
  }, 50)
  return {
    stop() {
      clearInterval(timer)
      return Math.round(peak)
    },
  }
}

async function ours(dataset: string, file: string, target: string, folder: string): Promise<Load> {
  const started = performance.now()
  const pending = run(
    process.execPath,
    [...SHIPPED_FLAGS, join(root, 'bench/load-child.js'), dataset, file, target, folder],
    { maxBuffer: 1 << 24 },
  )
  const watch = watchChildren(pending.child.pid ?? 0)
  const { stdout } = await pending
  const wall = (performance.now() - started) / 1000
  return { ...JSON.parse(stdout), wall, childMb: watch.stop() }
}

async function reference(client: pg.Client, url: string, contract: AneelContract, clean: string): Promise<number> {
  const kept = keptColumns(contract)
  await client.query('drop table if exists reference_load')
  const key = new Set(contract.key)
  await client.query(
    `create table reference_load (_n int4 not null, ${kept.map((c) => `${q(c.name)} ${sqlType(c)}${sqlType(c) === 'text' && key.has(c.name) ? ' collate "C"' : ''}`).join(', ')})`,
  )
  await client.query(`create unique index on reference_load (${contract.key.map(q).join(', ')}, _n) nulls not distinct`)
  await client.query('checkpoint')
  const started = performance.now()
  await run(psql, [url, '-q', '-v', 'ON_ERROR_STOP=1', '-c', `\\copy reference_load from '${clean}' with (format csv)`])
  return (performance.now() - started) / 1000
}

/** The clean rows, with the number that tells rows of one key apart: psql only has to copy them. */
async function writeReference(
  path: string,
  generator: DatasetName,
  contract: AneelContract,
  options: FileOptions,
): Promise<void> {
  const columns = keptColumns(contract)
  const key = contract.key.map((name) => columns.findIndex((column) => column.name === name))
  const seen = new Map<string, number>()
  const out = createWriteStream(path)
  let text = ''
  for (const row of cleanRows(generator, { ...options, columns })) {
    const own = key.map((index) => row[index] ?? '').join('\u0001')
    const n = seen.get(own) ?? 0
    seen.set(own, n + 1)
    text += `${[String(n), ...row].map((value) => (value === null ? '' : /[,"\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value)).join(',')}\n`
    if (text.length > 1 << 18) {
      if (!out.write(text)) await once(out, 'drain')
      text = ''
    }
  }
  out.end(text)
  await once(out, 'finish')
}

function keptColumns(contract: AneelContract) {
  const kept = contract.columns.filter((column) => !column.volatile && !column.personal)
  return [
    ...contract.key.flatMap((name) => kept.filter((column) => column.name === name)),
    ...kept.filter((column) => !contract.key.includes(column.name)),
  ]
}

async function measure(
  dataset: string,
  generator: DatasetName,
  rows: number,
  folder: string,
  url: string,
): Promise<void> {
  const contract = contractFor(dataset)
  if (contract === undefined) throw new Error(dataset)
  const client = new pg.Client({ connectionString: url })
  client.on('error', (error) => console.error(error.message))
  await client.connect()
  const options = { rows, repeats: 0, seed: 7 }
  const file = (n: number) => join(folder, `${generator}-${n}.csv`)
  const clean = (n: number) => join(folder, `${generator}-${n}.clean.csv`)
  for (const publication of [0, 1]) {
    await writeCsv(file(publication), generator, { ...options, publication })
    await writeReference(clean(publication), generator, contract, { ...options, publication })
  }
  const forget = async () => {
    await client.query(`drop view if exists ${dataset} cascade`)
    const { rows: tables } = await client.query<{ t: string }>(
      `select format('%I.%I', schemaname, tablename) as t from pg_tables where schemaname = 'aneel_data'`,
    )
    for (const { t } of tables) await client.query(`drop table ${t}`)
    for (const table of ['version', 'source_check', 'change', 'quarantine', 'load']) {
      await client.query(`delete from pipeline.${table}`)
    }
  }
  const first: number[] = []
  const again: number[] = []
  const loads: Load[] = []
  let touched = ''
  console.log(`\n${dataset}: ${rows.toLocaleString('en')} rows, ${contract.columns.length} columns`)
  for (let round = 0; round < rounds; round++) {
    const before = await reference(client, url, contract, clean(0))
    await client.query('checkpoint')
    const load = await ours(dataset, file(0), url, join(folder, 'objects'))
    first.push(before / load.wall)
    const second = await reference(client, url, contract, clean(1))
    await client.query('checkpoint')
    await client.query('select pg_stat_reset()')
    const delta = await ours(dataset, file(1), url, join(folder, 'objects'))
    again.push(second / delta.wall)
    await new Promise((resolve) => setTimeout(resolve, 1200)) // statistics arrive a second later
    const stats = await client.query<{ u: string; d: string; i: string }>(
      `select n_tup_upd u, n_tup_del d, n_tup_ins i from pg_stat_user_tables where schemaname = 'aneel_data' order by n_tup_ins desc limit 1`,
    )
    touched = JSON.stringify(stats.rows[0])
    loads.push(load, delta)
    console.log(
      `  round ${round + 1}: psql ${before.toFixed(2)} s, first load ${load.wall.toFixed(2)} s, ratio ${(before / load.wall).toFixed(2)} | psql ${second.toFixed(2)} s, re-publication ${delta.wall.toFixed(2)} s, ratio ${(second / delta.wall).toFixed(2)} | RSS ${load.rssMb}/${delta.rssMb} MB, loop gap ${load.gapMs}/${delta.gapMs} ms`,
    )
    if (round === rounds - 1) {
      console.log(`  phases began at (ms): first load ${phases(load)}; re-publication ${phases(delta)}`)
      console.log(
        `  re-publication: ${delta.changed} changed, ${delta.new} new, ${delta.vanished} vanished, ${delta.rows - delta.changed - delta.new} equal; rows written in the table: ${touched}`,
      )
    }
    await forget()
  }
  console.log(
    `  ratio first load      ${median(first).toFixed(2)}  (aim 1.2; min ${Math.min(...first).toFixed(2)}, max ${Math.max(...first).toFixed(2)})`,
  )
  console.log(
    `  ratio re-publication  ${median(again).toFixed(2)}  (aim 2.0; min ${Math.min(...again).toFixed(2)}, max ${Math.max(...again).toFixed(2)})`,
  )
  console.log(`  peak RSS              ${Math.max(...loads.map((l) => l.rssMb))} MB  (aim at most 100)`)
  console.log(`  longest loop gap      ${Math.max(...loads.map((l) => l.gapMs))} ms  (aim at most 50)`)
  await client.end()
  if (!values['no-embedded']) {
    const store = join(folder, `embedded-${generator}`)
    const load = await ours(dataset, file(0), store, join(folder, 'objects-embedded'))
    const delta = await ours(dataset, file(1), store, join(folder, 'objects-embedded'))
    for (const [what, l] of [
      ['first load', load],
      ['re-publication', delta],
    ] as const) {
      console.log(
        `  embedded ${what.padEnd(15)} ${l.seconds.toFixed(2)} s, ${Math.round(l.rows / l.seconds).toLocaleString('en')} rows/s, RSS ${l.rssMb} MB + child ${l.childMb} MB, loop gap ${l.gapMs} ms`,
      )
    }
  }
  for (const n of [0, 1]) await Promise.all([rm(file(n)), rm(clean(n))])
}

const folder = await mkdtemp(join(tmpdir(), 'ysh-bench-'))
await chmod(folder, 0o755)
const server = await startPostgres()
try {
  await mkdir(join(folder, 'objects'), { recursive: true })
  console.log(
    `Node ${process.version}; psql ${execFileSync(psql, ['--version'], { encoding: 'utf8' }).trim()}; ${rounds} interleaved rounds, medians`,
  )
  if (values.only === '' || values.only === 'tarifas')
    await measure('aneel.tarifas', 'tarifas', Number(values.rows), folder, server.url)
  const mmgd = values.full ? 4_656_839 : Number(values['mmgd-rows'])
  if (values.only === '' || values.only === 'mmgd') await measure('aneel.mmgd', 'mmgd', mmgd, folder, server.url)
} finally {
  await server.stop()
  await rm(folder, { recursive: true, force: true })
}
if (!existsSync(psql)) process.exitCode = 1
