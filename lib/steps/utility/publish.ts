import { createHash, randomUUID } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PipelineError } from '../../errors.ts'
import type { Artifact } from '../../stores/objects/artifacts.ts'
import { runLoad } from '../dataset/load/load.ts'
import { currentVersion } from '../dataset/load/registry.ts'
import { csvOf } from './csv.ts'
import type { Seen } from './page-state.ts'
import type { Extraction } from './read/extract.ts'
import type { Context, Scraping, Served } from './serving.ts'

/** What was published of a page. */
export interface Published {
  datasets: Served[]
  /** Whether any row is another one than before. */
  changed: boolean
  artifact: Artifact | null
}

/**
 * Publishes a version of each dataset whose rows are not those of the last one, by the same way as ANEEL's files: staged, checked by the
 * contract, switched to in one transaction. Throws what `runLoad` throws.
 */
export async function publishDatasets(
  scraping: Scraping,
  extraction: Extraction,
  seen: Seen,
  archive: () => Promise<Artifact | null>,
  context: Context,
): Promise<Published> {
  const { postgres } = context.stores
  const datasets: Served[] = []
  let artifact: Artifact | null = null
  let changed = false
  for (const [dataset, contract] of scraping.contracts) {
    const csv = csvOf(extraction.datasets[dataset] ?? [], contract)
    const sha256 = createHash('sha256').update(csv).digest('hex')
    const base = await currentVersion(postgres, dataset, scraping.part)
    if (base?.sha256 === sha256) {
      // published by this very run, before it was sent anew
      const mine = base.runId === context.run.id
      changed ||= mine
      datasets.push({ version: base, fresh: mine })
      continue
    }
    artifact ??= await archive()
    const file = join(context.stores.scratch, `${randomUUID()}.part`)
    try {
      await writeFile(file, csv)
      await runLoad(
        {
          file,
          contract: { ...contract, attribution: scraping.recipe.attribution },
          part: scraping.part,
          run: context.run.epoch > 0 ? { id: context.run.id, epoch: context.run.epoch } : null,
          keepPersonal: [],
          sha256,
          bytes: csv.length,
          artifactKey: artifact?.key ?? null,
          source: {
            tier: 'primary',
            why: [],
            url: scraping.shown,
            resourceId: scraping.recipe.recipe,
            etag: seen.etag,
            lastModified: seen.lastModified,
            portalStamp: extraction.fingerprint,
          },
          base: base ?? null,
        },
        { stores: context.stores, signal: context.signal, log: context.log, progress: context.progress },
      )
    } finally {
      await rm(file, { force: true })
    }
    const version = await currentVersion(postgres, dataset, scraping.part)
    if (version === undefined) throw new PipelineError('NO_VERSION', `${dataset}: the version just published is gone`)
    changed ||= version.new + version.changed + version.vanished > 0
    datasets.push({ version, fresh: true })
  }
  return { datasets, changed, artifact }
}
