import { PipelineError } from '../errors.ts'
import { failPoint } from '../fail-point.ts'
import type { HttpClient } from '../net/http.ts'
import { parser } from '../schema.ts'
import type { Logger, Progress, StepContext } from '../steps/step.ts'
import type { Stores } from '../stores/stores.ts'
import { runPlace, spans } from '../traces/spans.ts'
import { beginStep, failStep, finishStep, readOutput, stepKey } from './journal.ts'
import type { StepLines } from './lines.ts'
import type { Flight, LiveRun } from './live.ts'
import { RetryPolicySchema, retry } from './retry.ts'
import type { RunRef, StepRef } from './run.ts'
import { stopped, type Timer } from './time.ts'

/** What happens to a step, for status lines and progress bars. */
export type StepEvent = { run: RunRef; node: string; step: string; attempt: number } & (
  | { state: 'running' }
  /** `output`: what the step sends on. */
  | { state: 'done'; output: unknown }
  | { state: 'failed'; error: PipelineError }
  | { state: 'progress'; progress: Progress }
)

/** What executing a step needs of the engine. */
export interface FlightHost {
  owner: string
  stores: Stores
  /** Writes the ends of steps that have no transaction of their own. */
  lines: StepLines
  http: HttpClient
  clock: Timer
  log: Logger
  /** Runs this process executes. */
  live: Map<string, LiveRun>
  /** Runs of single messages, here only to be called off at the end. */
  visitors: Set<LiveRun>
  emit(event: StepEvent): void
  /** The run is in other hands. */
  lost(live: LiveRun): void
}

/** A step to be executed, with its types closed over. */
export interface Bound {
  name: string
  label: string
  node: string
  signal: AbortSignal
  log: Logger
  inputHash: string
  run(context: StepContext): Promise<unknown>
  /** Throws OUTPUT_INVALID. */
  checkOutput(output: unknown): unknown
  progress(progress: Progress): void
}

/** A step that takes longer gets a line in the journal while it runs. */
const showAfterMs = 500
const never = new AbortController().signal
/** For the line at a step's end: a short trouble with the store must not cost the work done. */
const journalRetry = parser(RetryPolicySchema, 'retry policy').parse({
  attempts: 4,
  baseMs: 250,
  capMs: 4_000,
  deadlineMs: 30_000,
})

/** The step's output: from the journal, from the same step at work, or from running it. */
export async function answer(
  host: FlightHost,
  live: LiveRun,
  run: RunRef,
  bound: Bound,
): Promise<{ output: unknown; replayed: boolean }> {
  const { node, inputHash } = bound
  const key = stepKey(node, run.item)
  for (;;) {
    const flight = live.flights.get(key)
    if (flight !== undefined) {
      const joined = await join(flight, bound.signal)
      if (flight.inputHash !== inputHash) continue
      if ('output' in joined) return { output: joined.output, replayed: true }
      // Called off together with the message that began it: then it is ours to do. A failure of its own is ours too.
      if (joined.error.code !== 'STOPPED') throw joined.error
      continue
    }
    const known = live.steps.get(key)
    if (known?.state === 'done' && known.inputHash === inputHash) {
      const stored = await readOutput(host.stores.postgres, { run: live.id, node, item: run.item, inputHash })
      if (stored !== undefined) return { output: stored.output, replayed: true }
      live.steps.delete(key)
      continue
    }
    if (known?.state === 'done') {
      bound.log.warn('A step ran before in this run with another input or setting: it runs again', {
        run: live.id,
        node,
        item: run.item,
      })
    }
    // No await between the look at the flights and this: only one of two messages takes off.
    const ended = fly(host, live, run, bound).finally(() => live.flights.delete(key))
    live.flights.set(key, { inputHash, ended })
    return { output: await ended, replayed: false }
  }
}

/** How a step at work ends; throws when the signal of the message that waits for it aborts. */
async function join(flight: Flight, signal: AbortSignal): Promise<{ output: unknown } | { error: PipelineError }> {
  if (signal.aborted) throw reasonOf(signal)
  const waiting = new AbortController()
  const gone = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(reasonOf(signal)), { once: true, signal: waiting.signal })
  })
  const settled: Promise<{ output: unknown } | { error: PipelineError }> = flight.ended.then(
    (output) => ({ output }),
    (error: unknown) => ({ error: PipelineError.from(error) }),
  )
  try {
    return await Promise.race([settled, gone])
  } finally {
    waiting.abort()
  }
}

