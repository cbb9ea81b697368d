// npm run bench:api -- [--small] [--rounds N] [--only rest|events] [--strict]
// Requests a second and p99 of a point-range query through the whole API (key, rate limit, parameters, provenance, ETag) beside node:http over
// pg with the very same statement, and with the plainest one for the same rows; memory while everything is downloaded; from a commit to
// the message at 1,000 subscribers. Interleaved, in one run. An aim that is missed is said; only with --strict is it the exit code.
import { availableParallelism, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { measureRest, type Speed } from './api/rest.ts'
import { median, range, row } from './runs/statistics.ts'

const { values } = parseArgs({
  options: {
    small: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    only: { type: 'string', default: '' },
    strict: { type: 'boolean', default: false },
  },
})
const { small } = values
const rounds = Number(values.rounds ?? (small ? 2 : 7))
let missed = 0

function aim(what: string, value: number, limit: number, atLeast: boolean): void {
  const reached = atLeast ? value >= limit : value <= limit
  if (!reached) missed += 1
  console.log(
    `  ${reached ? 'reached' : 'MISSED '}  ${what}: ${value.toFixed(2)} (aim ${atLeast ? 'at least' : 'at most'} ${limit})`,
  )
}

const [load = 0] = loadavg()
console.log(`Node ${process.version}, ${small ? 'small' : 'full'} size`)
if (load > availableParallelism() / 2) {
  console.log(
    `The machine is busy (load ${load.toFixed(1)} on ${availableParallelism()} processors): ratios say more than times`,
  )
}

if (values.only !== 'events') {
  const plan = {
    rows: small ? 20_000 : 330_000,
    downloadRows: small ? 20_000 : 1_000_000,
    rounds,
    seconds: small ? 2 : 5,
    connections: 16,
  }
  const { speeds, download } = await measureRest(plan)
  console.log(
    `\nA point-range query of aneel.tarifas (${plan.rows.toLocaleString('en')} rows), ${plan.connections} connections, ${rounds} interleaved rounds of ${plan.seconds} s`,
  )
  const names = { ours: 'API', same: 'same SQL', plain: 'plain SQL' }
  for (const name of ['ours', 'same', 'plain'] as const) {
    const of = (value: (speed: Speed) => number) => range(speeds[name].map(value))
    row(names[name], `${of((s) => s.perSecond)} a second`, `p50 ${of((s) => s.p50)} ms`, `p99 ${of((s) => s.p99)} ms`)
    const wrong = speeds[name].reduce((sum, speed) => sum + speed.wrong, 0)
    if (wrong > 0) throw new Error(`${wrong} answers of ${names[name]} were not 200`)
  }
  const ratio = (name: 'same' | 'plain', value: (speed: Speed) => number) =>
    median(speeds.ours.map((speed, round) => value(speed) / value(speeds[name][round] ?? speed)))
  aim(
    'requests a second against the same SQL',
    ratio('same', (s) => s.perSecond),
    0.7,
    true,
  )
  aim(
    'p99 against the same SQL, times',
    ratio('same', (s) => s.p99),
    1 / 0.7,
    false,
  )
  console.log(
    `  against the plainest SQL: ${ratio('plain', (s) => s.perSecond).toFixed(2)} of its requests, p99 ${ratio('plain', (s) => s.p99).toFixed(2)} times`,
  )
  for (const { rows, bytes, seconds, before, most } of download) {
    const mb = (value: number) => `${Math.round(value / 1e6)} MB`
    row(
      'download',
      `${rows.toLocaleString('en')} rows, ${mb(bytes)} in ${seconds.toFixed(1)} s`,
      `resident ${mb(before)} before, ${mb(most)} at most`,
    )
  }
}
if (values.only !== 'rest') await import('./api-events.ts')
if (values.strict && missed > 0) process.exitCode = 1
