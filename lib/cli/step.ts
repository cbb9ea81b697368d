import { writeFile } from 'node:fs/promises'
import { PipelineError } from '../errors.ts'
import { isRecord } from '../flow-check/node.ts'
import { type Call, CallSchema } from '../portable/call.ts'
import type { Entries } from '../portable/runtime/entries.ts'
import { type CallError, callError, type ErrorClass } from '../portable/runtime/errors.ts'
import { openRuntime } from '../portable/runtime/open.ts'
import { product } from '../product.ts'
import { parser } from '../schema.ts'
import { help, readArguments, text, wrongUse } from './arguments.ts'
import { stepHelp } from './help.ts'
import type { Console } from './main.ts'
import { readJson, readPlan } from './plan-file.ts'
import { lineLog, untilTold } from './stderr-log.ts'

/** Exit codes, as Airflow's runner and other schedulers read them. */
const exits: Readonly<Record<ErrorClass, number>> = { retryable: 75, timeout: 75, permanent: 1, run: 1 }
const usage = 2

const calls = parser(CallSchema, 'The input', 'CALL_INVALID')

/**
 * `ysh-pipeline step`: one call of the step runtime. Exit code 0 done, 75 worth another try, 1 final, 2 used wrongly. The state, or the error
 * with its class, is written to `--out`, else the state to standard output; everything else is on standard error.
 */
export async function step(args: readonly string[], io: Console, entries?: Entries): Promise<number> {
  let out: string | undefined
  const told = untilTold()
  try {
    const asked = parsed(args)
    if (asked === undefined) {
      io.out(stepHelp)
      return 0
    }
    out = asked.out
    const plan = await readPlan(asked.plan)
    const input = await readJson(asked.input, 'CALL_INVALID')
    const call = callOf(input, asked)
    const { runtime, close } = await openRuntime({
      ...{ plan, pipeline: call.pipeline, env: io.env, log: lineLog(io.err), product: product() },
      ...(entries === undefined ? {} : { entries }),
    })
    try {
      const state = await runtime.call(call, told.signal)
      await write(out, state, io)
      return 0
    } finally {
      await close()
    }
  } catch (thrown) {
    const error = callError(thrown, undefined)
    io.err(`${error.error.code}: ${error.error.message}`)
    if (out !== undefined) await writeError(out, error, io)
    return ['CLI_USAGE', 'CALL_INVALID', 'PLAN_INVALID'].includes(error.error.code) ? usage : exits[error.class]
  } finally {
    told.off()
  }
}

async function write(out: string | undefined, value: unknown, io: Console): Promise<void> {
  const text = JSON.stringify(value)
  if (out === undefined) io.out(text)
  else await writeFile(out, `${text}\n`)
}

async function writeError(out: string, error: CallError, io: Console): Promise<void> {
  try {
    await write(out, { ...error.error, class: error.class }, io)
  } catch (cause) {
    io.err(`CLI_OUTPUT: ${cause instanceof Error ? cause.message : String(cause)}`)
  }
}

interface Asked {
  plan: string
  node: string
  run: string | undefined
  item: string
  attempt: number
  input: string
  out: string | undefined
}

/** A whole call, or a state: then the call is made of the arguments. What both say must agree. */
function callOf(input: unknown, { node, run, item, attempt }: Asked): Call {
  const given: unknown =
    isRecord(input) && Array.isArray(input.units)
      ? input
      : { pipeline: isRecord(input) ? input.pipeline : '', units: [node], execution: run, state: input }
  const call = calls.parse({ retries: attempt - 1, ...(isRecord(given) ? given : {}) })
  const ofState = call.state.run
  if (ofState !== undefined && run !== undefined && ofState.id !== run) {
    throw new PipelineError('CALL_INVALID', `--run is ${run}, the input is of the run ${ofState.id}`)
  }
  if (ofState !== undefined && ofState.item !== item) {
    throw new PipelineError('CALL_INVALID', `--item is "${item}", the input is of the item "${ofState.item}"`)
  }
  return call
}

/** undefined: the help is asked for. Throws CLI_USAGE. */
function parsed(args: readonly string[]): Asked | undefined {
  const { values, positionals } = readArguments(args, {
    ...{ plan: text, node: text, run: text, item: text, attempt: text, input: text, out: text },
    help,
  })
  if (values.help === true) return undefined
  const { plan, node, run, item = '', attempt = '1', input = '-', out } = values
  if (positionals.length > 1) throw wrongUse(`step wants one name, not: ${positionals.join(' ')}`)
  if (plan === undefined || node === undefined) throw wrongUse('step wants --plan FILE and --node ID')
  if (!/^[1-9]\d{0,5}$/.test(attempt)) throw wrongUse('--attempt is a whole number from 1')
  return { plan, node, run, item, attempt: Number(attempt), input, out }
}
