import { apiCache } from '../../lib/steps/api-cache/step.ts'
import type { Red } from '../kit/red.ts'
import { registerStepNode } from '../kit/step-node.ts'
import { declaration } from './declaration.ts'

/** Renews the cache and passes the message on. */
export default function (red: Red): void {
  registerStepNode(red, declaration, apiCache, {
    resultIn: 'apiCache',
    statusOf: ({ datasets, missing, unreached }) => ({
      mood: missing.length + unreached.length > 0 ? 'warning' : 'done',
      key: 'status.renewed',
      values: { count: datasets.length },
    }),
  })
}
