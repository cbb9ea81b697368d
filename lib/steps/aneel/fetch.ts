import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { PipelineError } from '../../errors.ts'
import { retry } from '../../runs/retry.ts'
import type { Infer } from '../../schema.ts'
import { putArtifact } from '../../stores/objects/artifacts.ts'
import { migrate } from '../../stores/postgres/migrate.ts'
import type { PostgresStore } from '../../stores/postgres/port.ts'
import { defineStep, type StepContext } from '../step.ts'
import { contractFor } from './catalogue.ts'
import type { Contract } from './contract.ts'
import { type Download, download, portalPolicy } from './download.ts'
import {
  type FetchConfig,
  FetchConfigSchema,
  FetchInputSchema,
  type FetchManifest,
  FetchOutputSchema,
  type PartManifest,
} from './fetch-schema.ts'
import { runLoad } from './load/load.ts'
import { datasetMigrations } from './load/migrations.ts'
import { snakeCase } from './load/plan.ts'
import { currentParts, currentVersion, type Version, type VersionSource } from './load/registry.ts'
import { baseName, createPortal, type Package, type Pick, pickResources } from './portal.ts'
import { type KnownSource, knownSource, noteCheck, noteFailure } from './source-check.ts'

/** Said with everything that goes out: the portal's licence asks for it. */
export const ATTRIBUTION = 'Fonte: ANEEL, Dados Abertos (dadosabertos.aneel.gov.br), licença ODbL'

type Context = StepContext<Infer<typeof FetchOutputSchema>>

/** What the user asked for. */
interface Wanted {
  dataset: string
  contract: Contract | undefined
  slug: string
  /** The file, for a dataset without contract that has several. */
  choice: string | undefined
  parts: string
}

/**
 * Keeps one dataset of ANEEL's portal up to date: asks whether its files changed, downloads, checks and loads them, and publishes
 * a version. Whatever fails, the last good version stays served. Errors: docs/errors.md.
 */
export const aneelFetch = defineStep({
  name: 'aneel-fetch',
  version: 1,
  config: FetchConfigSchema,
  input: FetchInputSchema,
  output: FetchOutputSchema,
  async run(input, config, context) {
    const started = context.clock.now().getTime()
    const wanted = resolveWanted(config, input)
    await prepared(context.stores.postgres)
    try {
      const parts = await fetchParts(wanted, config, context)
      return manifest(wanted.dataset, parts, (context.clock.now().getTime() - started) / 1000)
    } catch (error) {
      throw await withLastGood(PipelineError.from(error, 'FETCH_FAILED'), wanted.dataset, context)
    }
  },
})

const migrations = new WeakMap<PostgresStore, Promise<unknown>>()

/** The registry's tables, made once for each store; a failure is tried again by the next step. */
async function prepared(postgres: PostgresStore): Promise<void> {
  const running = migrations.get(postgres) ?? migrate(postgres, datasetMigrations)
  migrations.set(postgres, running)
  try {
    await running
  } catch (error) {
    migrations.delete(postgres)
    throw error
  }
}

/** Which dataset is meant. `slug#file` chooses one file of a package that has no contract. */
export function resolveWanted(config: FetchConfig, input: Infer<typeof FetchInputSchema>): Wanted {
  const name = (config.dataset || input.dataset || '').trim()
  if (name === '') {
    throw new PipelineError('CONFIG', 'No dataset is chosen: choose one in the node or send payload.dataset')
  }
  const [slug = '', choice] = name.split('#', 2)
  const contract = choice === undefined ? contractFor(slug) : undefined
  if (choice !== undefined) contractFor(slug)
  return {
    dataset: contract?.dataset ?? `aneel.${snakeCase(choice === undefined ? slug : `${slug}_${choice}`).slice(0, 40)}`,
    contract,
    slug: contract?.slug ?? slug,
    choice,
    parts: config.parts || input.parts || '',
  }
}

async function fetchParts(wanted: Wanted, config: FetchConfig, context: Context): Promise<PartManifest[]> {
  const direct = await quickCheck(wanted, config, context)
  if (direct !== undefined) return [direct]
  const { picks, found } = await resolvePicks(wanted, config, context)
  const parts: PartManifest[] = []
  for (const pick of picks) parts.push(await fetchPart(pick, wanted, found, config, context, undefined))
  return parts
}

/**
 * The cheap look: a dataset of one file whose address is known is asked for with a single conditional request, without the
 * portal's catalogue. Undefined when there is more to do.
 */
