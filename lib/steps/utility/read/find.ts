import { PipelineError } from '../../../errors.ts'
import type { RecipeTable } from '../recipe-schema.ts'
import type { Sheet } from './header.ts'
import type { Page, PageTable } from './page.ts'
import type { TableGlimpse } from './report.ts'
import { type Pattern, quote } from './text.ts'
import { withoutUnits } from './unit.ts'
import type { Patterns } from './value.ts'

/** What the page's tables look like, the first twenty. */
export function glimpses(tables: readonly PageTable[]): TableGlimpse[] {
  return tables.slice(0, 20).map((table) => {
    const { titles, columns, body } = table.sheet()
    return {
      near: table.near.slice(0, 3).map((text) => text.slice(0, 120)),
      titles: titles.map((text) => text.slice(0, 120)),
      columns: columns.slice(0, 20).map((text) => text.slice(0, 80)),
      rows: body.length,
    }
  })
}

/** The one table that the recipe means. Throws TABLE_NOT_FOUND and TABLE_AMBIGUOUS; both show what is there. */
export function findTable(page: Page, recipe: RecipeTable, patterns: Patterns): PageTable {
  const { heading, under, header } = recipe.find
  const fits = page.tables.filter((table) => {
    if (under !== undefined && !table.headings.some((text) => patterns.of(under).test(text))) return false
    if (heading !== undefined && !namesOf(table).some((text) => patterns.of(heading).test(text))) return false
    return header.every((source) => columnsOf(table.sheet(recipe.headerRows), patterns.of(source)).length > 0)
  })
  const [first] = fits
  if (fits.length === 1 && first !== undefined) return first
  const wanted = [
    ...(heading === undefined ? [] : [`named ${quote(heading)}`]),
    ...(under === undefined ? [] : [`under ${quote(under)}`]),
    ...(header.length === 0 ? [] : [`with the columns ${header.map((source) => quote(source)).join(', ')}`]),
  ].join(' ')
  if (first === undefined) {
    const found = glimpses(page.tables)
    throw new PipelineError(
      'TABLE_NOT_FOUND',
      `table ${recipe.name}: the page has no table ${wanted}. It has ${sayGlimpses(found, page.tables.length)}`,
      { details: { wanted: recipe.find, found } },
    )
  }
  const found = glimpses(fits)
  throw new PipelineError(
    'TABLE_AMBIGUOUS',
    `table ${recipe.name}: ${fits.length} tables of the page are ${wanted}: ${sayGlimpses(found, fits.length)}`,
    { details: { wanted: recipe.find, found } },
  )
}

/** The columns whose header a pattern fits, with or without the units that it states. */
export function columnsOf({ columns }: Sheet, pattern: Pattern): number[] {
  return columns.flatMap((text, at) => (pattern.test(text) || pattern.test(withoutUnits(text)) ? [at] : []))
}

/** Every text that may name a table, the nearest ones first; a table without a heading has its name in the corner of its header. */
export function namesOf(table: PageTable): string[] {
  const { titles, columns } = table.sheet()
  const inherited = titles.length === 0 && table.inherited !== '' ? [table.inherited] : []
  return [...titles, ...table.near, ...inherited, ...columns.slice(0, 1)]
}

function sayGlimpses(found: readonly TableGlimpse[], all: number): string {
  if (found.length === 0) return 'no table at all'
  const say = ({ near, titles, columns }: TableGlimpse) =>
    `${quote(near[0] ?? titles[0] ?? 'without a name', 60)} (${columns
      .map((text) => text || '(blank)')
      .join(' | ')
      .slice(0, 120)})`
  return found.slice(0, 5).map(say).join('; ') + (all > 5 ? `; and ${all - 5} more` : '')
}
