import type { EngineEvent, RunEngine } from '../../runs/engine.ts'
import type { StepEvent } from '../../runs/flight.ts'
import { meter } from '../meter.ts'
import { noteFailed, noteProduced } from './produced.ts'

/** Beginnings remembered; what is forgotten has no duration. */
const most = 10_000

/** Engines that are listened to: two who ask must not count twice. */
const heard = new WeakSet<RunEngine>()

/**
 * Counts what happens in an engine, from now until it is closed. `nameOf` gives a flow's id a name that people know. Asked again for the same
 * engine it does nothing.
 */
export function countEngine(engine: RunEngine, nameOf: (flow: string) => string): void {
  if (heard.has(engine)) return
  heard.add(engine)
  const runs = new Beginnings()
  const ofStep = stepCounter()
  engine.subscribe((event) => {
    if (event.kind === 'run') ofRun(event, runs, nameOf(event.run.flow))
    else ofStep(event)
  })
}

/** Counts tries of steps: of an engine's, or of the step runtime's. */
export function stepCounter(): (event: StepEvent) => void {
  const steps = new Beginnings()
  return (event) => ofStep(event, steps)
}

/** Announces the flows of an engine, so that the first failed run of each already shows as a rise. */
export function expectFlows(engine: { flows: readonly string[] }, nameOf: (flow: string) => string): void {
  for (const flow of engine.flows) meter.expect('pipeline.runs.count', 'flow', nameOf(flow))
}

function ofRun(event: Extract<EngineEvent, { kind: 'run' }>, runs: Beginnings, flow: string): void {
  const { state, run } = event
  meter.expect('pipeline.runs.count', 'flow', flow)
  meter.add('pipeline.runs.count', { flow, outcome: state })
  if (state === 'started' || state === 'resumed') runs.begin(run.id)
  else if (state === 'parked') runs.pause(run.id)
  else {
    const seconds = runs.end(run.id)
    if (seconds !== undefined) meter.observe('pipeline.execution.duration', { flow, outcome: state }, seconds)
  }
}

function ofStep(event: StepEvent, steps: Beginnings): void {
  const { state, step, run, node } = event
  const key = `${run.id} ${node} ${run.item}`
  if (state === 'progress') return
  meter.expect('pipeline.steps.count', 'step', step)
  if (state === 'running') {
    // a try that was called off has no end
    steps.end(key)
    steps.begin(key)
    if (event.attempt > 1) meter.add('pipeline.retries.count', { level: 'step' })
    return
  }
  meter.add('pipeline.steps.count', { step, outcome: state })
  const seconds = steps.end(key)
  if (seconds !== undefined) meter.observe('pipeline.step.duration', { step }, seconds)
  if (state === 'done') noteProduced(step, event.output)
  else {
    meter.add('pipeline.errors.count', { where: 'step' })
    meter.add('pipeline.errors.code', { code: event.error.code })
    noteFailed(step)
  }
}

/** When things began, in memory that does not grow. */
class Beginnings {
  readonly #known = new Map<string, { since: number | undefined; before: number }>()

  begin(key: string): void {
    const known = this.#known.get(key)
    if (known?.since !== undefined) return
    this.#known.set(key, { since: performance.now(), before: known?.before ?? 0 })
    const [oldest] = this.#known.keys()
    if (this.#known.size > most && oldest !== undefined) this.#known.delete(oldest)
  }

  pause(key: string): void {
    const before = this.#spent(key)
    if (before !== undefined) this.#known.set(key, { since: undefined, before })
  }

  /** Seconds from the beginning without pauses; undefined when that was not seen. */
  end(key: string): number | undefined {
    const spent = this.#spent(key)
    this.#known.delete(key)
    return spent === undefined ? undefined : spent / 1_000
  }

  #spent(key: string): number | undefined {
    const known = this.#known.get(key)
    if (known === undefined) return undefined
    return known.before + (known.since === undefined ? 0 : performance.now() - known.since)
  }
}
