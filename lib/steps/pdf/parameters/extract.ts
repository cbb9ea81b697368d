import type { PdfPage } from '../read/model.ts'
import { tablesOf } from '../tables/extract.ts'
import { joinTables } from '../tables/join.ts'
import type { PdfTable } from '../tables/model.ts'
import { segmentsOf } from '../tables/segments.ts'
import { lineText, wordsOf } from '../tables/words.ts'
import type { ClassSet } from './classes.ts'
import { entryOf } from './labels.ts'
import type { EquipmentData, EquipmentKind } from './model.ts'
import { type Context, classesOf, observe } from './observe.ts'
import { recordsOf } from './records.ts'
import type { Decimal } from './values.ts'

/** What the parameters need of a page; its glyphs need not be kept. */
export interface PageTables {
  number: number
  tables: readonly PdfTable[]
  /** The page speaks of standard test conditions. */
  namesStc: boolean
  /** Its largest line that may be the name of a series. */
  title: { text: string; size: number } | undefined
}

/** The tables of a page, and what else of it the parameters need. */
export function pageTables(page: PdfPage): PageTables {
  return { number: page.number, tables: tablesOf(page), namesStc: namesStc(page), title: titleOf(page) }
}

/**
 * Reads the parameters of PV modules and inverters out of a document's tables. Only what stands under a label that is known becomes
 * one; a document without such labels gives no records.
 */
export function parametersOf(pages: readonly PageTables[]): EquipmentData {
  const tables = joinTables(pages.map((page) => page.tables))
  const texts = tables.flatMap((table) => table.rows.flatMap((row) => row.cells.map((cell) => cell.text)))
  const kind = kindOf(tables.flatMap((table) => table.rows.map((row) => row.cells.map((cell) => cell.text))))
  if (kind === undefined) return { kind: undefined, records: [], contradictions: [] }
  const classes: ClassSet[] = tables.flatMap(classesOf)
  const context: Context = { kind, decimal: decimalOf(texts), classes }
  const observations = tables.flatMap((table) => observe(table, context))
  const withTables = pages.filter((page) => tables.some((table) => table.pages[0] === page.number))
  const titles = withTables.flatMap((page) => page.title ?? []).toSorted((a, b) => b.size - a.size)
  return recordsOf(observations, kind, { namesStc: pages.some((page) => page.namesStc), series: titles[0]?.text })
}

/** Whether more labels are of modules or of inverters. */
function kindOf(rows: readonly (readonly string[])[]): EquipmentKind | undefined {
  const names = { module: new Set<string>(), inverter: new Set<string>() }
  for (const row of rows) {
    for (const text of row) {
      if (text.length > 90 || !/\p{L}/u.test(text)) continue
      for (const kind of ['module', 'inverter'] as const) {
        const entry = entryOf(text, kind)?.entry
        if (entry?.kind === kind) names[kind].add(entry.name)
      }
    }
  }
  const { module, inverter } = names
  if (module.size < 2 && inverter.size < 3) return undefined
  const typical = ['Voc', 'Vmp', 'Imp', 'tempCoeffPmax', 'tempCoeffVoc', 'NOCT', 'NMOT'].filter((name) =>
    module.has(name),
  ).length
  return module.size + typical >= inverter.size ? 'module' : 'inverter'
}

/** Commas or points before the decimals: which one has one or two digits after it more often. */
function decimalOf(texts: readonly string[]): Decimal {
  let comma = 0
  let point = 0
  for (const text of texts) {
    comma += text.match(/\d,\d{1,2}(?!\d)/g)?.length ?? 0
    point += text.match(/\d\.\d{1,2}(?!\d)/g)?.length ?? 0
  }
  return comma > point ? 'comma' : 'point'
}

const stc = /STC|standardtest|padrãodeteste|testepadrão/iu

function namesStc(page: PdfPage): boolean {
  return stc.test(page.glyphs.map((glyph) => glyph.text).join(''))
}

/** The largest line of a page that names something with a digit in it. */
function titleOf(page: PdfPage): PageTables['title'] {
  let best: PageTables['title']
  for (const segment of segmentsOf(wordsOf(page), [])) {
    const text = lineText(segment.words)
      .replace(/\s*(?:series|série|serie)\s*$/iu, '')
      .trim()
    if (/\b\d+(?:-\d+)?\s?W|max|power|www|@|:/iu.test(text)) continue
    if (segment.size < 11 || text.length > 60 || text.length < 4 || !/\d/.test(text) || !/\p{L}{2}/u.test(text))
      continue
    if (segment.size > (best?.size ?? 0)) best = { text, size: segment.size }
  }
  return best
}
