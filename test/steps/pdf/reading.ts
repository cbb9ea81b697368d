import PDFDocument from 'pdfkit'
import { openDocument } from '../../../lib/steps/pdf/read/document.ts'
import type { PdfPage } from '../../../lib/steps/pdf/read/model.ts'
import { readPages } from '../../../lib/steps/pdf/read/pages.ts'

/** All pages of a file, or the error of a page that cannot be read. The bytes stay as they are. */
export async function pagesOf(bytes: Uint8Array, password?: string): Promise<PdfPage[]> {
  const document = await openDocument(bytes.slice(), password === undefined ? {} : { password })
  try {
    const pages: PdfPage[] = []
    for await (const result of readPages(document)) {
      if (!('page' in result)) throw new Error(`page ${result.number}: ${result.problem}`)
      pages.push(result.page)
    }
    return pages
  } finally {
    await document.close()
  }
}

/** The only page of a file. */
export async function pageOf(bytes: Uint8Array): Promise<PdfPage> {
  const [page] = await pagesOf(bytes)
  if (page === undefined) throw new Error('no page')
  return page
}

/** The glyphs of a page as one string, in the file's order. */
export const textOf = (page: PdfPage): string =>
  page.glyphs.map((glyph, at) => (glyph.spaced && at > 0 ? ' ' : '') + glyph.text).join('')

/** A file drawn with pdfkit, uncompressed pages of A4 unless said otherwise. */
export function drawn(
  draw: (document: PDFKit.PDFDocument) => void,
  options: PDFKit.PDFDocumentOptions = {},
): Promise<Uint8Array> {
  const document = new PDFDocument({ size: 'A4', margin: 50, ...options })
  const chunks: Buffer[] = []
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
  document.on('data', (chunk: Buffer) => chunks.push(chunk))
  document.on('end', () => resolve(new Uint8Array(Buffer.concat(chunks))))
  document.on('error', reject)
  draw(document)
  document.end()
  return promise
}
