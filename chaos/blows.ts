import { createHash } from 'node:crypto'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Kill } from './plan.ts'
import { childrenOf, type Server } from './postgres.ts'
import type { Scenario } from './scenarios.ts'
import type { Dice } from './seed.ts'
import { patienceMs, type Seat, type Trial } from './trial.ts'
import { until } from './wait.ts'

/** What a scenario's disturbances need. */
export interface Blows {
  trial: Trial
  scenario: Scenario
  dice: Dice
  /** How many kills, or other disturbances. */
  count: number
  /** The server that a scenario may bring down. */
  server: Server | undefined
}

/** Disturbs until it was often enough, or something is so wrong that nothing more can be learnt. */
export async function strike(blows: Blows): Promise<void> {
  const { blow } = blows.scenario
  if (blow.kind === 'kills') await kills(blows, blow.next)
  else if (blow.kind === 'replicas') await replicas(blows, blow.back)
  else if (blow.kind === 'frozen') await frozen(blows)
  else if (blow.kind === 'database') await database(blows)
  else if (blow.kind === 'deploy') await deploys(blows, blow.type)
  else await sigterms(blows)
}

/** Kills that hit nothing unfinished do not count; if most did not, it would never end. */
const mostTries = (count: number) => count * 3 + 10

async function kills({ trial, dice, count }: Blows, next: (dice: Dice) => Kill): Promise<void> {
  const [seat] = trial.seats
  if (seat === undefined) return
  for (let tries = 0; tries < mostTries(count) && trial.problems.length === 0; tries += 1) {
    if (trial.kills + trial.suspected >= count) {
      // Whether the last ones hit anything the next process tells; it is let alone if they did.
      const last = await trial.start(seat)
      if (!(await trial.working(seat)) || trial.kills >= count) return
      await last.kill('process')
      await trial.killed()
      continue
    }
    if (trial.breathless) {
      if (!(await trial.breathe(await trial.start(seat)))) return
      await seat.process?.kill('group')
      await trial.killed()
    }
    const kill = next(dice)
    const process = await trial.start(seat, kill.how === 'point' ? kill : undefined)
    if (kill.how === 'point') {
      if (!(await until(() => process.ended !== undefined, patienceMs))) {
        trial.problem('stuck', `The fail point ${kill.point}:${kill.passing} was never reached`, process)
        return
      }
    } else {
      if (kill.after === 'work' && !(await trial.working(seat))) return
      await sleep(kill.ms)
      await process.kill(kill.target)
    }
    if (process.ended !== 'SIGKILL') {
      trial.problem('lost', `Node-RED ended by itself (${process.ended})`, process)
      return
    }
    await trial.killed()
  }
}

async function replicas({ trial, dice, count }: Blows, back: 'at once' | 'after take-over'): Promise<void> {
  for (const seat of trial.seats) await trial.start(seat)
  for (const seat of trial.seats) await seat.process?.started
  for (let tries = 0; trial.kills + trial.suspected < count && tries < mostTries(count); tries += 1) {
    if (trial.problems.length > 0) return
    const ms = dice.between(0, 900)
    const seat = await holder(trial, dice)
    if (seat?.process === undefined) return trial.problem('stuck', 'No replica got a run', trial.seats[0]?.process)
    await sleep(ms)
    await seat.process.kill('process')
    if (seat.process.ended !== 'SIGKILL') {
      return trial.problem('lost', `Node-RED ended by itself (${seat.process.ended})`, seat.process)
    }
    const held = await heldBy(trial, seat.userDir)
    await trial.killed()
    if (back === 'after take-over' && !(await takenOver(trial, seat.userDir, held))) return
    const process = await trial.start(seat)
    await process.started
  }
}

async function frozen({ trial, dice, count }: Blows): Promise<void> {
  for (const seat of trial.seats) await trial.start(seat)
  for (const seat of trial.seats) await seat.process?.started
  for (let blow = 0; blow < count && trial.problems.length === 0; blow += 1) {
    const seat = await holder(trial, dice)
    if (seat?.process === undefined) return trial.problem('stuck', 'No replica got a run', trial.seats[0]?.process)
    process.kill(seat.process.pid, 'SIGSTOP')
    const held = await heldBy(trial, seat.userDir)
    trial.blows += 1
    const taken = await takenOver(trial, seat.userDir, held)
    process.kill(seat.process.pid, 'SIGCONT')
    if (!taken) return
    // Back again it must find out that its runs are gone, and be of use.
    const { ended } = trial.options.generator
    await until(() => trial.options.generator.ended > ended, patienceMs)
  }
}

