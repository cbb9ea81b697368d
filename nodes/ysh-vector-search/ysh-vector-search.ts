import { vectorSearch } from '../../lib/steps/vector/search-step.ts'
import type { Red } from '../kit/red.ts'
import { figure } from '../kit/status.ts'
import { registerStepNode } from '../kit/step-node.ts'
import { declaration } from './declaration.ts'

/** Output 1 with hits, 2 when there are none. */
export default function (red: Red): void {
  registerStepNode(red, declaration, vectorSearch, {
    inputOf: ({ payload }, input) => (typeof payload === 'string' ? { question: payload } : input),
    outputOf: ({ hits }) => (hits.length > 0 ? 0 : 1),
    statusOf({ hits, degraded }, language) {
      if (hits.length === 0) return { mood: degraded ? 'warning' : 'done', key: 'status.nothing' }
      const values = { hits: figure(hits.length, language) }
      return degraded
        ? { mood: 'warning', key: 'status.degraded', values }
        : { mood: 'done', key: 'status.found', values }
    },
  })
}
