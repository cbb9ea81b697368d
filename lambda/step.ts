import { PipelineError } from '../lib/errors.ts'
import { isRecord, textOf } from '../lib/flow-check/node.ts'
import type { State } from '../lib/portable/call.ts'
import type { Plan } from '../lib/portable/plan/schema.ts'
import type { Entries } from '../lib/portable/runtime/entries.ts'
import { callError } from '../lib/portable/runtime/errors.ts'
import { type OpenRuntime, openRuntime } from '../lib/portable/runtime/open.ts'
import type { RuntimeOptions } from '../lib/portable/runtime/runtime.ts'
import type { Env } from '../lib/portable/runtime/settings.ts'
import { eventsOut } from './events.ts'
import { jsonLog, type LambdaContext } from './log.ts'
import { needServer, readPlans } from './plans.ts'

/** What is needed at the end to say why, before Lambda kills the process. */
const spareMs = 5_000
/** Step Functions hands on no more. */
const maxEventBytes = 262_144

/** What a step handler is made of. */
export interface StepHandlerOptions {
  env: Env
  product: string
  /** Folder of the plans when YSH_PLANS names none. */
  plans: string
  entries?: Entries
  onStep?: RuntimeOptions['onStep']
  write?(line: string): void
}

/**
 * The function of all steps: its event is a `Call`, its answer a `State`, its errors have the names of `errorNames`, which Step Functions'
 * Retry and Catch tell apart. Stores stay open between calls of one process.
 */
export function stepHandler({ env, product, plans: folder, entries, onStep, write }: StepHandlerOptions) {
  const put = write ?? ((line: string) => void process.stdout.write(`${line}\n`))
  const log = jsonLog(put)
  const open = new Map<string, Promise<OpenRuntime>>()
  const events = eventsOut({ env, log })
  let known: Promise<Map<string, Plan>> | undefined

  async function runtimeOf(pipeline: string): Promise<OpenRuntime> {
    known ??= readPlans(env.YSH_PLANS || folder)
    const all = await known.catch((error: unknown) => {
      known = undefined
      throw error
    })
    const plan = all.get(pipeline)
    if (plan === undefined) {
      const ids = [...all.keys()].join(', ')
      throw new PipelineError('PLAN_INVALID', `No plan beside this function has the pipeline ${pipeline}, only: ${ids}`)
    }
    // The check is here and not at the end of a start: an embedded database in a function would be empty each time.
    needServer(plan, pipeline, env)
    const opening = openRuntime({
      ...{ plan, pipeline, env, log, product },
      ...(entries === undefined ? {} : { entries }),
      ...(onStep === undefined ? {} : { onStep }),
    })
    open.set(pipeline, opening)
    // What could not be opened is tried anew by the next call.
    opening.catch(() => open.delete(pipeline))
    return opening
  }

  const handler = async (event: unknown, context: LambdaContext): Promise<State> => {
    const pipeline = isRecord(event) ? textOf(event.pipeline) : ''
    const late = new AbortController()
    const timer = setTimeout(
      () => late.abort(new PipelineError('TIMEOUT', 'The time of the function is over', { retryable: true })),
      Math.max(context.getRemainingTimeInMillis() - spareMs, 0),
    )
    try {
      checkSize(event)
      const { runtime, stores } = await (open.get(pipeline) ?? runtimeOf(pipeline))
      try {
        return await runtime.call(event, late.signal)
      } finally {
        // also a step that failed may have ended a run
        await events?.after(stores.postgres, context.getRemainingTimeInMillis() - spareMs)
      }
    } catch (thrown) {
      const error = callError(thrown, undefined)
      log.error(`${error.error.code}: ${error.error.message}`, { pipeline, class: error.class, code: error.error.code })
      throw error
    } finally {
      clearTimeout(timer)
    }
  }
  /** For tests; Lambda freezes or ends the process. */
  const close = async () => {
    for (const opened of open.values()) await opened.then((one) => one.close())
  }
  return Object.assign(handler, { close })
}

function checkSize(event: unknown): void {
  const bytes = Buffer.byteLength(JSON.stringify(event) ?? '')
  if (bytes <= maxEventBytes) return
  throw new PipelineError(
    'STATE_TOO_LARGE',
    `The call has ${bytes} bytes, at most ${maxEventBytes} are taken: hand on references`,
  )
}
