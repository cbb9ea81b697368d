import { PipelineError } from '../../../errors.ts'
import type { RecipeLabel, RecipeTable, RecipeValue } from '../recipe-schema.ts'
import { columnsOf } from './find.ts'
import type { Sheet } from './header.ts'
import { quote } from './text.ts'
import type { Patterns } from './value.ts'

/** In which columns labels and values stand. Throws COLUMN_MISSING, COLUMN_AMBIGUOUS. */
export class Places {
  readonly labels: (number | undefined)[]
  readonly values: number[]

  constructor(recipe: RecipeTable, sheet: Sheet, patterns: Patterns) {
    const taken = new Map<number, string>()
    const find = (source: string, what: string): number => {
      const fits = columnsOf(sheet, patterns.of(source))
      const [at] = fits
      if (at === undefined) {
        throw problem(
          recipe,
          'COLUMN_MISSING',
          `no column ${quote(source)} (${what}); the header is ${sayHeader(sheet)}`,
          {
            wanted: source,
            header: sheet.columns,
          },
        )
      }
      const other = taken.get(at)
      if (fits.length > 1 || other !== undefined) {
        const why =
          other === undefined
            ? `fits ${fits.map((each) => quote(sheet.columns[each] ?? '')).join(' and ')}`
            : `fits the column ${quote(sheet.columns[at] ?? '')}, which is ${other} already`
        throw problem(recipe, 'COLUMN_AMBIGUOUS', `${quote(source)} (${what}) ${why}`, {
          wanted: source,
          header: sheet.columns,
        })
      }
      taken.set(at, what)
      return at
    }
    this.labels = recipe.labels.map((label) =>
      label.header === undefined ? undefined : find(label.header, labelName(label)),
    )
    this.values = recipe.values.map((value) => find(value.header, `value ${nameOf(value)}`))
  }
}

/** A label in messages and layouts. */
export const labelName = ({ column, header }: RecipeLabel) => `label ${column ?? quote(header ?? 'section')}`

/** What tells a value from the others of its table. */
export function nameOf({ column, set }: RecipeValue): string {
  return [column, ...Object.values(set)].join(' ')
}

const sayHeader = ({ columns }: Sheet) =>
  columns
    .map((text) => text || '(blank)')
    .join(' | ')
    .slice(0, 300)

/** An error about a table of the recipe. */
export function problem(
  recipe: RecipeTable,
  code: string,
  message: string,
  details: Record<string, unknown>,
): PipelineError {
  return new PipelineError(code, `table ${recipe.name}: ${message}`, { details })
}
