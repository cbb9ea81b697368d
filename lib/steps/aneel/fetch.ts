import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { PipelineError } from '../../errors.ts'
import { alertMigrations } from '../../runs/alert-migrations.ts'
import { runMigrations } from '../../runs/migrations.ts'
import { retry } from '../../runs/retry.ts'
import type { Infer } from '../../schema.ts'
import { putArtifact } from '../../stores/objects/artifacts.ts'
import { preparing } from '../../stores/postgres/prepare.ts'
import { withLastGood } from '../dataset/last-good.ts'
import { runLoad } from '../dataset/load/load.ts'
import { datasetMigrations } from '../dataset/load/migrations.ts'
import { snakeCase } from '../dataset/load/plan.ts'
import { currentVersion, type Version, type VersionSource, wasReplaced } from '../dataset/load/registry.ts'
import { type KnownSource, knownSource, noteCheck, noteFailure, type SourceFile } from '../dataset/source-check.ts'
import { retryNotice } from '../requests.ts'
import { defineStep, type StepContext } from '../step.ts'
import { contractFor } from './catalogue.ts'
import { type AneelContract, ATTRIBUTION } from './contract.ts'
import { type Download, download, portalPolicy } from './download.ts'
import { noteFailed, noteServed } from './fetch-incident.ts'
import { fetchManifest, partManifest } from './fetch-manifest.ts'
import {
  type FetchConfig,
  FetchConfigSchema,
  FetchInputSchema,
  FetchOutputSchema,
  type PartManifest,
} from './fetch-schema.ts'
import { baseName, createPortal, type Package, pickResources } from './portal.ts'
import { type Asking, serveParts } from './tiers.ts'

type Context = StepContext<Infer<typeof FetchOutputSchema>>

/** What the user asked for. */
interface Wanted {
  dataset: string
  contract: AneelContract | undefined
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
  version: 2,
  config: FetchConfigSchema,
  input: FetchInputSchema,
  output: FetchOutputSchema,
  async run(input, config, context) {
    const started = context.clock.now().getTime()
    const wanted = resolveWanted(config, input)
    await prepared(context.stores.postgres)
    try {
      const parts = await serveParts(wanted, config, input.why, context, (portal, asking) =>
        fetchParts(wanted, asking, portal, context),
      )
      if (config.mode !== 'cached') await noteServed(wanted.dataset, parts, config.portal, context)
      return fetchManifest(wanted.dataset, parts, (context.clock.now().getTime() - started) / 1000)
    } catch (thrown) {
      const error = PipelineError.from(thrown, 'FETCH_FAILED')
      if (config.mode !== 'cached') await noteFailed(wanted.dataset, error, config.portal, context)
      throw await withLastGood(error, wanted.dataset, context)
    }
  },
})

const prepared = preparing([...runMigrations, ...alertMigrations, ...datasetMigrations])

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

/** Asks one portal for the parts that no better one has served. */
async function fetchParts(
  wanted: Wanted,
  asking: Asking,
  config: FetchConfig,
  context: Context,
): Promise<PartManifest[]> {
  const direct = await quickCheck(wanted, asking, config, context)
  if (direct !== undefined) return [direct]
  const { picks, found } = await resolvePicks(wanted, config, context)
  const parts: PartManifest[] = []
  for (const pick of picks) {
    const part =
      asking.done.get(pick.part) ?? (await fetchPart(pick, wanted, asking, found, config, context, undefined))
    asking.done.set(pick.part, part)
    parts.push(part)
  }
  return parts
}

/**
 * The cheap look: a dataset of one file whose address is known is asked for with a single conditional request, without the
 * portal's catalogue. Undefined when there is more to do.
 */
