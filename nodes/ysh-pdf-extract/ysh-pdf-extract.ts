import { resolve } from 'node:path'
import { pdfExtract } from '../../lib/steps/pdf/step.ts'
import type { Red } from '../kit/red.ts'
import { figure } from '../kit/status.ts'
import { registerStepNode } from '../kit/step-node.ts'
import { declaration } from './declaration.ts'

/** Output 1 when a document was extracted, 2 when the same one was before, 3 for each page where that is asked for. */
export default function (red: Red): void {
  registerStepNode(red, declaration, pdfExtract, {
    configOf: (config) =>
      config.folder === '' ? config : { ...config, folder: resolve(red.settings.userDir ?? '.', config.folder) },
    // The bytes of a message cannot go into the journal: they are stored, and the step gets their SHA-256.
    async inputOf({ payload }, input, _config, { engine, signal }) {
      if (!Buffer.isBuffer(payload)) return input
      return { artifact: await engine.keepBytes(payload, 'application/pdf', signal) }
    },
    async *besides({ pageItems, name, source }, { perPage }, { engine, signal }) {
      if (!perPage) return
      for (const { page, kind, artifact } of pageItems) {
        const content: unknown = JSON.parse((await engine.bytesOf(artifact.key, signal)).toString('utf8'))
        yield { output: 2, payload: { name, source, page, kind, artifact, content } }
      }
    },
    outputOf: ({ outcome }) => (outcome === 'unchanged' ? 1 : 0),
    statusOf({ outcome, read }, language) {
      if (outcome === 'unchanged') return { mood: 'done', key: 'status.unchanged' }
      const key = outcome === 'partial' ? 'status.partial' : 'status.extracted'
      return { mood: outcome === 'partial' ? 'warning' : 'done', key, values: { pages: figure(read, language) } }
    },
  })
}
