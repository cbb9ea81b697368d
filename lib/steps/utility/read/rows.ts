import type { RecipeTable } from '../recipe-schema.ts'
import { isLine, isSpanning, ownTexts, type Sheet } from './header.ts'
import { type Places, problem } from './places.ts'
import { quote } from './text.ts'
import type { Patterns } from './value.ts'

/** A row of the page under the header. */
export interface PageRow {
  cells: string[]
  section: string
  labels: string[]
  /** Section and labels joined: what rules are matched with. */
  name: string
}

/**
 * The rows under the header: sections become part of the names of those under them, repeated headers are left out. `lines` are the
 * texts of sections and notes. Throws ROW_UNKNOWN.
 */
export function pageRows(
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

/** A row that counts, with what its rule says. */
export interface KeptRow {
  row: PageRow
  set: Record<string, string>
  /** Texts that mean "no such value" in this row. */
  absent: readonly string[]
}

/** The rows that count. Throws ROW_UNKNOWN, ROW_MISSING, ROW_AMBIGUOUS. */
export function applyRules(recipe: RecipeTable, rows: readonly PageRow[], patterns: Patterns): KeptRow[] {
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

/** A range of counts in words. */
export const range = (least: number, most: number) => (least === most ? `${least}` : `${least} to ${most}`)
