import { createHash } from 'node:crypto'
import { PipelineError } from '../lib/errors.ts'
import type { DeliverOptions } from '../lib/portable/runtime/deliver.ts'
import type { Env } from '../lib/portable/runtime/settings.ts'
import { parser, Type } from '../lib/schema.ts'
import { endAfter } from '../lib/stopped.ts'
import { loadAws } from '../lib/stores/aws/client.ts'

const requestMs = 20_000
const arns = parser(Type.Record(Type.String(), Type.String()), 'YSH_STATE_MACHINES', 'CONFIG')

/**
 * Starts executions of state machines: YSH_STATE_MACHINES says which by id of the pipeline, as JSON. An execution is named by the slot, so that
 * one slot is one execution; one that is there already is as good as started. The function throws CONFIG, EXECUTION_NOT_STARTED (retryable).
 */
export function executions({ env, endpoint }: { env: Env; endpoint?: string }): NonNullable<DeliverOptions['start']> {
  return async (pipeline, payload, slot) => {
    const arn = machinesIn(env)[pipeline]
    if (arn === undefined)
      throw new PipelineError('CONFIG', `YSH_STATE_MACHINES has no state machine of the pipeline ${pipeline}`)
    const { SFNClient, StartExecutionCommand } = await loadAws(
      '@aws-sdk/client-sfn',
      () => import('@aws-sdk/client-sfn'),
    )
    const client = new SFNClient({ region: arn.split(':')[3] ?? '', maxAttempts: 2, ...(endpoint ? { endpoint } : {}) })
    const name = executionName(slot)
    const input = JSON.stringify({ trigger: 'event', slot, message: { payload } })
    try {
      const command = new StartExecutionCommand({ stateMachineArn: arn, name, input })
      await client.send(command, { abortSignal: endAfter(requestMs) })
    } catch (cause) {
      const why = cause instanceof Error ? cause : new Error(String(cause))
      if (why.name === 'ExecutionAlreadyExists') return
      throw new PipelineError('EXECUTION_NOT_STARTED', `${pipeline} was not started: ${why.name}: ${why.message}`, {
        ...{ retryable: true, cause },
      })
    } finally {
      client.destroy()
    }
  }
}

/** Of a slot always the same: at most 80 characters, of which some tell a reader what it is. */
export function executionName(slot: string): string {
  const told = slot.replaceAll(/[^A-Za-z0-9]+/g, '-').slice(0, 30)
  return `${told}-${createHash('sha256').update(slot).digest('hex').slice(0, 40)}`
}

function machinesIn({ YSH_STATE_MACHINES: text = '{}' }: Env): Record<string, string> {
  try {
    return arns.parse(JSON.parse(text))
  } catch (cause) {
    throw new PipelineError('CONFIG', 'YSH_STATE_MACHINES is to be JSON: {"pipeline": "arn:aws:states:…"}', { cause })
  }
}
