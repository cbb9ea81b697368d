import { PipelineError } from '../../errors.ts'
import { blockedError } from '../../net/blocked.ts'
import { alertMigrations } from '../../runs/alert-migrations.ts'
import { runMigrations } from '../../runs/migrations.ts'
import type { Infer } from '../../schema.ts'
import { putArtifact } from '../../stores/objects/artifacts.ts'
import { preparing } from '../../stores/postgres/prepare.ts'
import { withLastGood } from '../dataset/last-good.ts'
import { datasetMigrations } from '../dataset/load/migrations.ts'
import { noted, noteRecovery } from '../dataset/source-incident.ts'
import { defineStep } from '../step.ts'
import { askForPage } from './ask.ts'
import { pageMigrations } from './migrations.ts'
import { noteDocuments, notePublished, noteUnchanged, type PageState, pageState, recipeHash } from './page-state.ts'
import { publishDatasets } from './publish.ts'
import type { Extraction } from './read/extract.ts'
import { layoutChanges, sayChanges } from './read/layout.ts'
import { readInThread } from './read-thread.ts'
import { parseRecipe } from './recipe.ts'
import type { Recipe } from './recipe-schema.ts'
import { pageOf, prepareRecipe, shippedRecipe } from './recipes.ts'
import { type ScrapeConfig, ScrapeConfigSchema, ScrapeInputSchema, ScrapeOutputSchema } from './scrape-schema.ts'
import {
  addressMark,
  type Context,
  keepServing,
  lastGood,
  manifest,
  type Scraping,
  shownAddress,
  watched,
} from './serving.ts'

/**
 * Keeps what a distributor's page says up to date: asks whether it changed, extracts what the recipe says, and publishes versions of
 * its datasets. Whatever it cannot read for certain it does not publish: the last good values stay, marked stale. Errors: docs/errors.md.
 */
export const utilityScrape = defineStep({
  name: 'utility-scrape',
  version: 1,
  config: ScrapeConfigSchema,
  input: ScrapeInputSchema,
  output: ScrapeOutputSchema,
  async run(input, config, context) {
    const scraping = resolveScraping(config, input, context)
    await prepared(context.stores.postgres)
    try {
      return await scrape(scraping, input.acceptLayout, config, context)
    } catch (thrown) {
      const error = PipelineError.from(thrown, 'SCRAPE_FAILED')
      const [dataset] = scraping.contracts.keys()
      await keepServing(scraping, error, config, context)
      throw dataset === undefined ? error : await withLastGood(error, dataset, context, scraping.part)
    }
  },
})

const prepared = preparing([...runMigrations, ...alertMigrations, ...datasetMigrations, ...pageMigrations])

