// `npm run endure`: simulated days of a whole installation, and what they leave in its memory. See docs/disturbances.md.
import { parseArgs } from 'node:util'
import { gone, judgeGone } from './gone.ts'
import { judge, simulate } from './simulate.ts'
import type { Slope } from './slope.ts'

const { values } = parseArgs({
  options: {
    days: { type: 'string', default: '14' },
    hours: { type: 'string', default: '24' },
    'warm-up': { type: 'string', default: '3' },
    store: { type: 'string', default: 'embedded' },
    most: { type: 'string', default: '0.1' },
    snapshots: { type: 'string' },
    small: { type: 'boolean', default: false },
    'postgres-gone': { type: 'string' },
    frozen: { type: 'boolean', default: false },
  },
})

const say = (line: string) => process.stdout.write(`${line}\n`)

/** PostgreSQL away for so many seconds, under the whole installation. */
async function postgresGone(seconds: number, how: 'refused' | 'frozen'): Promise<string[]> {
  say(`PostgreSQL is away for ${seconds} s (${how}), 20 requests to the API at a time`)
  const found = await gone(how, seconds, say, values.snapshots)
  const steps = (of: readonly number[], digits: number) => of.map((value) => value.toFixed(digits)).join(', ')
  say(`answers by status: ${JSON.stringify(found.answers)}, ${found.withoutRetryAfter} of 503 without Retry-After`)
  say(`longest answer: ${Math.round(found.longestMs)} ms; lines in the log meanwhile: ${found.lines}`)
  say(
    `heap before, at the end of it, after it: ${steps(found.heap, 1)} MB; descriptors: ${steps(found.descriptors, 0)}`,
  )
  say(
    `first answer ${found.answeredAfter.toFixed(1)} s after its return, first slot done ${found.workedAfter.toFixed(1)} s`,
  )
  say(`runs by state: ${JSON.stringify(found.runs)}; slots with two runs: ${found.doubled}`)
  return judgeGone(found, how, seconds)
}

/** Simulated days; with `small` fewer of them, which fail only when the whole interval of the slope is above. */
async function days(small: boolean): Promise<string[]> {
  const plan = small
    ? { days: 5, hours: 4, warmUp: 1 }
    : { days: Number(values.days), hours: Number(values.hours), warmUp: Number(values['warm-up']) }
  const findings = await simulate({
    ...{ ...plan, say },
    store: values.store === 'server' ? 'server' : 'embedded',
    ...(values.snapshots === undefined ? {} : { snapshots: values.snapshots }),
  })
  const told = ({ value, low, high }: Slope) =>
    `${value.toFixed(3)} MB a simulated day (95 %: ${low.toFixed(3)} to ${high.toFixed(3)})`
  say(`heap after collection: ${told(findings.heap)}`)
  say(`outside the heap:      ${told(findings.outside)}`)
  say(`RSS, own pages:        ${told(findings.rss)}; V8 and malloc keep what they freed: this shows no small slope`)
  if (values.store !== 'server')
    say(`child's RSS:           ${told(findings.child)}; it cannot be collected from outside`)
  say(`API: ${findings.requests} requests, ${findings.refused} not answered with 200`)
  return judge(findings, Number(values.most), small ? 'low' : 'value')
}

const away = values['postgres-gone']
const problems =
  away === undefined ? await days(values.small) : await postgresGone(Number(away), values.frozen ? 'frozen' : 'refused')
for (const problem of problems) say(`NOT AS PROMISED: ${problem}`)
if (problems.length === 0) say('As promised.')
process.exitCode = problems.length === 0 ? 0 : 1
