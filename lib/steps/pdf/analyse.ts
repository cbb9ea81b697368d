import type { PageFormulas } from './formulas/model.ts'
import { readFormulas } from './formulas/read-formulas.ts'
import type { OcrText } from './ocr/model.ts'
import { type PageTables, parametersOf } from './parameters/extract.ts'
import type { EquipmentData } from './parameters/model.ts'
import type { PdfPage } from './read/model.ts'
import { tablesOf } from './tables/extract.ts'
import { joinTables } from './tables/join.ts'
import type { JoinedTable, PdfTable } from './tables/model.ts'
import { Repeats } from './text/furniture.ts'
import { layOut } from './text/layout.ts'
import type { PageText } from './text/model.ts'

/** What is wanted of a document beside its text. */
export interface Wanted {
  tables: boolean
  formulas: boolean
  /** Of PV modules and inverters; they are read out of the tables, also when these are not wanted themselves. */
  parameters: boolean
}

/** What is got out of a page. */
export interface PageAnalysis {
  text: PageText | OcrText
  /** The tables as they stand on this page. */
  tables: PdfTable[]
  formulas: PageFormulas
  /** What could not be done on this page, in words; the rest stands. */
  doubts: string[]
  /** Characters that the file has and nobody sees. */
  hidden: number
  /** So much is drawn on the page that some was left out. */
  truncated: boolean
}

/** What is known when all pages were read. */
export interface DocumentAnalysis {
  /** Headers and footers: which paragraphs of which pages. */
  repeats: ReturnType<Repeats['found']>
  /** Tables that go on over pages are one; without the parts, which are on the pages. */
  tables: Omit<JoinedTable, 'parts'>[]
  equipment: EquipmentData
  /** What was left out to stay within limits. */
  remarks: string[]
}

/** Datasheets have a few pages; the glyphs of so many stay in memory for what they say around their tables. */
const mostDatasheetPages = 60
/** Tables of so many pages are joined. */
const mostTablePages = 2_000

/** Gets out of a document what is wanted, page by page, in the thread. What needs all pages is known in the end. */
export class Analysis {
  readonly #wanted: Wanted
  readonly #repeats = new Repeats()
  readonly #tables: PdfTable[][] = []
  readonly #pages: PageTables[] = []
  #number = 0

  constructor(wanted: Wanted) {
    this.#wanted = wanted
  }

  async page(page: PdfPage): Promise<PageAnalysis> {
    const text = layOut(page)
    this.#repeats.add(text)
    this.#number += 1
    const { tables: wantsTables, formulas: wantsFormulas, parameters } = this.#wanted
    const doubts: string[] = []
    const tables =
      wantsTables || parameters
        ? await attempt(
            'tables',
            () => tablesOf(page),
            (): PdfTable[] => [],
            doubts,
          )
        : []
    if (wantsTables && this.#number <= mostTablePages) this.#tables.push(tables)
    if (parameters && this.#number <= mostDatasheetPages) this.#pages.push({ page, tables })
    else this.#pages.length = 0
    const none = (): PageFormulas => ({ formulas: [], unread: [] })
    const formulas = wantsFormulas ? await attempt('formulas', () => readFormulas(page), none, doubts) : none()
    return {
      text,
      tables: wantsTables ? tables : [],
      formulas,
      doubts,
      hidden: page.hidden,
      truncated: page.truncated,
    }
  }

  async end(): Promise<DocumentAnalysis> {
    const { parameters, tables } = this.#wanted
    const remarks: string[] = []
    const none = (): EquipmentData => ({ kind: undefined, records: [], contradictions: [] })
    const skipped = parameters && this.#number > mostDatasheetPages
    if (skipped) remarks.push(`technical parameters are looked for in documents of at most ${mostDatasheetPages} pages`)
    return {
      repeats: this.#repeats.found(),
      tables: tables
        ? (
            await attempt(
              'tables',
              () => joinTables(this.#tables),
              (): JoinedTable[] => [],
              remarks,
            )
          ).map(({ parts: _, ...table }) => table)
        : [],
      equipment:
        parameters && !skipped ? await attempt('parameters', () => parametersOf(this.#pages), none, remarks) : none(),
      remarks,
    }
  }
}

/** A page that one reader stumbles over still has its text, and what the others read. */
async function attempt<T>(what: string, work: () => T | Promise<T>, otherwise: () => T, doubts: string[]): Promise<T> {
  try {
    return await work()
  } catch (error) {
    doubts.push(`${what}: ${error instanceof Error ? error.message : String(error)}`)
    return otherwise()
  }
}