/** The recipe of a config: one of the package, or the own one. Undefined when the message has to say. Throws RECIPE_*. */
export function recipeOf({ recipe, ownRecipe }: Pick<ScrapeConfig, 'recipe' | 'ownRecipe'>): Recipe | undefined {
  if (recipe !== '') return shippedRecipe(recipe)
  if (ownRecipe.trim() === '') return undefined
  let value: unknown
  try {
    value = JSON.parse(ownRecipe)
  } catch (error) {
    throw new PipelineError(
      'RECIPE_INVALID',
      `The recipe is no JSON: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
  return parseRecipe(value)
}

/** What is to be read: which recipe, which page, where. Throws CONFIG, RECIPE_*, PAGE_UNKNOWN. */
function resolveScraping(config: ScrapeConfig, input: Infer<typeof ScrapeInputSchema>, context: Context): Scraping {
  const recipe = recipeOf(config) ?? (input.recipe === undefined ? undefined : shippedRecipe(input.recipe))
  if (recipe === undefined) {
    throw new PipelineError(
      'CONFIG',
      'No recipe is chosen: choose one in the node, write your own, or send payload.recipe',
    )
  }
  const { contracts } = prepareRecipe(recipe)
  const page = pageOf(recipe, config.page || input.page || '')
  const url = config.url || input.url || page.url
  return {
    recipe,
    contracts,
    page,
    url,
    shown: shownAddress(url, page),
    part: `${recipe.recipe}.${page.page}`,
    hash: recipeHash(recipe),
    started: context.clock.now(),
  }
}

async function scrape(
  scraping: Scraping,
  acceptLayout: string | undefined,
  config: ScrapeConfig,
  context: Context,
): Promise<Infer<typeof ScrapeOutputSchema>> {
  const { recipe, page, url } = scraping
  const { postgres, objects } = context.stores
  const key = { recipe: recipe.recipe, page: page.page }
  const state = await pageState(postgres, key)
  const served = await lastGood(scraping, context)
  // Only a page that was published as it is, by this recipe, from this address, may answer "not modified".
  const settled =
    state !== undefined && !state.stale && state.url === addressMark(scraping) && state.recipeHash === scraping.hash
  const known =
    config.mode === 'incremental' &&
    settled &&
    served.length === scraping.contracts.size &&
    (state.etag || state.lastModified)
      ? { etag: state.etag, lastModified: state.lastModified }
      : undefined
  let answer: Awaited<ReturnType<typeof askForPage>>
  try {
    answer = await askForPage(url, recipe, known, config, context)
  } catch (thrown) {
    const error = PipelineError.from(thrown)
    if (error.code !== 'PAGE_BLOCKED') throw error
    return await blocked(scraping, error, config, context)
  }
  if (answer.status === 304) {
    await noteUnchanged(postgres, key, context.clock.now())
    await recovered(scraping, config, context)
    return manifest(scraping, served, { outcome: 'unchanged', reason: 'not modified (304)' }, context)
  }
  context.progress({ phase: 'extract', done: 0, total: answer.bytes.length, unit: 'bytes' })
  const result = await readInThread(
    {
      bytes: answer.bytes,
      headers: answer.headers,
      url: answer.url,
      recipe,
      page,
      contracts: [...scraping.contracts.values()],
    },
    context.signal,
  )
  if (result.outcome === 'blocked')
    return await blocked(scraping, blockedError(scraping.shown, result.blocked), config, context)
  const archive = async () =>
    config.archive
      ? await putArtifact(objects, answer.bytes, {
          contentType: answer.headers['content-type'] ?? 'text/html',
          signal: context.signal,
        })
      : null
  if (result.outcome === 'failed') {
    const error = PipelineError.fromJSON(result.error)
    // What the page looked like is what the one who mends the recipe needs: once, for pages may be other bytes at each look.
    const artifact = state?.stale && state.staleCode === error.code ? null : await archive()
    throw new PipelineError(error.code, `${recipe.recipe}, ${error.message}`, {
      details: { ...error.details, url: scraping.shown, tables: result.tables, artifact: artifact?.key ?? null },
      cause: error,
    })
  }
  const { extraction } = result
  const changes = heldChanges(state, scraping, extraction, acceptLayout, config)
  if (changes !== undefined) {
    const artifact = state?.heldFingerprint === extraction.fingerprint ? null : await archive()
    const held = { fingerprint: extraction.fingerprint, layout: extraction.layout, changes }
    const reason = `the layout of the page changed: ${sayChanges(changes)}`
    const error = new PipelineError('PAGE_LAYOUT', `${recipe.recipe}: ${reason}. The last good values stay`, {
      details: { fingerprint: extraction.fingerprint, changes },
    })
    await keepServing(scraping, error, config, context, held)
    const end = { outcome: 'stale', reason, fingerprint: extraction.fingerprint, changes, artifact } as const
    return manifest(scraping, served, { ...end, charset: result.charset }, context)
  }
  const seen = {
    url: addressMark(scraping),
    recipeHash: scraping.hash,
    etag: answer.headers.etag ?? '',
    lastModified: answer.headers['last-modified'] ?? '',
    at: context.clock.now(),
  }
  const published = await publishDatasets(scraping, extraction, seen, archive, context)
  const fresh = await postgres.transaction(async (tx) => {
    const first = await noteDocuments(tx, key, extraction.documents, context.run.id, seen.at)
    await notePublished(tx, key, seen, extraction)
    return first
  })
  await recovered(scraping, config, context)
  return manifest(
    scraping,
    published.datasets,
    {
      outcome: published.changed ? 'published' : 'unchanged',
      reason: published.changed ? 'rows changed' : 'the same rows again',
      fingerprint: extraction.fingerprint,
      documents: extraction.documents.map((document) => ({ ...document, new: fresh.has(document.url) })),
      charset: result.charset,
      artifact: published.artifact,
    },
    context,
  )
}

/** What has changed in a layout that must wait for a person; undefined when the page may be published. */
function heldChanges(
  state: PageState | undefined,
  scraping: Scraping,
  { fingerprint, layout }: Extraction,
  acceptLayout: string | undefined,
  { whenLayoutChanges }: ScrapeConfig,
) {
  if (state === undefined || state.layout === null || state.fingerprint === fingerprint) return undefined
  // Who changes the recipe has looked at the page.
  if (state.recipeHash !== scraping.hash || whenLayoutChanges === 'accept' || acceptLayout === fingerprint)
    return undefined
  return layoutChanges(state.layout, layout)
}

async function blocked(scraping: Scraping, error: PipelineError, config: ScrapeConfig, context: Context) {
  await keepServing(scraping, error, config, context)
  return manifest(scraping, await lastGood(scraping, context), { outcome: 'blocked', reason: error.message }, context)
}

async function recovered(scraping: Scraping, config: ScrapeConfig, context: Context): Promise<void> {
  if (!config.incidents) return
  for (const what of watched(scraping, config)) await noted(what, context, () => noteRecovery(what, context))
}
