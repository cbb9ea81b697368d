import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { FailPoint } from '../lib/fail-point.ts'
import type { Finding } from './compare.ts'
import { freshFolder } from './folder.ts'
import type { Generator } from './generator.ts'
import { type FlowNode, makeUserDir, type NodeRed, startNodeRed, type Tidings } from './node-red.ts'
import type { Backend } from './stores.ts'
import { until } from './wait.ts'

/** How long anything may take before it counts as stuck. */
export const patienceMs = 60_000
/**
 * After so many kills without the end of any run one must end. More than ten would have the engine take the run for what kills
 * (POISONED); and a workload that does one thing at a time would be killed in its first run only.
 */
const breathless = { dense: 5, fetch: 3 }

/** What a trial works with. */
export interface TrialOptions {
  backend: Backend
  generator: Generator
  /** The flow; `mark` makes it another one. */
  flows(mark: string): readonly FlowNode[]
  chaosNodes: string
  workload: 'dense' | 'fetch'
  replicas: 1 | 2
}

/** A Node-RED of a trial, with its user folder; it may be started again and again. */
export interface Seat {
  userDir: string
  process: NodeRed | undefined
  /** Told of the first run that the present process took up. */
  working: PromiseWithResolvers<void>
}

/** A kill of which is not known yet whether it hit anything unfinished. */
interface Suspect {
  underWay: ReadonlySet<string>
}

/** One disturbed execution: its processes, and what was seen. */
export class Trial {
  readonly options: TrialOptions
  readonly problems: Finding[] = []
  /** Kills of processes with unfinished runs. */
  kills = 0
  /** Other disturbances. */
  blows = 0
  /** Messages and runs that a newer epoch or generation fenced off. */
  fenced = 0
  /** Milliseconds until the runs of a dead replica were in other hands. */
  readonly takeOvers: number[] = []
  readonly seats: Seat[] = []
  readonly #folder: string
  #suspects: Suspect[] = []
  #asked = 0
  #killsAtEnd = { ended: 0, inRow: 0 }
  #generating: Promise<void> | undefined

  private constructor(options: TrialOptions, folder: string) {
    this.options = options
    this.#folder = folder
  }

  static async open(options: TrialOptions): Promise<Trial> {
    const trial = new Trial(options, freshFolder('trial'))
    for (let seat = 0; seat < options.replicas; seat += 1) {
      const userDir = join(trial.#folder, `node-red-${seat}`)
      await mkdir(userDir)
      await makeUserDir(userDir, options.chaosNodes)
      trial.seats.push({ userDir, process: undefined, working: Promise.withResolvers() })
    }
    return trial
  }

  /** Begins to ask for slots, whoever is there. */
  generate(): void {
    this.#generating = this.options.generator.run(() => {
      this.#asked += 1
      const there = this.seats.flatMap(({ process }) =>
        process === undefined || process.ended !== undefined ? [] : [process],
      )
      return there[this.#asked % Math.max(there.length, 1)]
    })
  }

  /** Starts the Node-RED of a seat; does not wait for its flows. */
  async start(seat: Seat, armed?: { point: FailPoint; passing: number }, mark = ''): Promise<NodeRed> {
    seat.working = Promise.withResolvers()
    const process = await startNodeRed({
      userDir: seat.userDir,
      flows: this.options.flows(mark),
      armed,
      onTidings: (told) => this.#heard(seat, told),
    })
    seat.process = process
    void process.exited.then(() => {
      this.fenced += process.count('fenced')
      const stalled = process.count('stalled')
      if (stalled > 0)
        this.problem('stuck', `${stalled} runs in which nothing moved until the watchdog sent them anew`, process)
    })
    return process
  }

  /** Kills of which is not known yet whether they hit anything unfinished. */
  get suspected(): number {
    return this.#suspects.length
  }

