import { writeFile } from 'node:fs/promises'
import { PipelineError } from '../errors.ts'
import { createHttpClient } from '../net/client.ts'
import { openDelivery } from '../portable/runtime/deliver.ts'
import { type OwedStart, owedStarts, settleStarts } from '../portable/runtime/owed.ts'
import { openPlace, placesOf } from '../portable/runtime/places.ts'
import { product } from '../product.ts'
import { parser, Type } from '../schema.ts'
import { help, readArguments, text, wrongUse } from './arguments.ts'
import { deliverHelp } from './help.ts'
import type { Console } from './main.ts'
import { readJson, readPlanOrFlow } from './plan-file.ts'
import { lineLog, untilTold } from './stderr-log.ts'

const exits = { done: 0, failed: 1, usage: 2 } as const
/** Entries that one call tells of; Airflow maps 1,024 at most. */
const mostStarts = 200

const inputs = parser(Type.Object({ settle: Type.Array(Type.String()) }), 'The input', 'CALL_INVALID')

/**
 * `ysh-pipeline deliver PLAN…`: sends what lies in the outbox, once, and tells of the runs that are to be started. Exit code 0 done, 1 it cannot
 * begin, 2 used wrongly.
 */
export async function deliver(args: readonly string[], io: Console): Promise<number> {
  const told = untilTold()
  try {
    const asked = parsed(args)
    if (asked === undefined) {
      io.out(deliverHelp)
      return exits.done
    }
    const plans = await Promise.all(asked.files.map((file) => readPlanOrFlow(file, io.env)))
    const { settle } =
      asked.input === undefined ? { settle: [] } : inputs.parse(await readJson(asked.input, 'CALL_INVALID'))
    const starts: OwedStart[] = []
    const log = lineLog(io.err)
    for (const place of placesOf(plans, io.env)) {
      const stores = await openPlace(place)
      const http = createHttpClient({ product: product(), allow: place.allow })
      try {
        await settleStarts(stores.postgres, settle)
        const delivery = await openDelivery({
          ...{ plans: place.plans, env: io.env, stores, http, log, signal: told.signal },
        })
        await delivery.once()
        const own = place.plans.map(({ plan }) => plan)
        starts.push(...(await owedStarts(stores.postgres, own, mostStarts - starts.length)))
      } finally {
        http.close()
        await stores.close()
      }
    }
    const text = JSON.stringify({ starts })
    if (asked.out === undefined) io.out(text)
    else await writeFile(asked.out, `${text}\n`)
    return exits.done
  } catch (thrown) {
    const { code, message } = PipelineError.from(thrown)
    io.err(`${code}: ${message}`)
    const isUsage = ['CLI_USAGE', 'CALL_INVALID', 'PLAN_INVALID', 'FLOW_UNREADABLE', 'FLOW_REFUSED'].includes(code)
    return isUsage ? exits.usage : exits.failed
  } finally {
    told.off()
  }
}

/** undefined: the help is asked for. Throws CLI_USAGE. */
function parsed(args: readonly string[]): { files: string[]; input?: string; out?: string } | undefined {
  const { values, positionals: files } = readArguments(args, { input: text, out: text, help })
  const { input, out } = values
  if (values.help === true) return undefined
  if (files.length === 0) throw wrongUse('deliver wants the plans, or flows: deliver flow.plan.json')
  return { files, ...(input === undefined ? {} : { input }), ...(out === undefined ? {} : { out }) }
}
