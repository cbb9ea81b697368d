import assert from 'node:assert/strict'
import { PipelineError } from '../../../../lib/errors.ts'
import { type Extraction, extract } from '../../../../lib/steps/utility/read/extract.ts'
import { parseRecipe } from '../../../../lib/steps/utility/recipe.ts'
import { pageOf, prepareRecipe } from '../../../../lib/steps/utility/recipes.ts'

/** A recipe of one small table: subgroup, class, energy. What is given replaces what it has. */
export function recipeWith(table: Record<string, unknown> = {}, whole: Record<string, unknown> = {}): unknown {
  return {
    recipe: 'teste',
    title: { 'pt-BR': 'Teste', 'en-US': 'Test' },
    attribution: 'Teste',
    pages: [{ page: 'um', url: 'https://exemplo.com.br/tarifas', set: { distribuidora: 'TESTE' } }],
    tables: [
      {
        name: 'b',
        dataset: 'utility.tarifas',
        find: { heading: '^tarifa convencional' },
        labels: [{ column: 'subgrupo', header: '^subgrupo$' }],
        values: [
          {
            header: '^energia$',
            unit: 'R$/MWh',
            range: [50, 2000],
            set: { componente: 'tarifa', grandeza: 'energia' },
          },
        ],
        count: [1, 20],
        set: { tabela: 'b' },
        ...table,
      },
    ],
    ...whole,
  }
}

/** Extracts with a recipe from the body of a page. */
export function read(body: string, recipe: unknown = recipeWith()): Extraction {
  const parsed = parseRecipe(recipe)
  return extract(`<html><body>${body}</body></html>`, parsed, pageOf(parsed, ''), prepareRecipe(parsed).contracts)
}

/** Values of the rows, in order. */
export const valuesOf = ({ datasets }: Extraction) => datasets['utility.tarifas']?.map(({ valor }) => valor)

/** A table under the heading that the recipe looks for. */
export const table = (rows: string, heading = '<h3>Tarifa convencional</h3>') => `${heading}<table>${rows}</table>`

/** A row of cells. */
export const tr = (...cells: string[]) => `<tr>${cells.map((each) => `<td>${each}</td>`).join('')}</tr>`

/** The PipelineError that the work ends with; its message must hold every one of the words. */
export function refused(work: () => unknown, code: string, ...words: string[]): PipelineError {
  try {
    work()
  } catch (error) {
    assert.ok(error instanceof PipelineError, String(error))
    assert.equal(error.code, code, error.message)
    for (const word of words) assert.ok(error.message.includes(word), `${error.message} has no ${word}`)
    assert.equal(error.retryable, false)
    return error
  }
  throw new assert.AssertionError({ message: `it should have failed with ${code}` })
}
