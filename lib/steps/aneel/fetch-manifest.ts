import { type FailedTier, type TierName, worstTier } from '../../runs/fallback.ts'
import { ageOf } from '../dataset/last-good.ts'
import type { Version } from '../dataset/load/registry.ts'
import type { StepContext } from '../step.ts'
import { ATTRIBUTION } from './contract.ts'
import type { FetchManifest, PartManifest } from './fetch-schema.ts'

/** Who answered for a part, and why nobody better did. */
export interface Answered {
  tier: TierName
  url: string
  why: readonly FailedTier[]
}

/** A part as it stands now. `fresh`: its figures are those of this fetch, else nothing has changed. */
export function partManifest(
  version: Version,
  end: { outcome: PartManifest['outcome']; reason: string; fresh: boolean },
  answered: Answered,
  context: Pick<StepContext, 'clock'>,
): PartManifest {
  const { outcome, reason, fresh } = end
  return {
    part: version.part,
    outcome,
    reason,
    version: version.version,
    publishedAt: version.publishedAt,
    rows: version.rows,
    new: fresh ? version.new : 0,
    changed: fresh ? version.changed : 0,
    vanished: fresh ? version.vanished : 0,
    quarantined: fresh ? version.quarantined : 0,
    warnings: fresh ? version.warnings : [],
    artifact:
      version.artifactKey === null ? null : { sha256: version.sha256, bytes: version.bytes, key: version.artifactKey },
    source: {
      tier: answered.tier,
      ageSeconds: ageOf(version, context),
      why: [...answered.why],
      url: answered.url,
      etag: version.source.etag,
      lastModified: version.source.lastModified,
    },
  }
}

/** The manifest over all parts. */
export function fetchManifest(dataset: string, parts: PartManifest[], seconds: number): FetchManifest {
  const sum = (field: 'rows' | 'new' | 'changed' | 'vanished' | 'quarantined') =>
    parts.reduce((total, part) => total + part[field], 0)
  const { tier, ageSeconds, why } = worstSource(parts)
  return {
    dataset,
    outcome: parts.some((part) => part.outcome === 'published') ? 'published' : 'unchanged',
    tier,
    ageSeconds,
    why,
    table: dataset,
    rows: sum('rows'),
    new: sum('new'),
    changed: sum('changed'),
    vanished: sum('vanished'),
    quarantined: sum('quarantined'),
    seconds,
    warnings: parts.flatMap((part) => part.warnings),
    parts,
    attribution: ATTRIBUTION,
  }
}

/** The lowest tier among the parts, with the highest age in it. */
export function worstSource(parts: readonly PartManifest[]): {
  tier: TierName
  ageSeconds: number
  why: FailedTier[]
} {
  const tier = worstTier(parts.map((part) => part.source.tier)) ?? 'primary'
  const [oldest] = parts
    .map((part) => part.source)
    .filter((source) => source.tier === tier)
    .sort((a, b) => b.ageSeconds - a.ageSeconds)
  return { tier, ageSeconds: oldest?.ageSeconds ?? 0, why: oldest?.why ?? [] }
}