  /** Waits until a process has a run in its hands. False, and noted, when it ended by itself or nothing came. */
  async working(seat: Seat): Promise<boolean> {
    const { process } = seat
    if (process === undefined) return false
    let works = false
    void seat.working.promise.then(() => {
      works = true
    })
    const came = await until(() => works || process.ended !== undefined, patienceMs)
    if (process.ended !== undefined && process.ended !== 'SIGKILL') {
      this.problem('lost', `Node-RED ended by itself (${process.ended})`, process)
      return false
    }
    if (!came) this.problem('stuck', 'No run was taken up after a start', process)
    return came
  }

  /** Notes that a process was killed, or killed itself. */
  async killed(): Promise<void> {
    const { generator, backend } = this.options
    this.#suspects.push({ underWay: new Set(generator.underWay()) })
    const { ended, inRow } = this.#killsAtEnd
    this.#killsAtEnd = { ended: generator.ended, inRow: generator.ended === ended ? inRow + 1 : 1 }
    await generator.look(backend)
  }

  /** Whether the next process should be let alone until a run has ended. */
  get breathless(): boolean {
    return (
      this.#killsAtEnd.inRow >= breathless[this.options.workload] &&
      this.options.generator.ended === this.#killsAtEnd.ended
    )
  }

  /** Waits until one more run has ended. False, and noted, when none does. */
  async breathe(process: NodeRed): Promise<boolean> {
    const { generator } = this.options
    const { ended } = generator
    const did = await until(() => generator.ended > ended || process.ended !== undefined, patienceMs)
    if (!did) this.problem('stuck', 'No run ended, though nobody was disturbed', process)
    return did && process.ended === undefined
  }

  /**
   * No more disturbances: asks for one last slot in each lane, waits until all is through, and ends all in good order.
   */
  async settle(mark = ''): Promise<void> {
    const { generator } = this.options
    for (const seat of this.seats) {
      if (seat.process === undefined || seat.process.ended !== undefined) await this.start(seat, undefined, mark)
    }
    generator.stop()
    let asked = this.#generating === undefined
    const asking = this.#generating?.then(() => {
      asked = true
    })
    const through = () => asked && generator.underWay().length === 0
    for (let ended = -1; !through() && generator.ended > ended; ) {
      ended = generator.ended
      await until(() => through() || generator.ended > ended, patienceMs)
    }
    if (asked) await asking
    const [first] = this.seats
    if (!asked) this.problem('stuck', 'Nobody takes slots any more', first?.process)
    for (const { process } of this.seats) {
      if (process === undefined) continue
      if (process.ended !== undefined) {
        if (process.ended !== 'SIGKILL') this.problem('lost', `Node-RED ended by itself (${process.ended})`, process)
        continue
      }
      try {
        await process.stop()
      } catch (error) {
        this.problem('stuck', String(error), process)
        await process.kill('group')
      }
    }
  }

  /** Notes something that went wrong outside the tables. */
  problem(kind: Finding['kind'], detail: string, process?: NodeRed): void {
    this.problems.push({ kind, table: 'process', key: String(this.problems.length + 1), detail })
    const lines = process?.text().split('\n').slice(-25) ?? []
    for (const line of lines) this.log.push(line)
  }
  /** The last lines of processes that went wrong. */
  readonly log: string[] = []

  /** Ends whatever still runs, and removes the user folders. */
  async close(): Promise<void> {
    for (const { process } of this.seats) if (process !== undefined) await process.kill('group')
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 })
  }

  #heard(seat: Seat, told: Tidings): void {
    this.options.generator.heard(told)
    if (told.kind !== 'run') return
    if (told.state === 'started' || told.state === 'resumed') {
      seat.working.resolve()
      const run = `${told.run.flow} ${told.run.slot}`
      // A run that goes on after a kill was unfinished when it fell.
      const hit = this.#suspects.filter(({ underWay }) => underWay.has(run))
      this.kills += hit.length
      this.#suspects = this.#suspects.filter((suspect) => !hit.includes(suspect))
    }
  }
}
