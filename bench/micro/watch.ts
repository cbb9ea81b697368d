import { readFileSync } from 'node:fs'
import type { Box } from './box.ts'

const everyMs = 200

/** What was seen of a phase. Bytes; times in ms. */
export interface Phase {
  name: string
  ms: number
  /** Highest sum of the processes' PSS. */
  pss: number
  /** Highest memory of the group's processes, by the kernel; undefined without a group. */
  processes: number | undefined
  /** Highest use of the group, page cache and all. */
  group: number | undefined
  cache: number
  reached: number
  killed: number
  /** The highest PSS of each process, by what it is. */
  each: Map<string, number>
  /** 99th percentile of the event loop's delay in Node-RED, the worst of its seconds left and right of that. */
  loopP99: number
  loopMost: number
}

/** Watches a box, phase by phase. */
export class Watch {
  readonly phases: Phase[] = []
  readonly #box: Box
  readonly #nameOf: (pid: number, command: string) => string
  readonly #timer: NodeJS.Timeout
  #began = performance.now()
  #phase: Phase
  #delays: number[] = []
  #before: { reached: number; killed: number }

  /** `nameOf` says what a process is. */
  constructor(box: Box, first: string, nameOf: (pid: number, command: string) => string) {
    this.#box = box
    this.#nameOf = nameOf
    this.#phase = fresh(first)
    this.#before = this.#counts()
    this.#timer = setInterval(() => this.#look(), everyMs)
  }

  /** The phase that is under way ends, and another begins. */
  next(name: string): void {
    this.#end()
    this.#phase = fresh(name)
    this.#began = performance.now()
  }

  /** Delays of Node-RED's event loop, ms, as its process reports them. */
  delays(values: readonly number[]): void {
    this.#delays.push(...values)
  }

  close(): Phase[] {
    clearInterval(this.#timer)
    this.#end()
    return this.phases
  }

  #end(): void {
    this.#look()
    const usage = this.#box.usage()
    const phase = this.#phase
    phase.ms = performance.now() - this.#began
    const counts = this.#counts()
    phase.reached = counts.reached - this.#before.reached
    phase.killed = counts.killed - this.#before.killed
    this.#before = counts
    if (usage !== undefined) phase.group = Math.max(phase.group ?? 0, usage.peak ?? usage.all)
    this.#box.forgetPeak()
    this.#delays.sort((a, b) => a - b)
    phase.loopP99 = this.#delays[Math.floor(this.#delays.length * 0.99)] ?? 0
    phase.loopMost = this.#delays.at(-1) ?? 0
    this.#delays = []
    this.phases.push(phase)
  }

  #counts(): { reached: number; killed: number } {
    const { reached = 0, killed = 0 } = this.#box.usage() ?? {}
    return { reached, killed }
  }

  #look(): void {
    const now = new Map<string, number>()
    let sum = 0
    for (const pid of this.#box.processes()) {
      // Asked last: a process that ends has no name any more, while its memory is still being taken down.
      const pss = pssOf(pid)
      const command = commandOf(pid)
      if (pss === undefined) continue
      sum += pss
      if (command === '') continue
      const name = this.#nameOf(pid, command)
      now.set(name, (now.get(name) ?? 0) + pss)
    }
    const phase = this.#phase
    for (const [name, pss] of now) phase.each.set(name, Math.max(phase.each.get(name) ?? 0, pss))
    phase.pss = Math.max(phase.pss, sum)
    const usage = this.#box.usage()
    if (usage === undefined) return
    phase.processes = Math.max(phase.processes ?? 0, usage.processes)
    phase.group = Math.max(phase.group ?? 0, usage.all)
    phase.cache = Math.max(phase.cache, usage.cache)
  }
}

function fresh(name: string): Phase {
  return {
    ...{ name, ms: 0, pss: 0, processes: undefined, group: undefined, cache: 0, reached: 0, killed: 0 },
    ...{ each: new Map(), loopP99: 0, loopMost: 0 },
  }
}

/** Its share of the memory it has in common with others, and all of its own; undefined for one that has ended. */
function pssOf(pid: number): number | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
    return Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0) * 1024
  } catch {
    return undefined
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
  } catch {
    return ''
  }
}
