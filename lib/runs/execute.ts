import { randomUUID } from 'node:crypto'
import { PipelineError } from '../errors.ts'
import { toldOfWaits } from '../governor/told.ts'
import { type Infer, type Parser, parser, type Schema } from '../schema.ts'
import type { Logger, Progress, Step, StepContext } from '../steps/step.ts'
import { fenced } from './fence.ts'
import { answer, type Bound, type FlightHost } from './flight.ts'
import { hashOf } from './identity.ts'
import { type Ending, endRun, startMessageRun } from './lifecycle.ts'
import { isOf, liven, refOf } from './live.ts'
import type { RunRef } from './run.ts'

/** A step to be executed for one message. */
export interface StepWork<C extends Schema, I extends Schema, O extends Schema> {
  step: Step<C, I, O>
  /** Already checked. */
  config: Infer<C>
  /** The node's stable id. */
  node: string
  /** Not yet checked. */
  input: unknown
  /** From the message; without it the step gets a run of its own. */
  run?: RunRef | undefined
  /** Aborted on close and timeout. A PipelineError as the reason (such as TIMEOUT) is the step's failure, else it is STOPPED. */
  signal: AbortSignal
  progress?: (progress: Progress) => void
  log?: Logger
}

/** What {@link executeStep} answers. */
export interface StepAnswer<Output> {
  output: Output
  /** What the message goes on with: the run it came with. A run of the step's own is over, and nothing goes on with it. */
  run: RunRef | undefined
  /** True when the journal, or the same step already at work, gave the answer. */
  replayed: boolean
}

/**
 * Executes a step for a message. A step that is done with the same input (hash of input, step version and config) is
 * answered from the journal; one at work is joined; else it runs and its end is journalled, with its own transaction
 * where it calls `context.finish`. Throws the step's error; FENCED or STOPPED when the message is to end quietly because its
 * run goes on elsewhere or later; INPUT_INVALID, OUTPUT_INVALID, OUTPUT_TOO_LARGE.
 */
export async function executeStep<C extends Schema, I extends Schema, O extends Schema>(
  host: FlightHost,
  work: StepWork<C, I, O>,
): Promise<StepAnswer<Infer<O>>> {
  const output = parser(work.step.output, `The output of ${work.step.name}`, 'OUTPUT_INVALID')
  const bound = bind(host, work, (value) => output.parse(value))
  const { run } = work
  if (run === undefined) return executeAlone(host, bound, output)
  const live = host.live.get(run.id)
  if (!isOf(live, run)) throw fenced(run.id, 'the message is older than its latest start, or the run has ended')
  const current = () => isOf(host.live.get(live.id), run)
  try {
    const answered = await answer(host, live, run, bound)
    if (!current()) throw fenced(live.id, 'it was sent anew or ended while the step was at work')
    return { output: output.parse(answered.output), run, replayed: answered.replayed }
  } catch (thrown) {
    const error = PipelineError.from(thrown)
    // The newer message of the same step tells what became of it.
    if (error.code !== 'STOPPED' && !current()) throw fenced(live.id, error.message)
    throw error
  }
}

function bind<C extends Schema, I extends Schema, O extends Schema>(
  host: FlightHost,
  { step, config, node, input, signal, progress, log }: StepWork<C, I, O>,
  checkOutput: (output: unknown) => unknown,
): Bound {
  const common = {
    name: step.name,
    label: `${step.name}@${step.version}`,
    node,
    signal,
    log: log ?? host.log,
    checkOutput,
    progress: (report: Progress) => progress?.(report),
  }
  try {
    const value = parser(step.input, `The input of ${step.name}`, 'INPUT_INVALID').parse(input)
    const inputHash = hashOf([value, step.name, step.version, config])
    return { ...common, inputHash, run: (context) => governed(context, () => step.run(value, config, context)) }
  } catch (thrown) {
    // A failed step like any other: it belongs into the journal. Nothing is ever done under this hash.
    const error = PipelineError.from(thrown, 'INPUT_INVALID')
    return { ...common, inputHash: 'invalid', run: () => Promise.reject(error) }
  }
}

/** What makes the step wait for memory or the processor is its progress meanwhile, so that it shows and counts as life; the log hears it once. */
function governed<T>({ progress, log }: StepContext, work: () => T): T {
  let logged = false
  return toldOfWaits(({ why, free, needed, text }) => {
    progress({ phase: why === 'memory' ? 'wait-memory' : 'wait-processor', done: free, total: needed, unit: 'bytes' })
    if (!logged) log.info(`The step ${text}`)
    logged = true
  }, work)
}

/** A run of its own for a message from outside any run; it ends with the step. */
async function executeAlone<T>(host: FlightHost, bound: Bound, output: Parser<T>): Promise<StepAnswer<T>> {
  const { postgres } = host.stores
  const claimed = await startMessageRun(postgres, bound.node, randomUUID(), host.owner)
  const live = liven(claimed, new Map(), host.clock.monotonic())
  const run = refOf(live)
  const end = async (ending: Ending) => {
    try {
      await endRun(postgres, live, ending)
    } catch (error) {
      bound.log.warn('The run of a single message could not be ended', {
        run: live.id,
        error: PipelineError.from(error),
      })
    }
  }
  host.visitors.add(live)
  try {
    const answered = await answer(host, live, run, bound)
    await end({ outcome: 'done' })
    return { output: output.parse(answered.output), run: undefined, replayed: false }
  } catch (thrown) {
    const error = PipelineError.from(thrown)
    await end({ outcome: error.code === 'STOPPED' ? 'cancelled' : 'failed', error })
    throw error
  } finally {
    host.visitors.delete(live)
  }
}
