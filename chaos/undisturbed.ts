import { compare, type Fact, type Finding, hashes } from './compare.ts'
import { type Outcome, openWorkload, readFacts, type Surroundings } from './execute.ts'
import { lanes, retryNodeSuffix } from './flows.ts'
import type { StoreKind } from './stores.ts'
import { embeddedBackend, serverBackend } from './stores.ts'
import { Trial } from './trial.ts'

/** What the same generator leaves behind when nobody disturbs it. */
export interface Undisturbed {
  /** Of the facts those that an outcome must have, by what it asked for. */
  factsFor(outcome: Outcome): Fact[]
  seconds: number
  /** What went wrong though nobody disturbed it: the harness, or worse. */
  problems: Finding[]
}

/** Runs a workload once without disturbance, as far as the furthest of these outcomes. */
export async function undisturbed(
  outcomes: readonly Outcome[],
  workload: 'dense' | 'fetch',
  store: StoreKind,
  { seed, chaosNodes, server }: Surroundings,
): Promise<Undisturbed> {
  const before = performance.now()
  const furthest = (lane: string) => Math.max(0, ...outcomes.map(({ ledger }) => ledger.last(lane)))
  const upTo = new Map((workload === 'dense' ? lanes : ['fetch']).map((lane) => [lane, furthest(lane)]))
  const backend = store === 'postgres' ? await serverBackend(await server()) : await embeddedBackend()
  /** Of the fetch workload, after each publication that an outcome ended at. */
  const snapshots = new Map<number, Fact[]>()
  const wanted = new Set(outcomes.map(({ ledger }) => ledger.last('fetch')))
  const onThrough = async (number: number) => {
    // The embedded store can be read at the end only.
    if (store === 'postgres' && wanted.has(number)) snapshots.set(number, await readFacts(backend, workload))
  }
  const opened = await openWorkload({ workload }, seed, { upTo, onThrough })
  const trial = await Trial.open({
    backend,
    generator: opened.generator,
    chaosNodes,
    workload,
    flows: (mark) => opened.flows(backend, mark),
    replicas: 1,
  })
  try {
    trial.generate()
    await trial.settle()
    const facts = await readFacts(backend, workload)
    const problems = [...trial.problems, ...compare(opened.generator.expected(), facts)]
    if (workload === 'fetch') snapshots.set(furthest('fetch'), facts)
    return {
      seconds: (performance.now() - before) / 1_000,
      problems,
      factsFor({ ledger }) {
        const all = workload === 'dense' ? facts : (snapshots.get(ledger.last('fetch')) ?? [])
        return all.filter(ledger.covers())
      },
    }
  } finally {
    await trial.close()
    await opened.close()
    await backend.remove()
  }
}

const retryLine = new RegExp(`^\\S+ \\S+ \\S+${retryNodeSuffix} `)

/** What an outcome has otherwise than the undisturbed run, and the tables whose hashes differ. */
export function against(outcome: Outcome, reference: Undisturbed): { findings: Finding[]; differing: string[] } {
  const should = reference.factsFor(outcome)
  // Nothing fails in the undisturbed run: it has no lines of retry nodes. The ledger knows how many there must be.
  const facts = outcome.facts.filter(({ key }) => !retryLine.test(key))
  const [is, wanted] = [hashes(facts), hashes(should)]
  const tables = new Set([...is.keys(), ...wanted.keys()])
  const differing = [...tables].filter((table) => is.get(table) !== wanted.get(table))
  const findings = compare(should, facts)
  for (const table of differing) {
    if (wanted.has(table)) continue
    for (const { key, value } of facts.filter((fact) => fact.table === table).slice(0, 5)) {
      findings.push({ kind: 'duplicated', table, key, detail: `the undisturbed run has nothing in ${table}: ${value}` })
    }
  }
  return { findings, differing }
}
