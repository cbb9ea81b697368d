// npm run bench:micro -- [--profile embedded|full|both] [--small] [--limit MB]
// The whole daily cycle on what a machine with 1 GiB has left: flows/daily.json in a headless Node-RED, started as the image starts it, twice: a first
// load, and the next day's publication. All processes of the box share one memory limit; what they talk to outside does not count. The exit
// code is 1 when the promise of docs/memory.md does not hold.
import { parseArgs } from 'node:util'
import { cycle } from './micro/cycle.ts'
import { print } from './micro/report.ts'
import { small, whole } from './micro/size.ts'

const { values } = parseArgs({
  options: {
    profile: { type: 'string', default: 'both' },
    small: { type: 'boolean', default: false },
    // 1 GiB without what kernel, system and container engine take: see docs/memory.md
    limit: { type: 'string', default: '824' },
  },
})
const profiles = (['embedded', 'full'] as const).filter((name) => values.profile === 'both' || values.profile === name)
const limit = Number(values.limit) * 1_048_576
if (profiles.length === 0 || !(limit > 0)) {
  console.error('--profile is embedded, full or both; --limit is a number of MB')
  process.exit(2)
}

let broken = false
for (const profile of profiles) {
  const size = values.small ? small : whole
  const result = await cycle({ profile, size, limit })
  print(result)
  broken ||= result.problems.length > 0
}
process.exit(broken ? 1 : 0)
