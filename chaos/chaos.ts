// npm run chaos: kills real Node-RED processes and shows that nothing is lost and nothing happens twice. See docs/chaos.md.
import { hashes } from './compare.ts'
import { execute, type Outcome, type Surroundings } from './execute.ts'
import { freshFolder } from './folder.ts'
import { buildChaosNodes } from './nodes/build.ts'
import { help, type Options, readOptions } from './options.ts'
import { type Server, startServer } from './postgres.ts'
import { countOf, distinct, stockTable, summary, wrongs } from './report.ts'
import { scenarios } from './scenarios.ts'
import { distribute, leftToServer, longRun, type Share } from './shares.ts'
import { type StockOutcome, stockNodeRed } from './stock.ts'
import { inTurns } from './turns.ts'
import { against, undisturbed } from './undisturbed.ts'

async function main(): Promise<number> {
  const options = parsed()
  if (options === undefined) return 0
  if (options === 'wrong') return 2
  const before = performance.now()
  console.log(`chaos: ${options.kills} kills, seed ${options.seed}, ${options.stores.join(' and ')}`)
  const wanted = scenarios.filter(({ name }) => options.only.length === 0 || options.only.includes(name))
  for (const { name, skipped } of wanted) if (skipped !== undefined) console.log(`SKIPPED: ${name}: ${skipped}`)
  const shares = distribute(
    wanted.filter(({ skipped }) => skipped === undefined),
    options.stores,
    options.kills,
  )
  const left = wanted.filter((scenario) => options.stores.length === 2 && leftToServer(scenario, options.kills))
  if (left.length > 0) {
    const names = left.map(({ name }) => name).join(', ')
    console.log(
      `Short run: on PostgreSQL only are ${names}; on both with ${longRun} kills and more, or --store embedded`,
    )
  }
  if (shares.length === 0) {
    console.error('Nothing to do: none of these scenarios can be run on these stores')
    return 2
  }
  const folder = freshFolder('nodes')
  let server: Promise<Server> | undefined
  try {
    await buildChaosNodes(folder)
    const surroundings: Surroundings = {
      seed: options.seed,
      chaosNodes: folder,
      server: () => {
        server ??= startServer()
        return server
      },
    }
    const outcomes = await disturb(shares, options, surroundings)
    await compareAll(outcomes, options, surroundings)
    console.log(`\n${summary(outcomes)}`)
    const takeOvers = outcomes.flatMap((outcome) => outcome.takeOvers).sort((a, b) => a - b)
    if (takeOvers.length > 0) {
      const seconds = takeOvers.map((ms) => (ms / 1_000).toFixed(1)).join(', ')
      console.log(`\nRuns of a dead or frozen replica were in other hands after ${seconds} s`)
    }
    if (options.stock) console.log(`\n${stockTable(await stock(options, folder))}`)
    const wrong = outcomes.flatMap(wrongs)
    for (const line of wrong) console.error(line)
    console.log(
      `\n${wrong.length === 0 ? 'Nothing lost, nothing duplicated, nothing stuck' : 'FAILED'}; seed ${options.seed}, ${((performance.now() - before) / 1_000).toFixed(0)} s`,
    )
    return wrong.length === 0 ? 0 : 1
  } finally {
    await (await server)?.close()
  }
}

function parsed(): Options | undefined | 'wrong' {
  try {
    const options = readOptions(process.argv.slice(2))
    if (options === undefined) console.log(help)
    return options
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${help}`)
    return 'wrong'
  }
}

async function disturb(shares: readonly Share[], options: Options, surroundings: Surroundings): Promise<Outcome[]> {
  return inTurns(
    options.processes,
    shares.map(({ scenario, store, count }) => ({
      weight: scenario.blow.kind === 'replicas' || scenario.blow.kind === 'frozen' ? 2 : 1,
      async run() {
        const outcome = await execute(scenario, store, count, surroundings)
        const { kills, blows, runs, seconds, findings } = outcome
        const bad = (['lost', 'duplicated', 'stuck'] as const)
          .map((kind) => `${countOf(findings, kind)} ${kind}`)
          .join(', ')
        console.log(
          `${scenario.name} on ${store}: ${kills} kills, ${blows} other, ${runs} runs; ${bad}; ${seconds.toFixed(1)} s`,
        )
        return outcome
      },
    })),
  )
}

/** Compares with undisturbed runs: one for each workload, on PostgreSQL where it is there. */
async function compareAll(outcomes: readonly Outcome[], options: Options, surroundings: Surroundings): Promise<void> {
  const [store = 'embedded'] = options.stores
  for (const workload of ['dense', 'fetch'] as const) {
    const mine = outcomes.filter((outcome) => outcome.scenario.workload === workload)
    // The embedded store cannot be read between two publications: one undisturbed run for each end.
    const groups =
      workload === 'fetch' && store === 'embedded'
        ? [...Map.groupBy(mine, (outcome) => outcome.ledger.last('fetch')).values()]
        : [mine].filter((group) => group.length > 0)
    for (const group of groups) {
      const reference = await undisturbed(group, workload, store, surroundings)
      console.log(`undisturbed ${workload} on ${store}: ${reference.seconds.toFixed(1)} s`)
      for (const outcome of group) {
        const { findings, differing } = against(outcome, reference)
        const undisturbedToo = reference.problems.map((problem) => ({
          ...problem,
          detail: `undisturbed: ${problem.detail}`,
        }))
        outcome.findings = distinct([...outcome.findings, ...findings, ...undisturbedToo])
        const all = [...hashes(outcome.facts)].map(([table, hash]) => `${table} ${hash.slice(0, 8)}`).join(' ')
        const verdict = differing.length === 0 ? 'the same' : `DIFFERENT in ${differing.join(', ')}`
        console.log(`  ${outcome.scenario.name} on ${outcome.store}: ${verdict}: ${all}`)
        if (differing.length > 0 && outcome.findings.length === 0) {
          outcome.findings.push({ kind: 'differs', table: differing.join(', '), key: '', detail: 'another hash' })
        }
      }
    }
  }
}

async function stock({ seed }: Options, folder: string): Promise<StockOutcome[]> {
  const outcomes: StockOutcome[] = []
  for (const how of ['undisturbed', 'SIGTERM', 'SIGKILL'] as const) {
    outcomes.push(await stockNodeRed(how, seed, folder))
  }
  return outcomes
}

process.exit(await main())