/** A replica that has runs; the one that the dice choose, if both have. Undefined when neither gets any. */
async function holder(trial: Trial, dice: Dice): Promise<Seat | undefined> {
  const first = dice.between(0, trial.seats.length - 1)
  const order = [...trial.seats.slice(first), ...trial.seats.slice(0, first)]
  let found: Seat | undefined
  await until(async () => {
    for (const seat of order) {
      if ((await heldBy(trial, seat.userDir)).length === 0) continue
      found = seat
      return true
    }
    return false
  }, patienceMs)
  return found
}

/** Waits until none of these runs is in the hands of that replica. False, and noted, when they stay there. */
async function takenOver(trial: Trial, userDir: string, held: readonly string[]): Promise<boolean> {
  const before = performance.now()
  const done = await until(async () => {
    const still = await heldBy(trial, userDir)
    return !still.some((run) => held.includes(run))
  }, patienceMs)
  if (!done) trial.problem('stuck', `The other replica did not take over within ${patienceMs / 1_000} s`)
  else if (held.length > 0) trial.takeOvers.push(performance.now() - before)
  return done
}

/** The unfinished runs of the replica with this user folder. */
async function heldBy(trial: Trial, userDir: string): Promise<string[]> {
  const owner = `${hostname()}-${createHash('sha256').update(userDir).digest('hex').slice(0, 8)}`
  return trial.options.backend.read(async (store) => {
    const { rowCount } = await store.query(`select where to_regclass('pipeline.run') is not null`)
    if (rowCount === 0) return [] // nobody has opened the store yet
    const { rows } = await store.query<{ id: string }>(
      `select id from pipeline.run where state = 'running' and starts_with(owner, $1)`,
      [`${owner}/`],
    )
    return rows.map((row) => row.id)
  })
}

async function database({ trial, dice, count, server }: Blows): Promise<void> {
  const [seat] = trial.seats
  if (seat === undefined) return
  const process = await trial.start(seat)
  for (let blow = 0; blow < count && trial.problems.length === 0; blow += 1) {
    if (!(await trial.working(seat)) || !(await trial.breathe(process))) return
    await sleep(dice.between(0, 600))
    const how = dice.pick<'fast' | 'crash'>(['fast', 'crash'])
    const downMs = dice.between(0, 2_000)
    if (server !== undefined) await server.restart(how, downMs)
    else await killEmbedded(trial, process.pid)
    trial.blows += 1
  }
}

async function killEmbedded(trial: Trial, parent: number): Promise<void> {
  const [child] = await childrenOf(parent)
  if (child === undefined) trial.problem('stuck', 'The embedded PostgreSQL has no process')
  else process.kill(child, 'SIGKILL')
}

async function deploys({ trial, dice, count }: Blows, type: 'full' | 'nodes' | 'flows'): Promise<void> {
  const [seat] = trial.seats
  if (seat === undefined) return
  const process = await trial.start(seat)
  for (let blow = 0; blow < count && trial.problems.length === 0; blow += 1) {
    if (!(await trial.working(seat))) return
    await sleep(dice.between(50, 900))
    try {
      await process.deploy(trial.options.flows(`, deploy ${blow}`), type)
    } catch (error) {
      return trial.problem('stuck', String(error), process)
    }
    trial.blows += 1
    if (!(await trial.breathe(process))) return
  }
}

async function sigterms({ trial, dice, count }: Blows): Promise<void> {
  const [seat] = trial.seats
  if (seat === undefined) return
  for (let blow = 0; blow < count && trial.problems.length === 0; blow += 1) {
    const process = await trial.start(seat)
    if (!(await trial.working(seat))) return
    await sleep(dice.between(0, 900))
    try {
      await process.stop()
    } catch (error) {
      return trial.problem('stuck', String(error), process)
    }
    trial.blows += 1
  }
}