/** Runs the step and journals its end. */
async function fly(host: FlightHost, live: LiveRun, run: RunRef, bound: Bound): Promise<unknown> {
  const { postgres } = host.stores
  const { node, inputHash } = bound
  const key = stepKey(node, run.item)
  const known = live.steps.get(key)
  const before = known?.inputHash === inputHash && known.state !== 'done' ? known : undefined
  const ref: StepRef = {
    run: live.id,
    epoch: live.epoch,
    node,
    item: run.item,
    step: bound.label,
    inputHash,
    attempt: (before?.attempts ?? 0) + 1,
    startedAt: host.clock.now().toISOString(),
  }
  const signal = AbortSignal.any([bound.signal, live.controller.signal])
  const event = { run, node, step: bound.name, attempt: ref.attempt }
  const ended = (state: 'done' | 'failed') => {
    live.steps.set(key, { inputHash, state, attempts: ref.attempt, nextAt: undefined })
    live.movedAt = host.clock.monotonic()
  }
  let finished: { output: unknown } | undefined
  try {
    if (signal.aborted) throw reasonOf(signal)
    if (before?.nextAt !== undefined) {
      failPoint('retry-wait')
      await host.clock.sleep(before.nextAt - host.clock.now().getTime(), signal)
    }
    live.movedAt = host.clock.monotonic()
    live.failures.delete(run.item)
    host.emit({ ...event, state: 'running' })
    const work = () =>
      bound.run({
        run,
        node,
        attempt: ref.attempt,
        signal,
        stores: host.stores,
        http: host.http,
        clock: host.clock,
        log: bound.log,
        progress(progress) {
          live.movedAt = host.clock.monotonic()
          bound.progress(progress)
          host.emit({ ...event, state: 'progress', progress })
        },
        async finish(tx, output) {
          finished = { output: bound.checkOutput(output) }
          await finishStep(tx, ref, finished.output)
          failPoint('step-before-commit')
        },
      })
    const returned = await spans.within(spanOf(live, ref, bound), () => shown(host, ref, work))
    const end = finished ?? { output: bound.checkOutput(returned) }
    if (finished === undefined) {
      failPoint('step-before-commit')
      // Work that is done is written down even when its message was called off meanwhile: the next one finds it there.
      await retry(journalRetry, () => finishStep(host.lines, ref, end.output), { signal: never, clock: host.clock })
    }
    failPoint('step-after-commit')
    ended('done')
    live.lines += 1
    host.emit({ ...event, state: 'done', output: end.output })
    return end.output
  } catch (thrown) {
    const error = signal.aborted ? reasonOf(signal, thrown) : PipelineError.from(thrown)
    if (error.code === 'FENCED') {
      host.lost(live)
      throw error
    }
    // Its end may have been committed all the same, just before the trouble.
    if (finished !== undefined || error.code === 'STEP_DONE') {
      const stored = await readOutput(postgres, ref)
      if (stored !== undefined) {
        ended('done')
        if (error.code !== 'STOPPED') return stored.output
      }
    }
    if (error.code === 'STOPPED') throw error
    await noteFailure(host, live, ref, error)
    ended('failed')
    live.failures.set(run.item, { node, error })
    host.emit({ ...event, state: 'failed', error })
    throw error
  }
}

/** A try of a step, in the trace of its run; of a message outside any run it is the trace. */
function spanOf(live: LiveRun, { node, item, attempt }: StepRef, { name }: Bound) {
  const place = runPlace(live.id)
  return {
    name,
    ...(live.trigger === 'message' ? { root: place } : { parent: place }),
    attributes: {
      ...{ 'ysh.run.id': live.id, 'ysh.node.id': node, 'ysh.step.attempt': attempt },
      ...(item === '' ? {} : { 'ysh.item': item }),
    },
  }
}

/** Writes the failed try. Trouble with that is logged: the step's own error counts. Throws FENCED. */
async function noteFailure(host: FlightHost, live: LiveRun, ref: StepRef, failure: PipelineError): Promise<void> {
  try {
    await failStep(host.stores.postgres, ref, { error: failure })
  } catch (thrown) {
    const error = PipelineError.from(thrown)
    if (error.code === 'FENCED') {
      host.lost(live)
      throw error
    }
    host.log.error('A failed step could not be noted in the journal', { run: ref.run, node: ref.node, error })
  }
}

/** Runs the step, and shows it in the journal meanwhile if it takes its time. */
async function shown<T>(host: FlightHost, ref: StepRef, run: () => Promise<T>): Promise<T> {
  let line: Promise<void> | undefined
  const callOff = host.clock.after(showAfterMs, () => {
    line = beginStep(host.lines, ref).catch((thrown: unknown) => {
      const error = PipelineError.from(thrown)
      // It had ended before; or its own end says the same with more weight.
      if (!['STEP_DONE', 'FENCED'].includes(error.code)) {
        host.log.warn('A running step could not be shown in the journal', { run: ref.run, node: ref.node, error })
      }
    })
  })
  try {
    return await run()
  } finally {
    callOff()
    await line
  }
}

/** Why a signal aborted: the PipelineError given as its reason, else STOPPED. */
function reasonOf(signal: AbortSignal, thrown?: unknown): PipelineError {
  return signal.reason instanceof PipelineError ? signal.reason : stopped(thrown ?? signal.reason)
}
