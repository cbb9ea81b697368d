import type { Recipe } from '../../lib/steps/utility/recipe-schema.ts'
import { pageOf, prepareRecipe } from '../../lib/steps/utility/recipes.ts'

/** Checks at deploy what can be known then: the recipe, its contracts, the page. Throws RECIPE_*, CONTRACT_INVALID, PAGE_UNKNOWN. */
export function checkRecipe(recipe: Recipe | undefined, page: string): void {
  if (recipe === undefined) return
  prepareRecipe(recipe)
  if (page !== '') pageOf(recipe, page)
}
