import { checkEnrichConfig } from '../../lib/steps/enrich/enrich.ts'
import { ollamaEnrich } from '../../lib/steps/enrich/step.ts'
import type { EnrichManifest } from '../../lib/steps/enrich/step-schema.ts'
import type { Red } from '../kit/red.ts'
import type { StatusLine } from '../kit/status.ts'
import { registerStepNode } from '../kit/step-node.ts'
import { declaration } from './declaration.ts'
import { keepLate } from './late.ts'

/** Output 1 for each message, enriched or not; output 2 what was deferred, once the model is back, each as a run of its own. */
export default function (red: Red): void {
  registerStepNode(red, declaration, ollamaEnrich, {
    check: checkEnrichConfig,
    async inputOf({ payload }, input, _config, { engine, signal }) {
      // The bytes of a message cannot go into the journal: they are stored, and the step gets their SHA-256.
      if (Buffer.isBuffer(payload)) {
        return { artifact: await engine.keepBytes(payload, 'application/octet-stream', signal) }
      }
      if (typeof payload === 'string') return { text: payload }
      if (Array.isArray(payload)) return { rows: payload }
      // how often something waited is for late runs to say
      const { waited: _, ...rest } = input
      return rest
    },
    alongside: keepLate,
    statusOf,
  })
}

function statusOf({ outcome, cached }: EnrichManifest): StatusLine {
  if (outcome === 'rejected') return { mood: 'warning', key: 'status.rejected' }
  if (outcome === 'deferred') return { mood: 'waiting', key: 'status.deferred' }
  return { mood: 'done', key: cached ? 'status.cached' : 'status.enriched' }
}