async function quickCheck(wanted: Wanted, config: FetchConfig, context: Context): Promise<PartManifest | undefined> {
  if (config.mode === 'full' || wanted.contract?.resource.file.includes('(?<part>')) return undefined
  const known = await knownSource(context.stores.postgres, wanted.dataset, '')
  const version = await currentVersion(context.stores.postgres, wanted.dataset, '')
  if (known === undefined || version === undefined || (known.etag === '' && known.lastModified === '')) return undefined
  if (/\.parquet$/i.test(new URL(known.url).pathname) !== (config.format === 'parquet')) return undefined
  // another portal (a replica, a backup) has other addresses
  if (new URL(known.url).origin !== new URL(config.portal.url).origin) return undefined
  if (version.runId === context.run.id) return manifestOf(version, 'published', 'published by this run', context)
  const pick = { part: '', resourceId: known.resourceId, url: known.url, stamp: known.portalStamp }
  try {
    return await fetchPart(pick, wanted, undefined, config, context, known)
  } catch (error) {
    // the file may have moved: the catalogue knows where
    if (error instanceof PipelineError && (error.code === 'HTTP_404' || error.code === 'HTTP_410')) return undefined
    throw error
  }
}

/** Asks the portal where the files are; when its catalogue does not answer, the contract's pinned address serves. */
async function resolvePicks(
  wanted: Wanted,
  config: FetchConfig,
  context: Context,
): Promise<{ picks: Pick[]; found: Package | undefined }> {
  try {
    const found = await retry(
      portalPolicy(config.portal),
      ({ signal }) => createPortal(context.http, config.portal, signal).package(wanted.slug),
      {
        signal: context.signal,
        onRetry: retryNotice(context, 'package_show'),
        budget: context.http.retryBudget(config.portal.url),
      },
    )
    return {
      found,
      picks: pickResources(wanted.contract, found, {
        parts: wanted.parts,
        format: config.format,
        ...(wanted.choice === undefined ? {} : { choice: wanted.choice }),
      }),
    }
  } catch (error) {
    const problem = PipelineError.from(error)
    const pinned = wanted.contract?.resource.pinned
    if (!problem.retryable || problem.code === 'STOPPED' || pinned === undefined || config.format !== 'csv')
      throw problem
    context.log.warn(
      `${wanted.dataset}: the portal's catalogue does not answer (${problem.message}); using the pinned address`,
    )
    const url = new URL(pinned, `${config.portal.url.replace(/\/+$/, '')}/`).href
    const resource = { id: wanted.contract?.resource.id ?? '', url }
    const part = new RegExp(wanted.contract?.resource.file ?? '', 'i').exec(baseName(resource))?.groups?.part ?? ''
    return { found: undefined, picks: [{ part, resourceId: resource.id, url, stamp: '' }] }
  }
}

async function fetchPart(
  pick: Pick,
  wanted: Wanted,
  found: Package | undefined,
  config: FetchConfig,
  context: Context,
  quick: KnownSource | undefined,
): Promise<PartManifest> {
  const { postgres } = context.stores
  const base = await currentVersion(postgres, wanted.dataset, pick.part)
  if (base?.runId === context.run.id) return manifestOf(base, 'published', 'published by this run', context)
  const last = quick ?? (await knownSource(postgres, wanted.dataset, pick.part))
  // what the source said of another address (another format, a moved file) says nothing of this one
  const known = last?.url === pick.url ? last : undefined
  const incremental = config.mode === 'incremental' && base !== undefined
  if (incremental && quick === undefined && pick.stamp !== '' && known?.portalStamp === pick.stamp) {
    await noteCheck(postgres, wanted.dataset, pick, known)
    return manifestOf(base, 'unchanged', 'the portal lists the same file', context)
  }
  const file = join(context.stores.scratch, `${randomUUID()}.part`)
  try {
    const got = await download(pick.url, file, incremental ? known : undefined, config.portal, {
      http: context.http,
      signal: context.signal,
      progress: context.progress,
      onRetry: retryNotice(context, pick.url),
    })
    if (got.outcome === 'not-modified' && base !== undefined) {
      await noteCheck(postgres, wanted.dataset, pick, known ?? { etag: '', lastModified: '' })
      return manifestOf(base, 'unchanged', 'not modified (304)', context)
    }
    if (got.outcome === 'not-modified') {
      throw new PipelineError('HTTP_304', 'The portal says "not modified" of a file that was never fetched', {
        retryable: true,
      })
    }
    if (base !== undefined && base.sha256 === got.sha256 && config.mode === 'incremental') {
      await noteCheck(postgres, wanted.dataset, pick, got)
      return manifestOf(base, 'unchanged', 'the same bytes again', context)
    }
    return await loadPart(pick, got, base, wanted, found, config, context)
  } catch (error) {
    await noteFailure(postgres, wanted.dataset, pick, PipelineError.from(error))
    throw error
  } finally {
    await rm(file, { force: true })
  }
}

