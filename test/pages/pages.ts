import { readFileSync } from 'node:fs'
import type { DataRow } from '../../lib/steps/utility/read/table.ts'
import type { Recipe, RecipePage } from '../../lib/steps/utility/recipe-schema.ts'
import { pageOf, shippedRecipe } from '../../lib/steps/utility/recipes.ts'

/** A page written for the tests, with the rows that a person reads on it. */
export interface TestPage {
  /** Name of the file, without its ending. */
  name: string
  recipe: Recipe
  page: RecipePage
  html: string
  /** Rows by dataset, in the order of the page; made without the extractor. */
  expected: Record<string, DataRow[]>
}

const files: [name: string, recipe: string, page: string][] = [
  ['aneel-ranking-continuidade', 'aneel-ranking-continuidade', 'ranking-2025'],
  ['celesc-tarifas', 'celesc-tarifas', 'celesc'],
  ['cemig-tarifas', 'cemig-tarifas', 'cemig'],
  ['cemig-tributos', 'cemig-tributos', 'cemig'],
  ['copel-tarifas', 'copel-tarifas', 'copel'],
  ['cpfl-tributos', 'cpfl-tributos', 'piratininga'],
  ['cpfl-tributos-paulista', 'cpfl-tributos', 'paulista'],
  ['elektro-tarifas', 'elektro-tarifas', 'elektro'],
  ['rge-tributos', 'rge-tributos', 'rge'],
]

/** All test pages. */
export const pages = (): TestPage[] => files.map(([name]) => testPage(name))

/** The test page of that name. */
export function testPage(name: string): TestPage {
  const [, recipeName = '', page = ''] = files.find(([each]) => each === name) ?? []
  const recipe = shippedRecipe(recipeName)
  return {
    name,
    recipe,
    page: pageOf(recipe, page),
    html: readFileSync(new URL(`${name}.html`, import.meta.url), 'utf8'),
    expected: expectedRows(name),
  }
}

interface Rows {
  common: DataRow
  columns: string[]
  rows: (string | null)[][]
}

function expectedRows(name: string): Record<string, DataRow[]> {
  const datasets: Record<string, Rows> = JSON.parse(readFileSync(new URL(`${name}.json`, import.meta.url), 'utf8'))
  return Object.fromEntries(
    Object.entries(datasets).map(([dataset, { common, columns, rows }]) => [
      dataset,
      rows.map((values) => {
        const row = { ...common }
        values.forEach((value, at) => {
          const column = columns[at]
          if (value !== null && column !== undefined) row[column] = value
        })
        return row
      }),
    ]),
  )
}

/** Rows in one order, whatever the order of rows and columns was. */
export function sorted(datasets: Record<string, DataRow[]>): string[] {
  return Object.entries(datasets)
    .flatMap(([dataset, rows]) => rows.map((row) => JSON.stringify([dataset, ...Object.entries(row).sort()])))
    .sort()
}
