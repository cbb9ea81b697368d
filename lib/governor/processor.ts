import { readFileSync } from 'node:fs'

/** Shortest time over which a share is worked out. */
const windowMs = 5_000
/** Shares of the time in which this machine wanted to work and was not let: from the one on it is held back, below the other no more. */
const from = 0.3
const until = 0.1
/** A machine that hardly works tells nothing. */
const leastBusy = 0.2

/** Times since the start of the machine, in any unit. */
export interface Times {
  busy: number
  idle: number
  stolen: number
}

/**
 * Tells whether the hypervisor holds this machine back. A burstable instance in standard mode that has used up its credits gets a share of
 * its processors; what it is not given stands in /proc/stat as steal. Neither a role nor a paid call is needed for it.
 */
export class Processor {
  readonly #read: () => Times | undefined
  readonly #now: () => number
  #before: { at: number; times: Times } | undefined
  #held = false
  #share = 0

  constructor(read: () => Times | undefined = readTimes, now: () => number = () => performance.now()) {
    this.#read = read
    this.#now = now
  }

  /** Share of the wanted time that was not given, in the last window. */
  get stolen(): number {
    return this.#share
  }

  /** Whether it is held back. Cheap to ask often. */
  held(): boolean {
    const at = this.#now()
    if (this.#before !== undefined && at - this.#before.at < windowMs) return this.#held
    const times = this.#read()
    if (times === undefined) return false
    const before = this.#before
    this.#before = { at, times }
    if (before === undefined) return false
    const [busy, idle, stolen] = [
      times.busy - before.times.busy,
      times.idle - before.times.idle,
      times.stolen - before.times.stolen,
    ]
    const wanted = busy + stolen
    this.#share = wanted > leastBusy * (wanted + idle) ? stolen / wanted : 0
    this.#held = this.#share > (this.#held ? until : from)
    return this.#held
  }
}

/** All processors together; undefined elsewhere than on Linux. */
function readTimes(): Times | undefined {
  try {
    const [, ...fields] = (/^cpu .*$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[0] ?? '').split(/\s+/)
    const [user = 0, nice = 0, kernel = 0, idle = 0, waiting = 0, irq = 0, softirq = 0, stolen = 0] = fields.map(Number)
    return { busy: user + nice + kernel + irq + softirq, idle: idle + waiting, stolen }
  } catch {
    return undefined
  }
}
