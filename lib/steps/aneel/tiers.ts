import { PipelineError } from '../../errors.ts'
import { type FailedTier, failedTier, fallback, type Tier } from '../../runs/fallback.ts'
import { currentParts, type Version } from '../dataset/load/registry.ts'
import type { StepContext } from '../step.ts'
import type { AneelContract } from './contract.ts'
import { partManifest, worstSource } from './fetch-manifest.ts'
import type { FetchConfig, PartManifest } from './fetch-schema.ts'
import { isSourceError } from './source-errors.ts'

/** What is asked for, and of whom. */
export interface Asking {
  tier: 'primary' | 'backup'
  /** Why the tiers above did not serve. */
  why: readonly FailedTier[]
  /** Parts that a tier above has served: they are not asked for again. */
  done: Map<string, PartManifest>
}

/** Which parts of which dataset. */
export interface WantedParts {
  dataset: string
  contract: AneelContract | undefined
  /** As the config says them; blank: as the contract says. */
  parts: string
}

/**
 * The dataset's parts from the best source that serves: the portal, its backups in their order, and (where the config says so)
 * the last good version. A part that one tier has served stays; only the others are asked for further down. `ask` asks one
 * portal. Throws the portal's error when nobody serves, NO_COPY in mode `cached` when there is none.
 */
export async function serveParts(
  wanted: WantedParts,
  config: FetchConfig,
  why: string | undefined,
  context: StepContext,
  ask: (config: FetchConfig, asking: Asking) => Promise<PartManifest[]>,
): Promise<PartManifest[]> {
  const { portal } = config
  const done = new Map<string, PartManifest>()
  const lastGood: Tier<PartManifest[]> = {
    tier: 'cache',
    source: 'the last good version',
    async serve(above) {
      const parts = await keptParts(wanted, above, done, context)
      return { value: parts, ageSeconds: worstSource(parts).ageSeconds }
    },
  }
  if (config.mode === 'cached') {
    const asked = why === undefined ? [] : [failedBefore(portal.url, why)]
    return (await lastGood.serve(asked)).value
  }
  const portalTier = (tier: 'primary' | 'backup', url: string): Tier<PartManifest[]> => ({
    tier,
    source: url,
    async serve(above) {
      if (tier === 'backup') context.log.warn(`${wanted.dataset}: ${sayWhy(above)}; asking the backup ${url}`)
      const parts = await ask({ ...config, portal: { ...portal, url } }, { tier, why: [...above], done })
      return { value: parts, ageSeconds: worstSource(parts).ageSeconds }
    },
  })
  const chain = [
    portalTier('primary', portal.url),
    ...portal.backups.map((url) => portalTier('backup', url)),
    ...(config.whenAllFail === 'last-good' ? [lastGood] : []),
  ]
  const answer = await fallback(chain, (error, tier) => !context.signal.aborted && isSourceError(error, tier))
  return answer.value
}

/** The versions that are held of the wanted parts. Throws NO_COPY. */
async function keptParts(
  wanted: WantedParts,
  why: readonly FailedTier[],
  done: ReadonlyMap<string, PartManifest>,
  context: StepContext,
): Promise<PartManifest[]> {
  const held = choose(wanted, await currentParts(context.stores.postgres, wanted.dataset))
  if (held.length === 0) {
    throw new PipelineError('NO_COPY', `${wanted.dataset}: no version is held of it yet`, {
      details: { why: [...why] },
    })
  }
  const reason = why.length === 0 ? 'the last good version, as asked for' : `the last good version; ${sayWhy(why)}`
  return held.map(
    (version) =>
      done.get(version.part) ??
      partManifest(
        version,
        { outcome: 'unchanged', reason, fresh: false },
        { tier: 'cache', url: version.source.url, why },
        context,
      ),
  )
}

/** Of the parts that are held those that are wanted; all the named ones or none. */
function choose({ contract, parts }: WantedParts, held: readonly Version[]): readonly Version[] {
  if (contract === undefined || !contract.resource.file.includes('(?<part>')) return held
  const choice = parts === '' ? contract.resource.parts : parts
  if (choice === undefined || choice === 'all') return held
  if (choice === 'latest') return held.slice(-1)
  if (choice === 'latest-two') return held.slice(-2)
  const names = choice.split(',').map((name) => name.trim())
  const found = held.filter((version) => names.includes(version.part))
  return found.length === names.length ? found : []
}

function failedBefore(url: string, code: string): FailedTier {
  return failedTier('primary', url, new PipelineError(code, 'a step before this one failed with it'))
}

function sayWhy(why: readonly FailedTier[]): string {
  return why.map(({ tier, code }) => `${tier}: ${code}`).join(', ')
}
