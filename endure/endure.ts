// `npm run endure`: simulated days of a whole installation, and what they leave in its memory. See docs/disturbances.md.
import { parseArgs } from 'node:util'
import { judge, simulate } from './simulate.ts'
import type { Slope } from './slope.ts'

const { values } = parseArgs({
  options: {
    days: { type: 'string', default: '7' },
    hours: { type: 'string', default: '24' },
    'warm-up': { type: 'string', default: '1' },
    store: { type: 'string', default: 'embedded' },
    most: { type: 'string', default: '0.1' },
    snapshots: { type: 'string' },
  },
})

const say = (line: string) => process.stdout.write(`${line}\n`)
const findings = await simulate({
  ...{ days: Number(values.days), hours: Number(values.hours), warmUp: Number(values['warm-up']), say },
  store: values.store === 'server' ? 'server' : 'embedded',
  ...(values.snapshots === undefined ? {} : { snapshots: values.snapshots }),
})
const told = ({ value, low, high }: Slope) =>
  `${value.toFixed(3)} MB a simulated day (95 %: ${low.toFixed(3)} to ${high.toFixed(3)})`
say(`heap after collection: ${told(findings.heap)}`)
say(`outside the heap:      ${told(findings.outside)}`)
say(`RSS, own pages:        ${told(findings.rss)}; V8 and malloc keep what they freed, so this is noise of some MB`)
if (values.store !== 'server')
  say(`child's RSS:           ${told(findings.child)}; it cannot be collected from outside`)
say(`API: ${findings.requests} requests, ${findings.refused} not answered with 200`)
const problems = judge(findings, Number(values.most))
for (const problem of problems) say(`NOT AS PROMISED: ${problem}`)
if (problems.length === 0) say('As promised.')
process.exitCode = problems.length === 0 ? 0 : 1
