import { aneelFetch } from '../../lib/steps/aneel/fetch.ts'
import type { Red } from '../kit/red.ts'
import { figure } from '../kit/status.ts'
import { registerStepNode } from '../kit/step-node.ts'
import { registerDatasetList } from './dataset-list.ts'
import { declaration } from './declaration.ts'

/** Output 1 when anything was published, output 2 when all of it stands as it was. */
export default function (red: Red): void {
  registerStepNode(red, declaration, aneelFetch, {
    outputOf: (manifest) => (manifest.outcome === 'published' ? 0 : 1),
    statusOf: (manifest, language) =>
      manifest.outcome === 'published'
        ? { mood: 'done', key: 'status.published', values: { rows: figure(manifest.rows, language) } }
        : { mood: 'done', key: 'status.unchanged' },
  })
  registerDatasetList(red)
}
