import type { PdfPage } from '../read/model.ts'
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
const zone = 0.25

/** Points by which its place may differ from page to page. */
const drift = 20
/** Letters that make a text telling wherever it stands. */
const telling = 16

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
      const role = key.startsWith('top') ? 'header' : 'footer'
      // what stands on every second page of a book, or of one chapter of a long document, is one as well
      const enough = groups(places).filter((there) => new Set(there.map(({ page }) => page)).size >= Math.min(least, 6))
      // words that are a header on some pages are one where a page is turned or begins lower, too
      const all = enough.length > 0 && key.length >= telling ? places : enough.flat()
      for (const { page, paragraph } of all) found.push({ page, paragraph, role })
    }
    return found
  }
}

/** Places at about the same height. */
function groups(places: readonly Place[]): Place[][] {
  const found: Place[][] = []
  for (const place of places.toSorted((a, b) => a.top - b.top)) {
    const last = found.at(-1)
    if (last !== undefined && place.top - (last.at(-1)?.top ?? 0) <= drift) last.push(place)
    else found.push([place])
  }
  return found
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
