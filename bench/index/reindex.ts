import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { IndexManifest } from '../../lib/steps/vector/index-schema.ts'
import { putArtifact } from '../../lib/stores/objects/artifacts.ts'
import { openStores } from '../../lib/stores/open.ts'
import type { Stores } from '../../lib/stores/stores.ts'
import { stepsOver } from '../../test/steps/vector/surroundings.ts'
import { type CorpusOptions, corpus, corpusText } from './corpus.ts'

/** One run of the index step over the whole list. */
export interface Indexed {
  what: string
  seconds: number
  manifest: IndexManifest
  /** Rows that the database wrote meanwhile; undefined where it does not count. */
  rowsWritten: number | undefined
}

/**
 * Indexes a made corpus as a list (`complete: true`): first, unchanged, and in its next version (5 % changed, 1 % gone, 1 % new). With the
 * embedded embedder, in the PostgreSQL of the address, or an embedded one.
 */
export async function reindex(documents: number, url: string | undefined): Promise<Indexed[]> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-index-'))
  const stores = await openStores({ folder, ...(url === undefined ? {} : { postgres: { url } }) })
  try {
    const options: CorpusOptions = { seed: 1, documents, change: { changed: 0.05, gone: 0.01, fresh: 0.01 } }
    const first = await storeList(stores, { ...options, version: 0 })
    const next = await storeList(stores, { ...options, version: 1 })
    const { index } = stepsOver(stores)
    const run = async (what: string, list: string): Promise<Indexed> => {
      const before = await rowsWritten(stores)
      const started = performance.now()
      const manifest = await index({ documents: list, complete: true })
      const seconds = (performance.now() - started) / 1_000
      const after = await rowsWritten(stores)
      return {
        ...{ what, seconds, manifest },
        rowsWritten: before === undefined || after === undefined ? undefined : after - before,
      }
    }
    return [await run('first', first), await run('unchanged', first), await run('next version', next)]
  } finally {
    await stores.close()
    await rm(folder, { recursive: true, force: true })
  }
}

async function storeList(stores: Stores, options: CorpusOptions): Promise<string> {
  const lines: string[] = []
  for (const document of corpus(options)) {
    const { id, title, url, theme } = document
    lines.push(JSON.stringify({ document: id, title, url, facets: { theme }, text: corpusText(document) }))
  }
  const bytes = Buffer.from(`${lines.join('\n')}\n`)
  return (await putArtifact(stores.objects, bytes, { contentType: 'application/x-ndjson' })).key
}

/** All rows that were ever written to tables of this database. Sessions report theirs with a delay of a second. */
async function rowsWritten({ postgres }: Stores): Promise<number | undefined> {
  if (postgres.kind === 'embedded') return undefined
  await sleep(1_500)
  const { rows } = await postgres.query<{ written: string }>(
    'select coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::text as written from pg_stat_user_tables',
  )
  return Number(rows[0]?.written ?? 0)
}
