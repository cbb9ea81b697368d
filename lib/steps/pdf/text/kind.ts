import type { PdfPage } from '../read/model.ts'
import { scanGlyphs, scanShare, share } from '../read/pages.ts'
import type { PageKind } from './model.ts'

/** Curves on a page that make it likely that they are letters. */
const manyOutlines = 60

/** What a page offers to who reads text. */
export function kindOf(page: PdfPage): PageKind {
  if (page.source === 'layer') return 'layer'
  if (page.glyphs.length >= scanGlyphs) return 'text'
  // letters as curves over a picture are no scan
  if (share(page.images, page) > scanShare && page.outlines < 5 * manyOutlines) return 'scan'
  if (page.outlines >= manyOutlines) return 'no-text'
  if (page.glyphs.length > 0) return 'text'
  return page.images.length > 0 ? 'scan' : 'empty'
}

/** Whether a page with text has so many curves that part of its text may be curves. */
export function outlinedOf(page: PdfPage): boolean {
  return page.glyphs.length >= scanGlyphs && page.outlines > 300 && page.outlines > page.glyphs.length
}
