import type { Pulse } from '../../lib/health/pulse.ts'
import { lookAt, pulsesOf } from '../../lib/health/stores.ts'
import type { RunEngine } from '../../lib/runs/engine.ts'
import type { NodeDefinition, Red } from '../kit/red.ts'
import { problemOf } from '../kit/references.ts'
import { type DeployedStores, deployedStores } from '../ysh-stores/deployed.ts'

/** The most that one question for the health waits for the stores, in milliseconds. */
const waitMs = 3_000

/** What the plugin sees of Node-RED besides what nodes use. */
export interface HealthRed extends Pick<Red, 'events' | 'settings' | 'log'> {
  nodes: Pick<Red['nodes'], 'getNode'> & { eachNode(visit: (definition: NodeDefinition) => void): void }
}

/** Kept while the engine is: a pulse remembers what it asked. */
const pulses = new WeakMap<RunEngine, Map<string, Pulse>>()

/** What each `ysh-stores` of the flows says: `problems` in words, and the names of stores that `answer`. */
export async function lookAtStores(red: HealthRed): Promise<{ problems: string[]; answer: string[] }> {
  const problems = badlySetUp(red)
  const answer: string[] = []
  await Promise.all(
    deployedStores().map(async (entry) => {
      const said = await lookAtOne(entry)
      problems.push(...said.problems)
      answer.push(...said.answer)
    }),
  )
  return { problems: problems.sort(), answer: [...new Set(answer)].sort() }
}

async function lookAtOne({ id, name, service }: DeployedStores): Promise<{ problems: string[]; answer: string[] }> {
  const state = service.health()
  const called = nameOf(name, id)
  if (state.is === 'unused') return { problems: [], answer: [] }
  if (state.is === 'opening') return { problems: [`the stores ${called} are being opened`], answer: [] }
  if (state.is === 'failed') return { problems: [`the stores ${called} cannot be opened: ${state.code}`], answer: [] }
  const known = pulses.get(state.engine) ?? pulsesOf(state.engine.stores)
  pulses.set(state.engine, known)
  const looked = await lookAt(known, waitMs)
  return {
    problems: looked.flatMap(({ store, code }) =>
      code === undefined ? [] : [`${store} of the stores ${called} does not answer: ${code}`],
    ),
    answer: looked.flatMap(({ store, code }) => (code === undefined ? [store] : [])),
  }
}

/** A `ysh-stores` that says something wrong is deployed for nobody. */
function badlySetUp(red: HealthRed): string[] {
  const found: string[] = []
  red.nodes.eachNode(({ id, type, name }) => {
    if (type !== 'ysh-stores') return
    const problem = problemOf(red, id)
    if (problem !== undefined)
      found.push(
        `the stores ${nameOf(typeof name === 'string' ? name : undefined, id)} are set up wrongly: ${problem.code}`,
      )
  })
  return found
}

/** A name as a person gave it, fit for one line. */
function nameOf(name: string | undefined, id: string): string {
  const words = (name ?? '').replace(/\s+/g, ' ').trim().slice(0, 60)
  return `"${words === '' ? id : words}"`
}
