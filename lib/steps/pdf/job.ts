import type { SerialisedError } from '../../errors.ts'
import type { PageAnalysis } from './analyse.ts'

/** What a document may cost. Past a limit what was read until then is kept and said to be partial. */
export interface PdfLimits {
  /** For the whole document. */
  ms: number
  /** For one page. */
  pageMs: number
  /** Heap and buffers of the thread. */
  memoryMb: number
  pages: number
  /** Of what is handed back, as JSON. */
  outputBytes: number
  fileBytes: number
}

/** Limits for a machine with 1 GiB of memory. */
export const usualLimits: Readonly<PdfLimits> = {
  ms: 300_000,
  pageMs: 30_000,
  memoryMb: 448,
  pages: 2_000,
  outputBytes: 64 * 1_048_576,
  fileBytes: 100 * 1_048_576,
}

/** A document: its bytes, or a file that the thread reads itself. */
export type PdfSource = { bytes: Uint8Array } | { path: string }

/** A document to extract, as plain data for the thread. */
export interface PdfJob {
  source: PdfSource
  password?: string
  /** From 1. */
  first: number
  last: number | undefined
  limits: PdfLimits
}

/** Why a page could not be read. */
export interface PageProblem {
  number: number
  problem: string
}

/** Said by the thread, in this order: opened, page or problem for each page, then end; or failed at any time. */
export type FromThread =
  | { type: 'opened'; pages: number; tagged: boolean }
  | { type: 'page'; page: PageAnalysis }
  | { type: 'problem'; problem: PageProblem }
  | { type: 'end'; summary: JobSummary }
  | { type: 'failed'; error: SerialisedError }

/** What is known only in the end. */
export interface JobSummary {
  /** Headers and footers: which paragraphs of which pages. */
  repeats: { page: number; paragraph: number; role: 'header' | 'footer' }[]
  /** Why the thread stopped before the last page. */
  stop: SerialisedError | undefined
}

/** Said to the thread: a job, and that a page has been taken. */
export type ToThread = { type: 'job'; job: PdfJob } | { type: 'taken' }

/** Pages that may be under way between the thread and who takes them. */
export const mostUnderWay = 8
