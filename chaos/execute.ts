import { startPortal } from '../test/portal/server.ts'
import { strike } from './blows.ts'
import { compare, type Fact, type Finding } from './compare.ts'
import { datasetFacts, journalFacts } from './facts.ts'
import { denseFlow, fetchFlow } from './flows.ts'
import { DenseGenerator, FetchGenerator, type Generator } from './generator.ts'
import type { Ledger } from './ledger.ts'
import type { FlowNode } from './node-red.ts'
import { type Server, startServer } from './postgres.ts'
import type { Scenario } from './scenarios.ts'
import { dice } from './seed.ts'
import { type Backend, embeddedBackend, type StoreKind, serverBackend } from './stores.ts'
import { Trial } from './trial.ts'

/** What all scenarios share. */
export interface Surroundings {
  seed: number
  chaosNodes: string
  /** Started at first use. */
  server(): Promise<Server>
}

/** What came of a scenario on one store. */
export interface Outcome {
  scenario: Scenario
  store: StoreKind
  kills: number
  blows: number
  runs: number
  steps: number
  fenced: number
  seconds: number
  takeOvers: readonly number[]
  findings: Finding[]
  facts: Fact[]
  ledger: Ledger
  log: readonly string[]
}

/** What the portal's replica serves in the fetch workload; small, but of several blocks. */
const datasets = { tarifas: 3_000, siga: 600 }
/** The longest that a step of the dense flow takes while it is disturbed, in milliseconds. */
const stepMs = 120

/** A workload: who asks for what, and the flow that does it. */
export interface Workload {
  generator: Generator
  flows(backend: Backend, mark: string): readonly FlowNode[]
  close(): Promise<void>
}

/** The workload of a scenario, or the same undisturbed. */
export async function openWorkload(
  scenario: Pick<Scenario, 'workload' | 'failures' | 'retry'>,
  seed: number,
  undisturbed?: { upTo: ReadonlyMap<string, number>; onThrough?(number: number): Promise<void> },
): Promise<Workload> {
  const { workload, failures = 0, retry = 'delay' } = scenario
  if (workload === 'dense') {
    return {
      generator: new DenseGenerator(
        seed,
        undisturbed === undefined ? { retried: retry === 'node' } : { upTo: undisturbed.upTo, backlog: 40 },
      ),
      flows: ({ settings }, mark) =>
        denseFlow({ ...settings, mark, retry, failures, ms: undisturbed === undefined ? stepMs : 0 }),
      async close() {},
    }
  }
  const portal = await startPortal({ datasets, seed })
  return {
    generator: new FetchGenerator(seed, {
      portal,
      datasets,
      refusals: failures,
      ...(undisturbed === undefined
        ? {}
        : { upTo: undisturbed.upTo.get('fetch') ?? 0, onThrough: undisturbed.onThrough }),
    }),
    flows: ({ settings }) =>
      fetchFlow({ ...settings, portal: portal.url, datasets: Object.keys(datasets).map((name) => `aneel.${name}`) }),
    close: () => portal.close(),
  }
}

/** Everything that a workload has left behind. */
export function readFacts(backend: Backend, workload: Scenario['workload']): Promise<Fact[]> {
  return backend.read(async (store) => {
    const facts = await journalFacts(store)
    if (workload === 'fetch') facts.push(...(await datasetFacts(store, backend.settings.folder)))
    return facts
  })
}

/** Disturbs a workload, lets it come to rest, and compares what is there with the generator's ledger. */
export async function execute(
  scenario: Scenario,
  store: StoreKind,
  count: number,
  surroundings: Surroundings,
): Promise<Outcome> {
  const before = performance.now()
  const { seed, chaosNodes } = surroundings
  // One that is brought down is nobody else's.
  const own = scenario.blow.kind === 'database' && store === 'postgres' ? await startServer() : undefined
  const workload = await openWorkload(scenario, seed)
  const backend =
    store === 'postgres' ? await serverBackend(own ?? (await surroundings.server())) : await embeddedBackend()
  const { generator } = workload
  const trial = await Trial.open({
    backend,
    generator,
    chaosNodes,
    workload: scenario.workload,
    flows: (mark) => workload.flows(backend, mark),
    replicas: scenario.blow.kind === 'replicas' || scenario.blow.kind === 'frozen' ? 2 : 1,
  })
  try {
    trial.generate()
    try {
      await strike({ trial, scenario, dice: dice(seed, `${scenario.name} ${store}`), count, server: own })
    } catch (error) {
      // What is there can be compared all the same.
      trial.problem('stuck', `The harness failed: ${error instanceof Error ? error.stack : String(error)}`)
    }
    await trial.settle()
    const facts = await readFacts(backend, scenario.workload)
    return {
      scenario,
      store,
      kills: trial.kills,
      blows: trial.blows,
      runs: facts.filter((fact) => fact.table === 'run').length,
      steps: facts.filter((fact) => fact.table === 'step' && fact.value === 'done').length,
      fenced: trial.fenced,
      seconds: (performance.now() - before) / 1_000,
      takeOvers: trial.takeOvers,
      findings: [...trial.problems, ...compare(generator.expected(), facts)],
      facts,
      ledger: generator.ledger,
      log: trial.log,
    }
  } finally {
    await trial.close()
    await workload.close()
    await backend.remove()
    await own?.close()
  }
}
