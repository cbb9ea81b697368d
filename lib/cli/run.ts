import { PipelineError } from '../errors.ts'
import { executePipeline } from '../portable/executor.ts'
import type { Entries } from '../portable/runtime/entries.ts'
import { openRuntime } from '../portable/runtime/open.ts'
import { product } from '../product.ts'
import { systemTimer } from '../runs/time.ts'
import { flag, help, readArguments, text, wrongUse } from './arguments.ts'
import { runHelp } from './help.ts'
import type { Console } from './main.ts'
import { pipelineOf, readJson, readPlanOrFlow } from './plan-file.ts'
import { lineLog, untilTold } from './stderr-log.ts'

const exits = { done: 0, failed: 1, usage: 2, again: 75 } as const

/**
 * `ysh-pipeline run FLOW`: executes one pipeline of a flow or a plan in this process. Exit code 0 done, 1 the run failed, 2 used wrongly or
 * refused, 75 stopped before its end: the same `--slot` goes on. The outcome is on standard output, all else on standard error.
 */
export async function run(args: readonly string[], io: Console, entries?: Entries): Promise<number> {
  const told = untilTold()
  const print = (json: boolean, value: Record<string, unknown>, words: string) =>
    io.out(json ? JSON.stringify(value, undefined, 2) : words)
  try {
    const asked = parsed(args)
    if (asked === undefined) {
      io.out(runHelp)
      return exits.done
    }
    const { file, pipeline: wanted, slot, payload, json, queue } = asked
    const plan = await readPlanOrFlow(file, io.env)
    const pipeline = pipelineOf(plan, wanted)
    const start = { slot, payload: payload === undefined ? pipeline.payload : await payload() }
    if (queue) {
      // The queue's library is large, and nobody else needs it.
      const { enqueue } = await import('../portable/queue/enqueue.ts')
      const job = { pipeline: pipeline.id, trigger: 'manual', ...start }
      const on = await enqueue(plan, job, { env: io.env, log: lineLog(io.err) })
      print(json, { pipeline: pipeline.id, slot, queue: on }, `${pipeline.name}: on the queue ${on} (slot ${slot})`)
      return exits.done
    }
    const { runtime, close } = await openRuntime({
      ...{ plan, pipeline: pipeline.id, env: io.env, log: lineLog(io.err), product: product() },
      ...(entries === undefined ? {} : { entries }),
      onStep(event) {
        if (event.state === 'done') io.err(`done  ${nameOf(event)}`)
        if (event.state === 'failed') io.err(`fail  ${nameOf(event)}: ${event.error.code}: ${event.error.message}`)
      },
    })
    try {
      const ended = await executePipeline(pipeline, start, {
        ...{ clock: heldTimer, signal: told.signal },
        onWait: (node, seconds) => io.err(`wait  ${node}: ${seconds} s`),
        call: (call, signal) => runtime.call(call, signal),
      })
      const { run: ref } = ended.state
      const base = { pipeline: pipeline.id, slot, run: ref?.id ?? null, outcome: ended.outcome }
      if (ended.outcome === 'done') {
        print(
          json,
          { ...base, payload: ended.state.message.payload },
          `${pipeline.name}: done (run ${ref?.id}, slot ${slot})`,
        )
        return exits.done
      }
      const { error } = ended.error
      // Tries that the deadline cut off: the runtime cannot know that there is none any more.
      if (ref !== undefined) await runtime.giveUp(ref.id, error)
      print(json, { ...base, error }, `${pipeline.name}: failed with ${error.code}: ${error.message} (slot ${slot})`)
      return exits.failed
    } finally {
      await close()
    }
  } catch (thrown) {
    const { code, message } = PipelineError.from(
      thrown instanceof Error && thrown.cause instanceof PipelineError ? thrown.cause : thrown,
    )
    io.err(`${code}: ${message}`)
    if (code === 'STOPPED') return exits.again
    return ['CLI_USAGE', 'PLAN_INVALID', 'FLOW_UNREADABLE', 'FLOW_REFUSED'].includes(code) ? exits.usage : exits.failed
  } finally {
    told.off()
  }
}

/** The timer of runs lets the process end while it waits; here nothing else keeps it. */
const heldTimer = {
  monotonic: () => systemTimer.monotonic(),
  async sleep(ms: number, signal?: AbortSignal) {
    const held = setInterval(() => undefined, 60_000)
    try {
      await systemTimer.sleep(ms, signal)
    } finally {
      clearInterval(held)
    }
  },
}

const nameOf = ({ node, attempt, run: { item } }: { node: string; attempt: number; run: { item: string } }) =>
  `${node}${item === '' ? '' : ` [${decodeURIComponent(item)}]`}${attempt === 1 ? '' : `, try ${attempt}`}`

interface Asked {
  file: string
  pipeline: string | undefined
  slot: string
  payload: (() => Promise<unknown>) | undefined
  json: boolean
  queue: boolean
}

/** undefined: the help is asked for. Throws CLI_USAGE. */
function parsed(args: readonly string[]): Asked | undefined {
  const { values, positionals } = readArguments(args, {
    ...{ pipeline: text, slot: text, payload: text },
    ...{ json: flag, queue: flag, help },
  })
  if (values.help === true) return undefined
  const [file, other] = positionals
  if (file === undefined || other !== undefined) throw wrongUse('run wants one file: run flows.json')
  const { pipeline, slot = new Date().toISOString(), payload, json = false, queue = false } = values
  return { file, pipeline, slot, json, queue, payload: payload === undefined ? undefined : () => payloadOf(payload) }
}

/** JSON, or `@FILE` with it. */
async function payloadOf(text: string): Promise<unknown> {
  if (text.startsWith('@')) return readJson(text.slice(1), 'CLI_USAGE')
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new PipelineError('CLI_USAGE', '--payload is JSON, or @FILE', { cause })
  }
}
