import { vectorIndex } from '../../lib/steps/vector/index-step.ts'
import type { Red } from '../kit/red.ts'
import { figure } from '../kit/status.ts'
import { registerStepNode } from '../kit/step-node.ts'
import { declaration } from './declaration.ts'

/** Output 1 when the collection has a new version, 2 when nothing changed or the document was empty. */
export default function (red: Red): void {
  registerStepNode(red, declaration, vectorIndex, {
    outputOf: ({ outcome }) => (outcome === 'indexed' || outcome === 'removed' ? 0 : 1),
    statusOf({ outcome, chunks, removed }, language) {
      if (outcome === 'indexed') {
        return { mood: 'done', key: 'status.indexed', values: { chunks: figure(chunks, language) } }
      }
      if (outcome === 'removed') {
        return { mood: 'done', key: 'status.removed', values: { documents: figure(removed, language) } }
      }
      return outcome === 'empty' ? { mood: 'warning', key: 'status.empty' } : { mood: 'done', key: 'status.unchanged' }
    },
  })
}
