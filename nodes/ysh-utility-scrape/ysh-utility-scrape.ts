import { recipeOf, utilityScrape } from '../../lib/steps/utility/scrape.ts'
import type { Red } from '../kit/red.ts'
import { figure } from '../kit/status.ts'
import { registerStepNode } from '../kit/step-node.ts'
import { registerRecipeEndpoints } from './admin.ts'
import { checkRecipe } from './check-recipe.ts'
import { declaration } from './declaration.ts'

/** Output 1 when anything was published, 2 when all stands as it was, 3 when the last good values stay because the page is not what it was. */
export default function (red: Red): void {
  registerStepNode(red, declaration, utilityScrape, {
    check: (config) => checkRecipe(recipeOf(config), config.page),
    outputOf: ({ outcome }) => (outcome === 'published' ? 0 : outcome === 'unchanged' ? 1 : 2),
    statusOf: ({ outcome, datasets }, language) => {
      if (outcome === 'stale') return { mood: 'warning', key: 'status.stale' }
      if (outcome === 'blocked') return { mood: 'warning', key: 'status.blocked' }
      const rows = datasets.reduce((sum, each) => sum + each.rows, 0)
      return outcome === 'published'
        ? { mood: 'done', key: 'status.published', values: { rows: figure(rows, language) } }
        : { mood: 'done', key: 'status.unchanged' }
    },
  })
  registerRecipeEndpoints(red)
}
