import type { PdfPage } from '../read/model.ts'
import { median } from './boxes.ts'
import type { PageText, Paragraph } from './model.ts'

/** What signing and filing systems print on every page. */
const signature =
  /assinad[oa]s? (?:eletrônica|digital)mente|assinatura digital|autenticidade d(?:este|o) documento|código verificador|código CRC|documento assinado|conferid[oa] (?:no|em) (?:site|https?)|signed by|this document (?:was|is) digitally/i

/** Notes beside the text: signature bands, and what is written up the margin. */
export function isFurniture(paragraph: Paragraph, page: Pick<PdfPage, 'width' | 'height'>): boolean {
  if (signature.test(paragraph.text) && paragraph.text.length < 600) return true
  const { box, angle } = paragraph
  if (angle !== 90 && angle !== 270) return false
  const margin = 0.07 * page.width
  return box.right < margin || box.left > page.width - margin
}

/** Share of the pages on which something must stand to be a header or footer, and how many at least. */
const leastShare = 0.4
const leastPages = 2
/** Part of the page at its top and bottom where they are looked for. */
const zone = 0.2

/** Points by which its place may differ from page to page. */
const drift = 12

type Place = { page: number; paragraph: number; top: number }

/** Collects what repeats at the top and bottom of pages, page by page, and says in the end what is a header or footer. */
export class Repeats {
  readonly #seen = new Map<string, Place[]>()
  #pages = 0

  /** Notes the candidates of a page. */
  add(page: PageText): void {
    this.#pages += 1
    for (const [at, paragraph] of page.paragraphs.entries()) {
      const edge = edgeOf(paragraph, page)
      if (edge === undefined || paragraph.text.length > 400) continue
      const key = keyOf(paragraph.text)
      if (!/\p{L}/u.test(key) && key.length > 12) continue
      const places = this.#seen.get(`${edge} ${key}`) ?? []
      this.#seen.set(`${edge} ${key}`, places)
      places.push({ page: page.number, paragraph: at, top: paragraph.box.top })
    }
  }

  /** Where headers and footers are: paragraphs by their page. */
  found(): { page: number; paragraph: number; role: 'header' | 'footer' }[] {
    const found: { page: number; paragraph: number; role: 'header' | 'footer' }[] = []
    const least = Math.max(leastPages, Math.ceil(leastShare * this.#pages))
    for (const [key, places] of this.#seen) {
      const usual = median(places.map(({ top }) => top))
      const there = places.filter(({ top }) => Math.abs(top - usual) <= drift)
      // what stands on every second page of a book, or of one chapter of a long document, is one as well
      if (new Set(there.map(({ page }) => page)).size < Math.min(least, 6)) continue
      const role = key.startsWith('top') ? 'header' : 'footer'
      for (const { page, paragraph } of there) found.push({ page, paragraph, role })
    }
    return found
  }
}

function edgeOf({ box }: Paragraph, page: PageText): 'top' | 'bottom' | undefined {
  if (box.bottom < zone * page.height) return 'top'
  return box.top > (1 - zone) * page.height ? 'bottom' : undefined
}

/** A text without what changes from page to page. */
function keyOf(text: string): string {
  return text
    .toLowerCase()
    .replace(/\d+/g, '#')
    .replace(/(?:^|\s)[ivxlc]+$/, ' #')
    .replace(/\s+/g, ' ')
    .trim()
}

/** Gives headers and footers their role. */
export function markRepeats(pages: readonly PageText[], found: ReturnType<Repeats['found']>): void {
  const byNumber = new Map(pages.map((page) => [page.number, page]))
  for (const { page, paragraph, role } of found) {
    const target = byNumber.get(page)?.paragraphs[paragraph]
    if (target !== undefined && target.role !== 'furniture') target.role = role
  }
}
