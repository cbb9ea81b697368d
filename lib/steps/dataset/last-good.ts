import { PipelineError } from '../../errors.ts'
import type { Queryable } from '../../stores/postgres/port.ts'
import type { StepContext } from '../step.ts'
import { currentParts, type Version } from './load/registry.ts'

/** Seconds since a version was published here. */
export function ageOf(version: Version, context: Pick<StepContext, 'clock'>): number {
  return Math.max(0, (context.clock.now().getTime() - Date.parse(version.publishedAt)) / 1000)
}

/** Says in the error what is served meanwhile, and how old it is. */
export async function withLastGood(
  error: PipelineError,
  dataset: string,
  context: Pick<StepContext, 'clock' | 'stores'>,
  part?: string,
): Promise<PipelineError> {
  let served: Version[] = []
  try {
    served = await heldParts(context.stores.postgres, dataset, part)
  } catch {
    // the store itself is what failed
  }
  const newest = served.reduce<Version | undefined>((a, b) => (a && a.publishedAt > b.publishedAt ? a : b), undefined)
  const age = newest ? Math.round(ageOf(newest, context)) : undefined
  const stays = newest
    ? `. Version ${newest.version} of ${newest.publishedAt} stays served (${humanAge(age ?? 0)} old)`
    : '. Nothing is served of it yet'
  return new PipelineError(error.code, `${error.message.replace(/\.$/, '')}${stays}`, {
    retryable: error.retryable,
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
    cause: error,
    details: {
      ...error.details,
      dataset,
      lastGood: newest ? { version: newest.version, publishedAt: newest.publishedAt, ageSeconds: age } : null,
    },
  })
}

function humanAge(seconds: number): string {
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`
  return `${Math.round(seconds / 86_400)} days`
}

/** Version numbers by part of what is held, with the age of the oldest; for an incident. */
export async function heldVersions(
  db: Queryable,
  dataset: string,
  context: Pick<StepContext, 'clock'>,
  part?: string,
): Promise<{ versions: Record<string, number>; ageSeconds: number } | undefined> {
  const held = await heldParts(db, dataset, part)
  if (held.length === 0) return undefined
  return {
    versions: Object.fromEntries(held.map(({ part, version }) => [part, version])),
    ageSeconds: Math.max(...held.map((version) => ageOf(version, context))),
  }
}

async function heldParts(db: Queryable, dataset: string, part: string | undefined): Promise<Version[]> {
  const parts = await currentParts(db, dataset)
  return part === undefined ? parts : parts.filter((version) => version.part === part)
}
