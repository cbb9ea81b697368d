import type { PageFormulas } from './formulas/model.ts'
import { readFormulas } from './formulas/read-formulas.ts'
import type { OcrText } from './ocr/model.ts'
import { type PageTables, pageTables, parametersOf } from './parameters/extract.ts'
import type { EquipmentData } from './parameters/model.ts'
import type { PdfPage } from './read/model.ts'
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

/** Tables of so many pages are kept for what goes over pages. */
const mostTablePages = 2_000

/** Gets out of a document what is wanted, page by page, in the thread. What needs all pages is known in the end. */
export class Analysis {
  readonly #wanted: Wanted
  readonly #repeats = new Repeats()
  readonly #pages: PageTables[] = []
  #left = 0

  constructor(wanted: Wanted) {
    this.#wanted = wanted
  }

  async page(page: PdfPage): Promise<PageAnalysis> {
    const text = layOut(page)
    this.#repeats.add(text)
    const { tables: wantsTables, formulas: wantsFormulas, parameters } = this.#wanted
    const doubts: string[] = []
    const nothing = (): PageTables => ({ number: page.number, tables: [], namesStc: false, title: undefined })
    const found =
      wantsTables || parameters ? await attempt('tables', () => pageTables(page), nothing, doubts) : nothing()
    if (this.#pages.length < mostTablePages) this.#pages.push(found)
    else this.#left += 1
    const none = (): PageFormulas => ({ formulas: [], unread: [] })
    const formulas = wantsFormulas ? await attempt('formulas', () => readFormulas(page), none, doubts) : none()
    return {
      text,
      tables: wantsTables ? [...found.tables] : [],
      formulas,
      doubts,
      hidden: page.hidden,
      truncated: page.truncated,
    }
  }

  async end(): Promise<DocumentAnalysis> {
    const { parameters, tables } = this.#wanted
    const remarks: string[] = []
    if (this.#left > 0)
      remarks.push(`tables of the last ${this.#left} pages are not joined, nor searched for parameters`)
    const none = (): EquipmentData => ({ kind: undefined, records: [], contradictions: [] })
    const join = () => joinTables(this.#pages.map((page) => page.tables))
    return {
      repeats: this.#repeats.found(),
      tables: tables
        ? (await attempt('tables', join, (): JoinedTable[] => [], remarks)).map(({ parts: _, ...table }) => table)
        : [],
      equipment: parameters ? await attempt('parameters', () => parametersOf(this.#pages), none, remarks) : none(),
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
