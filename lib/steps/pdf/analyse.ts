import type { PdfPage } from './read/model.ts'
import { Repeats } from './text/furniture.ts'
import { layOut } from './text/layout.ts'
import type { PageText } from './text/model.ts'

/** What is got out of a page. */
export interface PageAnalysis {
  text: PageText
  /** Characters that the file has and nobody sees. */
  hidden: number
  /** So much is drawn on the page that some was left out. */
  truncated: boolean
}

/** Gets out of a document what is wanted, page by page, in the thread. What needs all pages is known in the end. */
export class Analysis {
  readonly #repeats = new Repeats()

  page(page: PdfPage): PageAnalysis {
    const text = layOut(page)
    this.#repeats.add(text)
    return { text, hidden: page.hidden, truncated: page.truncated }
  }

  /** Headers and footers. */
  repeats(): ReturnType<Repeats['found']> {
    return this.#repeats.found()
  }
}
