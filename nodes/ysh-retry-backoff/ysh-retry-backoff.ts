import { PipelineError } from '../../lib/errors.ts'
import { RetryPolicySchema } from '../../lib/runs/retry.ts'
import { parser } from '../../lib/schema.ts'
import type { ConfigOf } from '../kit/declaration.ts'
import { registerNode } from '../kit/node.ts'
import type { Red } from '../kit/red.ts'
import { declaration } from './declaration.ts'
import { RetryNode } from './retry-node.ts'

/** Sends messages to be tried, and those whose nodes failed again after a while. */
export default function (red: Red): void {
  registerNode(red, declaration, (handle) => {
    const node = new RetryNode(red, handle, policyOf(handle.config))
    return {
      input: (message, { signal }) => node.input(message, signal),
      close: (removed) => node.close(removed),
    }
  })
}

const policies = parser(RetryPolicySchema, 'The retry policy', 'CONFIG')

/** The settings as a policy. Throws CONFIG where they contradict each other. */
function policyOf(config: ConfigOf<typeof declaration>) {
  const { backoff, baseSeconds, capSeconds, jitter, attempts, deadlineSeconds } = config
  if (baseSeconds > capSeconds) {
    throw new PipelineError(
      'CONFIG',
      `The first wait (${baseSeconds} s) is longer than the longest wait (${capSeconds} s)`,
    )
  }
  if (config.retryOn === 'codes' && config.codes.length === 0) {
    throw new PipelineError('CONFIG', 'The list of error codes is empty')
  }
  if (config.retryOn === 'expression' && config.expression === '') {
    throw new PipelineError('CONFIG', 'The expression is blank')
  }
  return policies.parse({
    backoff,
    jitter,
    attempts,
    baseMs: Math.round(baseSeconds * 1_000),
    capMs: Math.round(capSeconds * 1_000),
    deadlineMs: Math.max(1, Math.round(deadlineSeconds * 1_000)),
  })
}
