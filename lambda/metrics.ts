import { cloudWatchFrom } from '../lib/metrics/cloudwatch/environment.ts'
import { openCloudWatch } from '../lib/metrics/cloudwatch/sender.ts'
import type { Logger } from '../lib/steps/step.ts'
import { endAfter } from '../lib/stopped.ts'
import type { LambdaContext } from './log.ts'

/** Patience in milliseconds with CloudWatch at the end of a call; lines need none. */
const flushMs = 3_000

type Handler<Answer> = (event: unknown, context: LambdaContext) => Promise<Answer>

/**
 * Sends what a call counted before it ends: between calls a function is frozen. Lines of the embedded metric format when YSH_CLOUDWATCH says
 * nothing. Throws CONFIG.
 */
export function counting(
  env: Readonly<Record<string, string | undefined>>,
  log: Logger,
): <Answer>(handler: Handler<Answer>) => Handler<Answer> {
  const options = cloudWatchFrom({ ...env, YSH_CLOUDWATCH: env.YSH_CLOUDWATCH || 'emf' })
  if (options === undefined) return (handler) => handler
  const sender = openCloudWatch({ ...options, sources: [], log, periodMs: 0 })
  return (handler) => async (event, context) => {
    try {
      return await handler(event, context)
    } finally {
      await sender.flush(endAfter(flushMs))
    }
  }
}
