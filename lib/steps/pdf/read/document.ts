import type { OPS, PDFDocumentProxy } from 'pdfjs-dist'
import { PipelineError } from '../../../errors.ts'
import { engine } from './engine.ts'
import { emptyPictures } from './pictures.ts'
import { withOwnCatalogue } from './repair.ts'
import { whatItIs } from './sniff.ts'

/** A document that is open. Close it. */
export interface PdfDocument {
  pages: number
  /** Whether it says that it has a structure. */
  tagged: boolean
  /** The end of the file is missing; the pages are those that are left. */
  repaired: boolean
  proxy: PDFDocumentProxy
  ops: typeof OPS
  /** Whether a layer is on, as pdf.js names it. */
  layerOn(group: unknown): boolean
  close(): Promise<void>
}

/** What may be opened. */
export interface OpenOptions {
  password?: string
  maxBytes?: number
}

const defaults = { maxBytes: 200 * 1_048_576 }
/** Where fonts would be put. */
const noDocument = { fonts: { add: () => undefined, delete: () => undefined } }
/** Pixels of a picture inside a page's own operators, the only ones that are decoded. */
const maxPixels = 4_000_000

/**
 * Opens a document. `bytes` are used up. Throws {@link PipelineError}: PDF_EMPTY, NOT_PDF, PDF_TOO_LARGE, PDF_ENCRYPTED (a password
 * is needed), PDF_PASSWORD (the one given is wrong), PDF_BROKEN, PDF_NO_PAGES.
 */
export async function openDocument(bytes: Uint8Array, options: OpenOptions = {}): Promise<PdfDocument> {
  const { maxBytes, password } = { ...defaults, ...options }
  if (bytes.length === 0) throw new PipelineError('PDF_EMPTY', 'The file is empty')
  if (bytes.length > maxBytes) {
    throw new PipelineError('PDF_TOO_LARGE', `The file has ${bytes.length} bytes; ${maxBytes} are allowed`)
  }
  const other = whatItIs(bytes)
  if (other !== undefined) throw new PipelineError('NOT_PDF', `The file is not a PDF: it is ${other}`)
  emptyPictures(bytes)
  // pdf.js may take the bytes for itself
  const spare = mayLackItsEnd(bytes) ? bytes.slice() : undefined
  try {
    return await open(bytes, password, false)
  } catch (error) {
    const told = failure(error, password !== undefined)
    const repaired = told.code === 'PDF_BROKEN' && spare !== undefined ? withOwnCatalogue(spare) : undefined
    if (repaired === undefined) throw told
    return await open(repaired, password, true).catch(() => {
      throw told
    })
  }
}

/** Whether the mark of a file's end is not near its end. */
function mayLackItsEnd(bytes: Uint8Array): boolean {
  const end = bytes.subarray(Math.max(0, bytes.length - 1_024))
  return !Buffer.from(end.buffer, end.byteOffset, end.length).includes('%%EOF')
}

async function open(bytes: Uint8Array, password: string | undefined, repaired: boolean): Promise<PdfDocument> {
  const { pdfjs, cMapUrl, standardFontDataUrl, connect } = await engine()
  const worker = connect()
  const task = pdfjs.getDocument({
    data: bytes,
    cMapUrl,
    standardFontDataUrl,
    verbosity: 0,
    worker,
    fontExtraProperties: true,
    // nobody draws here, so no glyph needs an outline: see the engine's stand-ins
    disableFontFace: false,
    useSystemFonts: false,
    ownerDocument: noDocument,
    maxImageSize: maxPixels,
    ...(password === undefined ? {} : { password }),
  })
  const close = async () => {
    await task.destroy()
    worker.destroy()
  }
  try {
    const proxy = await task.promise
    if (proxy.numPages < 1) throw new PipelineError('PDF_NO_PAGES', 'The document has no pages')
    const layers = await proxy.getOptionalContentConfig({ intent: 'display' })
    const info: unknown = await proxy.getMarkInfo()
    return {
      pages: proxy.numPages,
      tagged: info instanceof Map && info.get('Marked') === true,
      repaired,
      proxy,
      ops: pdfjs.OPS,
      layerOn: (group) => layers.isVisible(group),
      close,
    }
  } catch (error) {
    await close().catch(() => undefined)
    throw error
  }
}

function failure(error: unknown, withPassword: boolean): PipelineError {
  if (error instanceof PipelineError) return error
  const name = error instanceof Error ? error.name : ''
  const words = error instanceof Error ? error.message : String(error)
  if (name === 'PasswordException') {
    return withPassword
      ? new PipelineError('PDF_PASSWORD', 'The password does not open the document', { cause: error })
      : new PipelineError('PDF_ENCRYPTED', 'The document is encrypted: it needs a password', { cause: error })
  }
  return new PipelineError('PDF_BROKEN', `The document cannot be opened: ${words}`, { cause: error })
}
