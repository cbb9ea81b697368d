import { PipelineError } from '../../lib/errors.ts'
import { createHttpClient } from '../../lib/net/client.ts'
import { product } from '../../lib/product.ts'
import { parser, Type } from '../../lib/schema.ts'
import { acceptHeldLayout, type PageState, pageState } from '../../lib/steps/utility/page-state.ts'
import { pageOf, prepareRecipe, shippedRecipe, shippedRecipes } from '../../lib/steps/utility/recipes.ts'
import { recipeOf } from '../../lib/steps/utility/scrape.ts'
import { ScrapeConfigSchema } from '../../lib/steps/utility/scrape-schema.ts'
import { tryRecipe } from '../../lib/steps/utility/try.ts'
import { answer, bodyOf } from '../kit/admin.ts'
import type { Red } from '../kit/red.ts'
import { deployedAllowList, deployedEngine } from '../ysh-stores/deployed.ts'
import type { RecipeEntry } from './recipe-entry.ts'

const answering = {
  patienceMs: 60_000,
  statuses: {
    CONFIG: 400,
    RECIPE_INVALID: 400,
    CONTRACT_INVALID: 400,
    RECIPE_UNKNOWN: 404,
    PAGE_UNKNOWN: 404,
    NOT_DEPLOYED: 404,
    STORES_AMBIGUOUS: 400,
  },
}
const configs = parser(ScrapeConfigSchema, 'The settings', 'CONFIG')
const accepts = parser(
  Type.Object(
    { stores: Type.String(), recipe: Type.String(), page: Type.String(), fingerprint: Type.String({ minLength: 1 }) },
    { additionalProperties: false },
  ),
  'The request',
  'CONFIG',
)

/**
 * Endpoints for the form.
 *
 * - `GET ysh/utility/recipes`: the shipped recipes; `GET ysh/utility/recipes/<name>`: one as JSON, to begin an own one with
 * - `POST ysh/utility/try` with the settings of the form: what the recipe would extract. It fetches what it is told, behind the address
 *   guard like every request, so that it asks for the permission to change flows, which could do the same
 * - `POST ysh/utility/accept` with recipe, page and fingerprint: accepts the layout that is held
 */
export function registerRecipeEndpoints(red: Red): void {
  const { httpAdmin, auth } = red
  const read = auth.needsPermission('ysh-utility-scrape.read')
  const write = auth.needsPermission('flows.write')

  httpAdmin.get('/ysh/utility/recipes', read, (_, response) =>
    answer(response, answering, async () => ({ recipes: recipeList() })),
  )
  httpAdmin.get('/ysh/utility/recipes/:name', read, (request, response) =>
    answer(response, answering, async () => shippedRecipe(request.params.name ?? '')),
  )
  httpAdmin.post('/ysh/utility/try', write, (request, response) =>
    answer(response, answering, async (signal) => {
      const { stores: named, ...settings } = bodyOf(request)
      const stores = typeof named === 'string' ? named : undefined
      const config = configs.parse(settings)
      const recipe = recipeOf(config)
      if (recipe === undefined) throw new PipelineError('CONFIG', 'No recipe is chosen')
      const page = pageOf(recipe, config.page)
      const http = createHttpClient({ product: product(), allow: deployedAllowList() })
      try {
        const key = { recipe: recipe.recipe, page: page.page }
        const state = await known(stores, key, signal)
        return await tryRecipe({ recipe, page, config, state, stores: stores ?? '' }, http, signal)
      } finally {
        http.close()
      }
    }),
  )
  httpAdmin.post('/ysh/utility/accept', write, (request, response) =>
    answer(response, answering, async (signal) => {
      const { stores, recipe, page, fingerprint } = accepts.parse(bodyOf(request))
      const engine = await deployedEngine(stores, signal)
      return { accepted: await engine.change((tx) => acceptHeldLayout(tx, { recipe, page }, fingerprint)) }
    }),
  )
}

/** What the deployed stores know of the page; nothing where none are deployed, or the page was never looked at. */
async function known(
  stores: string | undefined,
  key: { recipe: string; page: string },
  signal: AbortSignal,
): Promise<PageState | undefined> {
  try {
    const engine = await deployedEngine(stores, signal)
    return await engine.read((q) => pageState(q, key))
  } catch (thrown) {
    const { code } = PipelineError.from(thrown)
    // 42P01: the tables are made by the first scrape
    if (code === 'NOT_DEPLOYED' || code === 'STORES_AMBIGUOUS' || code === 'SQL_42P01') return undefined
    throw thrown
  }
}

function recipeList(): RecipeEntry[] {
  return [...shippedRecipes().values()].map((recipe) => ({
    recipe: recipe.recipe,
    title: recipe.title['pt-BR'],
    titleEn: recipe.title['en-US'],
    pages: recipe.pages.map(({ page, url }) => ({ page, url })),
    datasets: [...prepareRecipe(recipe).contracts.keys()],
  }))
}
