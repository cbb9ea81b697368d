import { load } from 'cheerio'
import type { Contract } from '../../lib/steps/dataset/contract.ts'
import { extract } from '../../lib/steps/utility/read/extract.ts'
import { parseRecipe } from '../../lib/steps/utility/recipe.ts'
import type { Recipe } from '../../lib/steps/utility/recipe-schema.ts'
import { pageOf, prepareRecipe } from '../../lib/steps/utility/recipes.ts'
import type { MadePage } from './page.ts'

/** The recipe for a made page: every table of it. */
export function recipeFor({ tables, rows }: MadePage): { recipe: Recipe; contracts: ReadonlyMap<string, Contract> } {
  const each = rows / tables.length
  return prepareRecipe(
    parseRecipe({
      recipe: 'bench',
      title: { 'pt-BR': 'Medida', 'en-US': 'Bench' },
      attribution: 'bench',
      pages: [{ page: 'bench', url: 'https://example.org/', set: { distribuidora: 'X' } }],
      tables: tables.map((name, at) => ({
        name: `t${at}`,
        dataset: 'utility.tarifas',
        find: { heading: `^${name}$` },
        labels: [
          { column: 'subgrupo', header: '^subgrupos$' },
          { column: 'classe', header: '^classificacao$' },
          { column: 'posto', header: '^componentes$' },
        ],
        values: [
          {
            header: '^energia',
            unit: 'R$/MWh',
            range: [5, 2_000],
            set: { componente: 'tarifa', grandeza: 'energia' },
          },
        ],
        count: [each, each],
        set: { tabela: `t${at}` },
      })),
    }),
  )
}

/** Rows that the recipe extracts. */
export function byRecipe(page: MadePage): (html: string) => number {
  const { recipe, contracts } = recipeFor(page)
  return (html) => extract(html, recipe, pageOf(recipe, ''), contracts).datasets['utility.tarifas']?.length ?? 0
}

/** The same tables by plain cheerio, as public scrapers do it: found by heading, cells counted, nothing checked. */
export function byHand({ tables }: MadePage): (html: string) => number {
  return (html) => {
    const $ = load(html)
    const found: Record<string, string | number>[] = []
    for (const name of tables) {
      const heading = $('h3').filter((_, element) => $(element).text().trim() === name)
      let subgrupo = ''
      let classe = ''
      heading
        .nextAll('table')
        .first()
        .find('tr')
        .slice(1)
        .each((_, row) => {
          const cells = $(row)
            .find('td')
            .map((__, cell) => $(cell).text().replace(/\s+/g, ' ').trim())
            .get()
          const shift = cells.length === 5 ? 2 : 0
          if (shift > 0) [subgrupo = '', classe = ''] = cells
          const price = Number((cells[shift + 2] ?? '').replace(/[^\d,]/g, '').replace(',', '.')) * 1_000
          found.push({ subgrupo, classe, posto: cells[shift] ?? '', valor: price })
        })
    }
    return found.length
  }
}
