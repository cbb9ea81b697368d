import { aneelFetch } from '../../lib/steps/aneel/fetch.ts'
import type { Red } from '../kit/red.ts'
import { caughtError } from '../kit/run-message.ts'
import { figure } from '../kit/status.ts'
import { registerStepNode } from '../kit/step-node.ts'
import { registerDatasetList } from './dataset-list.ts'
import { declaration } from './declaration.ts'

/** Output 1 when anything was published, output 2 when all of it stands as it was. */
export default function (red: Red): void {
  registerStepNode(red, declaration, aneelFetch, {
    // Why the last good version is asked for is known from the Catch that sent the message here. Only the code: the words of an
    // error need not be the same when the run is sent anew.
    inputOf: (message, input, { mode }) => {
      const caught = mode === 'cached' ? caughtError(message) : undefined
      return caught === undefined ? input : { why: caught.code, ...input }
    },
    outputOf: (manifest) => (manifest.outcome === 'published' ? 0 : 1),
    statusOf: ({ outcome, tier, rows }, language) => {
      if (tier !== 'primary') return { mood: 'warning', key: tier === 'backup' ? 'status.backup' : 'status.cache' }
      return outcome === 'published'
        ? { mood: 'done', key: 'status.published', values: { rows: figure(rows, language) } }
        : { mood: 'done', key: 'status.unchanged' }
    },
  })
  registerDatasetList(red)
}
