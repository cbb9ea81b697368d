import type { PipelineError } from '../../errors.ts'
import { heldVersions } from '../dataset/last-good.ts'
import { noted, noteRecovery, raiseTrouble, type Watched } from '../dataset/source-incident.ts'
import type { StepContext } from '../step.ts'
import { worstSource } from './fetch-manifest.ts'
import type { PartManifest, Portal } from './fetch-schema.ts'
import { isSourceError, isUnreachable } from './source-errors.ts'

/**
 * Notes for the administrator what a fetch says of its source: served by a lower tier is a failure of the primary, served by the
 * primary is a recovery (if there is anything to recover from: then what was served meanwhile is compared).
 */
export async function noteServed(
  dataset: string,
  parts: readonly PartManifest[],
  portal: Portal,
  context: StepContext,
): Promise<void> {
  if (!portal.incidents) return
  const { tier, ageSeconds, why } = worstSource(parts)
  const what = watched(dataset, portal)
  if (tier === 'primary') {
    await noted(what, context, () => noteRecovery(what, context))
    return
  }
  const [first] = why
  if (first === undefined) return
  await noted(what, context, async () => {
    // Of all its parts, also those that this fetch did not ask for: later versions are told from them.
    const held = await heldVersions(context.stores.postgres, dataset, context)
    const trouble = { code: first.code, message: first.message, down: isUnreachable(first.code) }
    await raiseTrouble(what, trouble, { tier, ageSeconds, versions: held?.versions ?? {} }, context)
  })
}

/** Notes a fetch that failed: an error that speaks of the source is a failure of the primary. */
export async function noteFailed(
  dataset: string,
  error: PipelineError,
  portal: Portal,
  context: StepContext,
): Promise<void> {
  if (!portal.incidents || context.signal.aborted || !isSourceError(error, 'primary')) return
  const what = watched(dataset, portal)
  await noted(what, context, async () => {
    const held = await heldVersions(context.stores.postgres, dataset, context)
    const trouble = { code: error.code, message: error.message, down: isUnreachable(error.code) }
    await raiseTrouble(what, trouble, held === undefined ? null : { tier: 'cache', ...held }, context)
  })
}

const watched = (dataset: string, { url, flapMinutes }: Portal): Watched => ({ dataset, url, flapMinutes })
