import { PipelineError } from '../../errors.ts'
import type { HttpClient } from '../../net/http.ts'
import { askForPage } from './ask.ts'
import type { PageState } from './page-state.ts'
import { layoutChanges } from './read/layout.ts'
import { readInThread } from './read-thread.ts'
import type { Recipe, RecipePage } from './recipe-schema.ts'
import { prepareRecipe } from './recipes.ts'
import type { ScrapeConfig } from './scrape-schema.ts'
import { shownAddress } from './serving.ts'
import type { Trial } from './trial.ts'

/** Rows of a dataset that a trial shows. */
const shownRows = 50

/** What is tried, and what is known of the page in the stores of that id. */
export interface Tried {
  recipe: Recipe
  page: RecipePage
  config: ScrapeConfig
  state: PageState | undefined
  stores: string
}

/** Reads a page with a recipe as the step would, without storing anything. Throws what the request throws, RECIPE_INVALID. */
export async function tryRecipe(
  { recipe, page, config, state, stores }: Tried,
  http: HttpClient,
  signal: AbortSignal,
): Promise<Trial> {
  const { contracts } = prepareRecipe(recipe)
  const url = config.url || page.url
  const trial: Trial = {
    key: { stores, recipe: recipe.recipe, page: page.page },
    url: shownAddress(url, page),
    outcome: 'failed',
    title: '',
    charset: '',
    bytes: 0,
    datasets: [],
    documents: [],
    fingerprint: '',
    changes: [],
    error: null,
    tables: [],
  }
  let answer: Awaited<ReturnType<typeof askForPage>>
  try {
    answer = await askForPage(url, recipe, undefined, { ...config, tries: 1 }, { http, signal })
  } catch (thrown) {
    const error = PipelineError.from(thrown)
    return { ...trial, outcome: error.code === 'PAGE_BLOCKED' ? 'blocked' : 'failed', error: error.toJSON() }
  }
  trial.url = shownAddress(answer.url, page)
  trial.bytes = answer.bytes.length
  const result = await readInThread(
    { bytes: answer.bytes, headers: answer.headers, url: answer.url, recipe, page, contracts: [...contracts.values()] },
    signal,
  )
  if (result.outcome === 'failed') return { ...trial, error: result.error, tables: result.tables }
  if (result.outcome === 'blocked') {
    const { by, sign } = result.blocked
    const message = `Not the page itself came, but ${by} (${sign})`
    return { ...trial, outcome: 'blocked', error: { code: 'PAGE_BLOCKED', message, retryable: false } }
  }
  const { extraction, charset } = result
  return {
    ...trial,
    outcome: 'read',
    title: extraction.title,
    charset,
    datasets: Object.entries(extraction.datasets).map(([dataset, rows]) => ({
      dataset,
      columns: (contracts.get(dataset)?.columns ?? [])
        .map(({ name }) => name)
        .filter((name) => rows.some((row) => row[name] !== undefined)),
      rows: rows.slice(0, shownRows),
      count: rows.length,
    })),
    documents: extraction.documents.slice(0, shownRows).map(({ url: address, text }) => ({ url: address, text })),
    fingerprint: extraction.fingerprint,
    changes: state?.layout == null ? [] : layoutChanges(state.layout, extraction.layout),
  }
}
