import type { PDFPageProxy } from 'pdfjs-dist'
import type { PdfDocument } from './document.ts'
import { guessNumbered } from './guess.ts'
import { asMatrix, identity, type Matrix } from './matrix.ts'
import type { Box, PdfPage } from './model.ts'
import { Painter } from './painter.ts'
import { joinRules } from './rules.ts'
import { readStructure } from './structure.ts'

/** Which pages to read, and when to stop. */
export interface PagesOptions {
  /** From 1. */
  first?: number
  last?: number
  signal?: AbortSignal
}

/** A page, or why it could not be read; the pages after it may well be read. */
export type PageResult = { page: PdfPage } | { number: number; problem: string }

/** A picture over more than this share of a page with fewer glyphs than this is a scan. */
export const scanShare = 0.6
export const scanGlyphs = 20

/** Reads a document page by page. A damaged page is a problem of its own, not the end. Throws what the signal was aborted with. */
export async function* readPages(document: PdfDocument, options: PagesOptions = {}): AsyncGenerator<PageResult> {
  const last = Math.min(options.last ?? document.pages, document.pages)
  for (let number = options.first ?? 1; number <= last; number += 1) {
    options.signal?.throwIfAborted()
    let result: PageResult
    try {
      result = { page: await readPage(document, number, options.signal) }
    } catch (error) {
      options.signal?.throwIfAborted()
      result = { number, problem: error instanceof Error ? error.message : String(error) }
    }
    yield result
  }
}

async function readPage(document: PdfDocument, number: number, signal: AbortSignal | undefined): Promise<PdfPage> {
  const page = await document.proxy.getPage(number)
  try {
    const viewport = page.getViewport({ scale: 1 })
    const base = asMatrix(viewport.transform) ?? identity
    const { width, height } = viewport
    const list = await page.getOperatorList()
    const painter = new Painter(width, height, base, {
      ops: document.ops,
      font: (id) => fontOf(page, id),
      layerOn: (group) => document.layerOn(group),
    })
    painter.paint(list.fnArray, list.argsArray, () => signal?.throwIfAborted())
    const structure = document.tagged ? await structureOf(page, base) : undefined
    return finish(painter, { number, width, height, structure })
  } finally {
    page.cleanup()
  }
}

function fontOf(page: PDFPageProxy, id: string): unknown {
  return page.commonObjs.has(id) ? page.commonObjs.get(id) : undefined
}

async function structureOf(page: PDFPageProxy, base: Matrix): Promise<PdfPage['structure']> {
  try {
    return readStructure(await page.getStructTree(), base)
  } catch {
    // a damaged structure is none; the page itself is there
    return undefined
  }
}

function finish(painter: Painter, start: Pick<PdfPage, 'number' | 'width' | 'height' | 'structure'>): PdfPage {
  const { drawing } = painter
  const { glyphs, unseen, clipped, rules, fills, images } = drawing.result()
  const layer = glyphs.length < scanGlyphs && unseen.length >= scanGlyphs && share(images, start) > scanShare
  const shown = guessNumbered(layer ? [...glyphs, ...unseen] : glyphs)
  const marks = new Set(shown.map(({ glyph }) => glyph.mark))
  const cut = guessNumbered(clipped)
    .map(({ glyph }) => glyph)
    .filter(({ mark }) => mark !== undefined && mark !== 'artifact' && marks.has(mark))
  return {
    ...start,
    glyphs: shown.map((placed) => placed.glyph),
    cut,
    rules: joinRules(rules),
    images,
    fills,
    outlines: drawing.outlines,
    source: layer ? 'layer' : 'drawn',
    hidden: (layer ? 0 : unseen.length) + clipped.length - cut.length,
    truncated: painter.truncated,
  }
}

/** The share of a page that its largest picture covers, or strips of pictures together. */
export function share(images: readonly Box[], { width, height }: { width: number; height: number }): number {
  const area = images.reduce((sum, box) => sum + (box.right - box.left) * (box.bottom - box.top), 0)
  return Math.min(1, area / (width * height))
}
