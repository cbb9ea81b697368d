import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { PipelineError } from '../errors.ts'
import type { Entries } from '../portable/runtime/entries.ts'
import { product } from '../product.ts'
import { flag, help, readArguments, text, wrongUse } from './arguments.ts'
import { workerHelp } from './help.ts'
import type { Console } from './main.ts'
import { metricsAddress, type OpenMetrics } from './metrics.ts'
import { readPlan, readPlanOrFlow } from './plan-file.ts'
import { lineLog, untilTold } from './stderr-log.ts'

const exits = { done: 0, failed: 1, usage: 2 } as const

/**
 * `ysh-pipeline worker FLOW…`: works on the queue of these flows until it is told to end. Exit code 0 ended as told, or with `--once` nothing
 * left; 1 it cannot begin; 2 used wrongly or refused.
 */
export async function worker(args: readonly string[], io: Console, entries?: Entries): Promise<number> {
  const told = untilTold()
  const log = lineLog(io.err)
  let metrics: Awaited<ReturnType<OpenMetrics>> | undefined
  try {
    const asked = parsed(args)
    if (asked === undefined) {
      io.out(workerHelp)
      return exits.done
    }
    const { files, folder, once, concurrency, graceMs, listen } = asked
    const plans = await Promise.all(files.map((file) => readPlanOrFlow(file, io.env)))
    const earlier = folder === undefined ? [] : await readPlans(folder)
    const isCounted = listen !== undefined || !['', 'off'].includes(io.env.YSH_CLOUDWATCH ?? '')
    const version = product().split('/')[1] ?? '0'
    if (isCounted)
      metrics = await io.metrics?.({ ...(listen === undefined ? {} : { listen }), env: io.env, version, log })
    // The queue's library is large, and nobody else needs it.
    const { openWorker } = await import('../portable/queue/worker.ts')
    const opened = await openWorker({
      ...{ plans, earlier, env: io.env, log, product: product(), concurrency, graceMs },
      ...(entries === undefined ? {} : { entries }),
      onStep(event) {
        metrics?.onStep(event)
        const { flow, item } = event.run
        const where = `${event.node}${item === '' ? '' : ` [${decodeURIComponent(item)}]`}  ${flow}`
        if (event.state === 'done') io.err(`done  ${where}`)
        if (event.state === 'failed') io.err(`fail  ${where}: ${event.error.code}: ${event.error.message}`)
      },
    })
    const names = new Map(
      [...plans, ...earlier].flatMap(({ pipelines }) => pipelines.map(({ id, name }) => [id, name])),
    )
    metrics?.watch({
      ...{ stores: opened.stores, flows: plans.flatMap(({ pipelines }) => pipelines.map(({ id }) => id)) },
      nameOf: (flow) => names.get(flow) || flow,
    })
    try {
      log.info('Works on the queue', {
        pipelines: plans.flatMap(({ pipelines }) => pipelines.map(({ name }) => name)),
      })
      await (once ? opened.once(told.signal) : opened.run(told.signal))
    } finally {
      metrics?.watch(undefined)
      await opened.close()
    }
    return exits.done
  } catch (thrown) {
    const { code, message } = PipelineError.from(thrown)
    io.err(`${code}: ${message}`)
    return ['CLI_USAGE', 'PLAN_INVALID', 'FLOW_UNREADABLE', 'FLOW_REFUSED'].includes(code) ? exits.usage : exits.failed
  } finally {
    await metrics?.close()
    told.off()
  }
}

/** The plans of a folder; other JSON files make it unreadable. Throws CLI_USAGE, PLAN_INVALID. */
async function readPlans(folder: string) {
  const names = await readdir(folder).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new PipelineError('CLI_USAGE', `--plans ${folder}: ${why}`, { cause })
  })
  const files = names.filter((name) => name.endsWith('.json')).sort()
  return Promise.all(files.map((name) => readPlan(join(folder, name))))
}

interface Asked {
  files: string[]
  folder: string | undefined
  once: boolean
  concurrency: number
  graceMs: number
  /** Where Prometheus may ask. */
  listen: { host: string; port: number } | undefined
}

/** undefined: the help is asked for. Throws CLI_USAGE. */
function parsed(args: readonly string[]): Asked | undefined {
  const { values, positionals: files } = readArguments(args, {
    ...{ plans: text, concurrency: text, grace: text, metrics: text, once: flag },
    help,
  })
  if (values.help === true) return undefined
  const { plans: folder, concurrency = '4', grace = '25', once = false, metrics } = values
  if (files.length === 0 && folder === undefined) throw wrongUse('worker wants a flow: worker flows.json')
  if (!/^[1-9]\d?$/.test(concurrency)) throw wrongUse('--concurrency is a whole number from 1 to 99')
  if (!/^\d{1,5}$/.test(grace)) throw wrongUse('--grace is a whole number of seconds')
  const listen = metrics === undefined ? undefined : metricsAddress(metrics)
  return { files, folder, once, concurrency: Number(concurrency), graceMs: Number(grace) * 1_000, listen }
}
