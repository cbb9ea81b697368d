import { PipelineError } from '../../../errors.ts'
import type { RecipeLabel, RecipeTable, RecipeValue } from '../recipe-schema.ts'
import { columnsOf, findTable, namesOf } from './find.ts'
import { isLine, isSpanning, ownTexts, type Sheet } from './header.ts'
import { lasting, type TableLayout, termsOf } from './layout.ts'
import type { Page, PageTable } from './page.ts'
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

/** A row of the page under the header. */
interface PageRow {
  cells: string[]
  section: string
  labels: string[]
  /** Section and labels joined: what rules are matched with. */
  name: string
}

/**
 * Reads a table by its recipe. Throws TABLE_NOT_FOUND, TABLE_AMBIGUOUS, COLUMN_MISSING, COLUMN_AMBIGUOUS, ROW_MISSING,
 * ROW_AMBIGUOUS, ROW_UNKNOWN, ROW_COUNT, VALUE_MISSING, and what {@link readValue} and {@link readLabel} throw.
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
      texts: [...near, ...lines, table.after],
      absent,
    }),
  }
}

/** Where the labels and values stand. */
class Places {
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

const labelName = ({ column, header }: RecipeLabel) => `label ${column ?? quote(header ?? 'section')}`

/** What tells a value from the others of its table. */
function nameOf({ column, set }: RecipeValue): string {
  return [column, ...Object.values(set)].join(' ')
}

/** The rows under the header: sections become part of the names of those under them, repeated headers are left out. */
function pageRows(
  recipe: RecipeTable,
  sheet: Sheet,
  places: Places,
  patterns: Patterns,
): { rows: PageRow[]; lines: string[] } {
  const rows: PageRow[] = []
  const lines: string[] = []
  const sectionsMeanNothing = recipe.rows.length === 0 && recipe.labels.every(({ header }) => header !== undefined)
  const isNamed = (text: string) => recipe.sections !== undefined && patterns.of(recipe.sections).test(text)
  const headers = new Set(sheet.headerRows.map((texts) => texts.join('\u0000')))
  const above: string[] = []
  let section = ''
  for (const row of sheet.body) {
    const cells = row.cells.map((cell) => cell.text)
    if (headers.has(cells.join('\u0000'))) continue
    const line = ownTexts(row.cells).join(' ')
    if (isSpanning(row) || (isLine(row) && isNamed(line))) {
      section = line
      lines.push(line)
      above.length = 0
      continue
    }
    const labels = recipe.labels.map((label, at) => {
      const place = places.labels[at]
      if (place === undefined) return section
      const text = cells[place] ?? ''
      if (text !== '') above[at] = text
      return text === '' && label.fillDown ? (above[at] ?? '') : text
    })
    // no rule and no label could say what stands under it
    if (section !== '' && sectionsMeanNothing && !isNamed(section)) {
      throw problem(recipe, 'ROW_UNKNOWN', `rows stand under ${quote(section)}, which the recipe does not know`, {
        section,
      })
    }
    rows.push({
      cells,
      section,
      labels,
      name: [...new Set([section, ...labels])].filter((text) => text !== '').join(' | '),
    })
  }
  return { rows, lines }
}

interface KeptRow {
  row: PageRow
  set: Record<string, string>
  /** Texts that mean "no such value" in this row. */
  absent: readonly string[]
}

function applyRules(recipe: RecipeTable, rows: readonly PageRow[], patterns: Patterns): KeptRow[] {
  if (recipe.rows.length === 0) return rows.map((row) => ({ row, set: {}, absent: [] }))
  const counts = recipe.rows.map(() => 0)
  const kept: KeptRow[] = []
  for (const row of rows) {
    const fits = recipe.rows.flatMap((rule, at) => (patterns.of(rule.match).test(row.name) ? [at] : []))
    const [at] = fits
    if (fits.length > 1) {
      const sources = fits.map((each) => quote(recipe.rows[each]?.match ?? ''))
      throw problem(recipe, 'ROW_AMBIGUOUS', `the row ${quote(row.name)} fits ${sources.join(' and ')}`, {
        row: row.name,
      })
    }
    const rule = at === undefined ? undefined : recipe.rows[at]
    if (at === undefined || rule === undefined) {
      if (recipe.otherRows === 'skip') continue
      throw problem(recipe, 'ROW_UNKNOWN', `the row ${quote(row.name)} fits no rule of the recipe`, {
        row: row.name,
        cells: row.cells,
      })
    }
    counts[at] = (counts[at] ?? 0) + 1
    if (!rule.skip) kept.push({ row, set: rule.set, absent: rule.absent })
  }
  recipe.rows.forEach(({ match, count: [least, most] }, at) => {
    const count = counts[at] ?? 0
    if (count >= least && count <= most) return
    const code = count < least ? 'ROW_MISSING' : 'ROW_AMBIGUOUS'
    throw problem(recipe, code, `${count} rows fit ${quote(match)}, ${range(least, most)} were expected`, {
      wanted: match,
      rows: rows.slice(0, 30).map(({ name }) => name),
    })
  })
  return kept
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
  recipe.labels.forEach((label: RecipeLabel, at) => {
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

const isName = (text: string, { find }: RecipeTable, patterns: Patterns) =>
  find.heading !== undefined && patterns.of(find.heading).test(text)

function layoutOf(
  recipe: RecipeTable,
  sheet: Sheet,
  places: Places,
  rows: readonly PageRow[],
  around: { headings: string[]; texts: string[]; absent: Record<string, string> },
): TableLayout {
  // Labels that are mapped, and all where rows are told by rules, are the page's vocabulary; others are data.
  const fixed = recipe.labels.map(({ map }) => map !== undefined || recipe.rows.length > 0)
  const lastingRows = fixed.includes(true)
  const sections = [...new Set(rows.map(({ section }) => section).filter((section) => section !== ''))]
  return {
    heading: lasting([...new Set(around.headings)].join(' > ')),
    header: sheet.columns.map(lasting),
    places: Object.fromEntries([
      ...recipe.labels.map((label, at) => [labelName(label), places.labels[at] ?? -1]),
      ...recipe.values.map((value, at) => [`value ${nameOf(value)}`, places.values[at] ?? -1]),
    ]),
    rows: lastingRows ? rows.map(({ labels }) => lasting(labels.filter((_, at) => fixed[at]).join(' | '))) : [],
    sections: sections.map(lasting),
    terms: termsOf(around.texts),
    absent: lastingRows
      ? around.absent
      : Object.fromEntries(
          Object.entries(around.absent).map(([name, found]) => [name, `${found.split('; ').length - 1}`]),
        ),
  }
}

const sayHeader = ({ columns }: Sheet) =>
  columns
    .map((text) => text || '(blank)')
    .join(' | ')
    .slice(0, 300)

const range = (least: number, most: number) => (least === most ? `${least}` : `${least} to ${most}`)

function problem(recipe: RecipeTable, code: string, message: string, details: Record<string, unknown>): PipelineError {
  return new PipelineError(code, `table ${recipe.name}: ${message}`, { details })
}
