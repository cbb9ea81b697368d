import { readdirSync, readFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { embeddedProcesses } from '../../stores/postgres/embedded/host.ts'
import { type Reading, reading } from '../reading.ts'

/** How often the loop is looked at, and after how long a look begins anew; milliseconds. */
const lookMs = 20
const windowMs = 60_000

type DelayHistogram = ReturnType<typeof monitorEventLoopDelay>

/** What this process is, among those that count. */
export type OwnProcess = 'node-red' | 'worker'

/** This process as it is now: memory, processor, event loop, handles. Made once; the event loop is watched from then on. */
export function processSource(version: string, own: OwnProcess): { readings(): Reading[]; close(): void } {
  const loop = new LoopDelay()
  return {
    readings() {
      const { rss, heapUsed } = process.memoryUsage()
      const { user, system } = process.cpuUsage()
      const database = embeddedProcesses().flatMap((pid) => residentBytes(pid) ?? [])
      const files = openFiles()
      return [
        reading('process.memory.rss', { process: own }, rss),
        ...(database.length === 0
          ? []
          : [
              reading(
                'process.memory.rss',
                { process: 'database' },
                database.reduce((sum, one) => sum + one, 0),
              ),
            ]),
        reading('process.memory.limit', {}, memoryLimit()),
        reading('process.memory.heap', {}, heapUsed),
        reading('process.cpu', {}, (user + system) / 1_000_000),
        ...loop.readings(),
        reading('process.handles', { kind: 'resources' }, process.getActiveResourcesInfo().length),
        ...(files === undefined ? [] : [reading('process.handles', { kind: 'files' }, files)]),
        reading('process.start', {}, Math.round(Date.now() / 1_000 - process.uptime())),
        reading('build.info', { version }, 1),
      ]
    },
    close: () => loop.close(),
  }
}

/** The delay of the event loop in a window that several scrapers may look at. */
class LoopDelay {
  #now: DelayHistogram = watch()
  #before: DelayHistogram | undefined
  #since = performance.now()

  readings(): Reading[] {
    const now = performance.now()
    // whoever looks shortly after the change still sees the window before
    const shown =
      this.#before !== undefined && now - this.#since < windowMs / 2 ? [this.#before, this.#now] : [this.#now]
    const most = (value: (one: DelayHistogram) => number) =>
      Math.max(0, Math.max(...shown.map((one) => (one.count === 0 ? 0 : value(one)))) / 1e9 - lookMs / 1_000)
    const found = [
      reading(
        'process.event_loop.delay',
        { at: 'p50' },
        most((one) => one.percentile(50)),
      ),
      reading(
        'process.event_loop.delay',
        { at: 'p99' },
        most((one) => one.percentile(99)),
      ),
      reading(
        'process.event_loop.delay',
        { at: 'max' },
        most((one) => one.max),
      ),
    ]
    if (now - this.#since >= windowMs) {
      this.#before?.disable()
      this.#before = this.#now
      this.#before.disable()
      this.#now = watch()
      this.#since = now
    }
    return found
  }

  close(): void {
    this.#before?.disable()
    this.#now.disable()
  }
}

function watch(): DelayHistogram {
  const histogram = monitorEventLoopDelay({ resolution: lookMs })
  histogram.enable()
  return histogram
}

/** Of the control group where there is a limit, else all the machine has. */
function memoryLimit(): number {
  const machine = totalmem()
  const group = process.constrainedMemory()
  return group > 0 && group < machine ? group : machine
}

/** Resident memory of another process; undefined where the system does not tell (only Linux does, this way). */
function residentBytes(pid: number): number | undefined {
  try {
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return kib === undefined ? undefined : Number(kib) * 1_024
  } catch {
    return undefined
  }
}

function openFiles(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length
  } catch {
    return undefined
  }
}