async function loadPart(
  pick: Pick,
  got: Extract<Download, { outcome: 'downloaded' }>,
  base: Version | undefined,
  wanted: Wanted,
  found: Package | undefined,
  config: FetchConfig,
  context: Context,
): Promise<PartManifest> {
  const { stores } = context
  const source: VersionSource = {
    tier: 'primary',
    url: pick.url,
    resourceId: pick.resourceId,
    etag: got.etag,
    lastModified: got.lastModified,
    portalStamp: pick.stamp,
  }
  const load = (file: string, artifactKey: string | null) =>
    runLoad(
      {
        file,
        contract: wanted.contract ?? {
          dataset: wanted.dataset,
          slug: wanted.slug,
          title: found?.title ?? wanted.slug,
        },
        part: pick.part,
        run: context.run.epoch > 0 ? { id: context.run.id, epoch: context.run.epoch } : null,
        keepPersonal: config.keepPersonal,
        sha256: got.sha256,
        bytes: got.bytes,
        artifactKey,
        source,
        base: base ?? null,
      },
      { stores, signal: context.signal, log: context.log, progress: context.progress },
    )
  if (config.archive) {
    const artifact = await putArtifact(
      stores.objects,
      { file: got.file, move: true },
      { sha256: got.sha256, contentType: 'text/csv' },
    )
    await stores.objects.withFile(artifact.key, (file) => load(file, artifact.key), { signal: context.signal })
  } else await load(got.file, null)
  await noteCheck(stores.postgres, wanted.dataset, pick, got)
  const version = await currentVersion(stores.postgres, wanted.dataset, pick.part)
  if (version === undefined)
    throw new PipelineError('NO_VERSION', `${wanted.dataset}: the version just published is gone`)
  const touched = version.new + version.changed + version.vanished
  return touched === 0 && base !== undefined
    ? manifestOf(version, 'unchanged', 'the file was rewritten, its rows are equal', context)
    : manifestOf(version, 'published', version.version === 1 ? 'first version' : 'rows changed', context)
}

function manifestOf(
  version: Version,
  outcome: PartManifest['outcome'],
  reason: string,
  context: Context,
): PartManifest {
  const fresh = outcome === 'published' || reason.includes('rewritten')
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
      tier: version.source.tier,
      ageSeconds: Math.max(0, (context.clock.now().getTime() - Date.parse(version.publishedAt)) / 1000),
      url: version.source.url,
      etag: version.source.etag,
      lastModified: version.source.lastModified,
    },
  }
}

function manifest(dataset: string, parts: PartManifest[], seconds: number): FetchManifest {
  const sum = (field: 'rows' | 'new' | 'changed' | 'vanished' | 'quarantined') =>
    parts.reduce((total, part) => total + part[field], 0)
  return {
    dataset,
    outcome: parts.some((part) => part.outcome === 'published') ? 'published' : 'unchanged',
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

/** Says in the error what is served meanwhile, and how old it is. */
async function withLastGood(error: PipelineError, dataset: string, context: Context): Promise<PipelineError> {
  let served: Version[] = []
  try {
    served = await currentParts(context.stores.postgres, dataset)
  } catch {
    // the store itself is what failed
  }
  const newest = served.reduce<Version | undefined>((a, b) => (a && a.publishedAt > b.publishedAt ? a : b), undefined)
  const age = newest
    ? Math.max(0, Math.round((context.clock.now().getTime() - Date.parse(newest.publishedAt)) / 1000))
    : undefined
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

function retryNotice(context: Context, what: string) {
  return (notice: { attempt: number; error: PipelineError; delayMs: number }) =>
    context.log.warn(
      `${what}: try ${notice.attempt} failed (${notice.error.code}: ${notice.error.message}); next in ${Math.round(notice.delayMs / 100) / 10} s`,
    )
}
