import type { RecipeTable } from '../recipe-schema.ts'
import { findTable, namesOf } from './find.ts'
import type { Sheet } from './header.ts'
import { lasting, type TableLayout, termsOf } from './layout.ts'
import type { Page, PageTable } from './page.ts'
import { labelName, nameOf, Places, problem } from './places.ts'
import { applyRules, type KeptRow, type PageRow, pageRows, range } from './rows.ts'
import { quote } from './text.ts'
import { type Patterns, readLabel, readValue } from './value.ts'

/** A row of a dataset, by column. */
export type DataRow = Record<string, string>

/** What a table gave. */
export interface TableReading {
  rows: DataRow[]
  /** Rows of the page that counted. */
  counted: number
  /** The texts around it, in which its fields are looked for. */
  around: string
  layout: TableLayout
}

/**
 * Reads a table by its recipe; `taken` has the tables that were read before, by the name they have in the recipe. Throws TABLE_NOT_FOUND,
 * TABLE_AMBIGUOUS, TABLE_REFUSED, COLUMN_MISSING, COLUMN_AMBIGUOUS, ROW_MISSING, ROW_AMBIGUOUS, ROW_UNKNOWN, ROW_COUNT, LABEL_MISSING,
 * VALUE_MISSING, and what {@link readValue} and {@link readLabel} throw.
 */
export function readTable(
  page: Page,
  recipe: RecipeTable,
  patterns: Patterns,
  taken: Map<PageTable, string>,
): TableReading {
  const table = findTable(page, recipe, patterns)
  const other = taken.get(table)
  if (other !== undefined) {
    throw problem(
      recipe,
      'TABLE_AMBIGUOUS',
      `the table ${quote(namesOf(table)[0] ?? '')} is read as ${other} already`,
      {
        names: namesOf(table),
      },
    )
  }
  taken.set(table, recipe.name)
  const sheet = table.sheet(recipe.headerRows)
  const places = new Places(recipe, sheet, patterns)
  const { rows: found, lines } = pageRows(recipe, sheet, places, patterns)
  const kept = applyRules(recipe, found, patterns)
  const [least, most] = recipe.count
  if (kept.length < least || kept.length > most) {
    throw problem(recipe, 'ROW_COUNT', `${kept.length} rows were found, ${range(least, most)} were expected`, {
      rows: kept.slice(0, 20).map(({ row }) => row.name),
    })
  }
  const names = [...sheet.titles, ...table.near]
  const near = [...names, ...table.headings.toReversed()]
  const texts = [...near, ...lines, table.after()]
  refuseWords(recipe, texts, patterns)
  const labels = places.labels.map((at) => (at === undefined ? '' : (sheet.columns[at] ?? ''))).join(' ')
  const absent: Record<string, string> = {}
  const rows = kept.flatMap((each) => rowsOf(recipe, each, { sheet, places, patterns, near, names, labels, absent }))
  return {
    rows,
    counted: kept.length,
    around: names.join(' \n '),
    layout: layoutOf(recipe, sheet, places, found, {
      headings: [
        ...sheet.titles,
        ...namesOf(table).filter((text) => isName(text, recipe, patterns)),
        ...table.headings,
      ],
      texts,
      absent,
    }),
  }
}

interface Around {
  sheet: Sheet
  places: Places
  patterns: Patterns
  near: readonly string[]
  names: readonly string[]
  labels: string
  /** Cells without a value are noted here. */
  absent: Record<string, string>
}

function rowsOf(recipe: RecipeTable, { row, set, absent }: KeptRow, around: Around): DataRow[] {
  const { sheet, places, patterns, near, names } = around
  const where = `table ${recipe.name}, row ${quote(row.name)}`
  const labels: DataRow = {}
  recipe.labels.forEach((label, at) => {
    const { column, kind, map, optional } = label
    const text = row.labels[at] ?? ''
    if (text === '' && !optional) {
      throw problem(recipe, 'LABEL_MISSING', `row ${quote(row.cells.join(' | '), 120)}: ${labelName(label)} is blank`, {
        cells: row.cells,
      })
    }
    if (text === '') return
    const read = readLabel(text, kind, map, patterns, `${where}, ${labelName(label)}`)
    if (column !== undefined) labels[column] = read
  })
  const rows: DataRow[] = []
  recipe.values.forEach((value, index) => {
    const at = places.values[index] ?? -1
    const text = row.cells[at] ?? ''
    const header = sheet.columns[at] ?? ''
    if (value.absent.includes(text) || absent.includes(text)) {
      around.absent[nameOf(value)] = `${around.absent[nameOf(value)] ?? ''}${row.name}; `
      return
    }
    if (text === '') {
      throw problem(recipe, 'VALUE_MISSING', `row ${quote(row.name)}: the cell under ${quote(header)} is blank`, {
        cells: row.cells,
      })
    }
    const { unit, pageUnit, range: limits } = value
    const number = readValue(
      text,
      { unit, pageUnit, range: limits, decimal: recipe.decimal },
      {
        where: `${where}, column ${quote(header)}`,
        header,
        row: row.name,
        labels: around.labels,
        near,
        names,
      },
    )
    rows.push({
      ...recipe.set,
      ...labels,
      ...value.set,
      ...set,
      ...(unit === undefined ? {} : { unidade: unit }),
      [value.column]: number,
    })
  })
  return recipe.oneRow && rows.length > 0 ? [Object.assign({}, ...rows)] : rows
}

function refuseWords(recipe: RecipeTable, texts: readonly string[], patterns: Patterns): void {
  if (recipe.refuse === undefined) return
  const pattern = patterns.of(recipe.refuse)
  const said = texts.find((text) => pattern.test(text))
  if (said === undefined) return
  const [words] = pattern.all(said, 1)
  throw problem(recipe, 'TABLE_REFUSED', `${quote(words?.text ?? '')} is said around it: ${quote(said, 200)}`, { said })
}

const isName = (text: string, { find }: RecipeTable, patterns: Patterns) =>
  find.heading !== undefined && patterns.of(find.heading).test(text)

function layoutOf(
  recipe: RecipeTable,
  sheet: Sheet,
  places: Places,
  rows: readonly PageRow[],
  around: { headings: string[]; texts: string[]; absent: Record<string, string> },
): TableLayout {
  // Where rules name the rows, their names and order are the page's vocabulary; else only labels that are mapped, without their order.
  const named = recipe.rows.length > 0
  const mapped = recipe.labels.flatMap(({ map }, at) => (map === undefined ? [] : [at]))
  const words = rows.flatMap(({ labels }) => mapped.map((at) => lasting(labels[at] ?? '')))
  const sections = [...new Set(rows.map(({ section }) => section).filter((section) => section !== ''))]
  return {
    heading: lasting([...new Set(around.headings)].join(' > ')),
    header: sheet.columns.map(lasting),
    places: Object.fromEntries([
      ...recipe.labels.map((label, at) => [labelName(label), places.labels[at] ?? -1]),
      ...recipe.values.map((value, at) => [`value ${nameOf(value)}`, places.values[at] ?? -1]),
    ]),
    rows: named ? rows.map(({ labels }) => lasting(labels.join(' | '))) : [...new Set(words)].sort(),
    sections: sections.map(lasting),
    terms: termsOf(around.texts),
    absent: named
      ? around.absent
      : Object.fromEntries(
          Object.entries(around.absent).map(([name, found]) => [name, `${found.split('; ').length - 1}`]),
        ),
  }
}