async function quickCheck(
  wanted: Wanted,
  asking: Asking,
  config: FetchConfig,
  context: Context,
): Promise<PartManifest | undefined> {
  if (config.mode === 'full' || wanted.contract?.resource.file.includes('(?<part>')) return undefined
  const known = await knownSource(context.stores.postgres, wanted.dataset, '')
  const version = await currentVersion(context.stores.postgres, wanted.dataset, '')
  if (known === undefined || version === undefined || (known.etag === '' && known.lastModified === '')) return undefined
  if (/\.parquet$/i.test(new URL(known.url).pathname) !== (config.format === 'parquet')) return undefined
  // another portal (a replica, a backup) has other addresses
  if (new URL(known.url).origin !== new URL(config.portal.url).origin) return undefined
  if (version.runId === context.run.id) return publishedHere(version, context)
  const pick = { part: '', resourceId: known.resourceId, url: known.url, stamp: known.portalStamp }
  try {
    return await fetchPart(pick, wanted, asking, undefined, config, context, known)
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
): Promise<{ picks: SourceFile[]; found: Package | undefined }> {
  try {
    const found = await retry(
      portalPolicy(config.portal),
      ({ signal }) => createPortal(context.http, config.portal, signal).package(wanted.slug),
      {
        signal: context.signal,
        onRetry: retryNotice(context.log, 'package_show'),
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
  pick: SourceFile,
  wanted: Wanted,
  asking: Asking,
  found: Package | undefined,
  config: FetchConfig,
  context: Context,
  quick: KnownSource | undefined,
): Promise<PartManifest> {
  const { postgres } = context.stores
  const base = await currentVersion(postgres, wanted.dataset, pick.part)
  if (base?.runId === context.run.id) return publishedHere(base, context)
  const unchanged = (version: Version, reason: string, fresh = false) =>
    partManifest(version, { outcome: 'unchanged', reason, fresh }, { ...asking, url: pick.url }, context)
  const last = quick ?? (await knownSource(postgres, wanted.dataset, pick.part))
  // what the source said of another address (another format, a moved file) says nothing of this one
  const known = last?.url === pick.url ? last : undefined
  const incremental = config.mode === 'incremental' && base !== undefined
  if (incremental && quick === undefined && pick.stamp !== '' && known?.portalStamp === pick.stamp) {
    await noteCheck(postgres, wanted.dataset, pick, known)
    return unchanged(base, 'the portal lists the same file')
  }
  const file = join(context.stores.scratch, `${randomUUID()}.part`)
  try {
    const got = await download(pick.url, file, incremental ? known : undefined, config.portal, {
      http: context.http,
      signal: context.signal,
      progress: context.progress,
      onRetry: retryNotice(context.log, pick.url),
    })
    if (got.outcome === 'not-modified' && base !== undefined) {
      await noteCheck(postgres, wanted.dataset, pick, known ?? { etag: '', lastModified: '' })
      return unchanged(base, 'not modified (304)')
    }
    if (got.outcome === 'not-modified') {
      throw new PipelineError('HTTP_304', 'The portal says "not modified" of a file that was never fetched', {
        retryable: true,
      })
    }
    if (base !== undefined && base.sha256 === got.sha256 && config.mode === 'incremental') {
      await noteCheck(postgres, wanted.dataset, pick, got)
      return unchanged(base, 'the same bytes again')
    }
    if (asking.tier === 'backup' && base !== undefined && (await wasReplaced(postgres, base, got.sha256))) {
      const message = `${wanted.dataset}: the backup still has a file that a newer version has replaced here`
      throw new PipelineError('BACKUP_OLDER', message, { details: { sha256: got.sha256 } })
    }
    const version = await loadPart(pick, got, base, wanted, asking, found, config, context)
    if (version.new + version.changed + version.vanished === 0 && base !== undefined) {
      return unchanged(version, 'the file was rewritten, its rows are equal', true)
    }
    const reason = version.version === 1 ? 'first version' : 'rows changed'
    return partManifest(version, { outcome: 'published', reason, fresh: true }, { ...asking, url: pick.url }, context)
  } catch (error) {
    await noteFailure(postgres, wanted.dataset, pick, PipelineError.from(error))
    throw error
  } finally {
    await rm(file, { force: true })
  }
}

async function loadPart(
  pick: SourceFile,
  got: Extract<Download, { outcome: 'downloaded' }>,
  base: Version | undefined,
  wanted: Wanted,
  asking: Asking,
  found: Package | undefined,
  config: FetchConfig,
  context: Context,
): Promise<Version> {
  const { stores } = context
  const source: VersionSource = {
    tier: asking.tier,
    why: [...asking.why],
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
          title: found?.title ?? wanted.slug,
          attribution: ATTRIBUTION,
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
  return version
}

/** A part that this very run has published, before it was sent anew. */
function publishedHere(version: Version, context: Context): PartManifest {
  const end = { outcome: 'published', reason: 'published by this run', fresh: true } as const
  return partManifest(version, end, version.source, context)
}
