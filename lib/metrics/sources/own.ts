import { breakerReadings } from '../breakers.ts'
import { LatencyWindow } from '../latency.ts'
import { meter } from '../meter.ts'
import type { Source } from '../reading.ts'
import { spendReadings } from '../spend.ts'
import { governorReadings } from './governor.ts'
import { type OwnProcess, processSource } from './process.ts'

let shared: readonly Source[] | undefined

/** What this process says of itself, whatever stores it works on. Made at the first call, and kept: the windows go on over deploys. */
export function ownSources(version: string, process: OwnProcess = 'node-red'): readonly Source[] {
  if (shared === undefined) {
    const latency = new LatencyWindow()
    meter.attach(latency)
    const { readings } = processSource(version, process)
    shared = [readings, () => latency.readings(), () => spendReadings(), breakerReadings, () => governorReadings()]
  }
  return shared
}
