import { readFile, stat } from 'node:fs/promises'
import { PipelineError } from '../../errors.ts'
import { Analysis } from './analyse.ts'
import type { FromThread, PdfJob } from './job.ts'
import { openDocument } from './read/document.ts'
import { readPages } from './read/pages.ts'

/** Extracts a document, telling `say` of each page; `say` resolves when there is room for the next. Never rejects. */
export async function runJob(job: PdfJob, say: (message: FromThread) => Promise<void>): Promise<void> {
  try {
    await extract(job, say)
  } catch (error) {
    await say({ type: 'failed', error: PipelineError.from(error, 'PDF_BROKEN').toJSON() })
  }
}

async function extract(job: PdfJob, say: (message: FromThread) => Promise<void>): Promise<void> {
  const { limits, password } = job
  const document = await openDocument(await bytesOf(job), {
    maxBytes: limits.fileBytes,
    ...(password === undefined ? {} : { password }),
  })
  try {
    await say({ type: 'opened', pages: document.pages, tagged: document.tagged })
    const wanted = Math.min(job.last ?? document.pages, document.pages)
    const last = Math.min(wanted, job.first + limits.pages - 1)
    let stop: PipelineError | undefined
    if (document.repaired) {
      stop = new PipelineError('PDF_TRUNCATED', 'The end of the file is missing: these are the pages that are left')
    }
    if (last < wanted) {
      stop = new PipelineError(
        'PDF_TOO_MANY_PAGES',
        `The document has ${document.pages} pages; ${limits.pages} may be read`,
      )
    }
    const analysis = new Analysis()
    let output = 0
    for await (const result of readPages(document, { first: job.first, last })) {
      if (!('page' in result)) {
        await say({ type: 'problem', problem: result })
        continue
      }
      const page = analysis.page(result.page)
      output += JSON.stringify(page).length
      if (output > limits.outputBytes) {
        stop = new PipelineError(
          'PDF_OUTPUT',
          `What was read up to page ${page.text.number} is larger than ${limits.outputBytes} bytes`,
        )
        break
      }
      await say({ type: 'page', page })
    }
    await say({ type: 'end', summary: { repeats: analysis.repeats(), stop: stop?.toJSON() } })
  } finally {
    await document.close().catch(() => undefined)
  }
}

async function bytesOf({ source, limits }: PdfJob): Promise<Uint8Array> {
  if ('bytes' in source) return source.bytes
  const { size } = await stat(source.path).catch(unreadable)
  if (size > limits.fileBytes) {
    throw new PipelineError('PDF_TOO_LARGE', `The file has ${size} bytes; ${limits.fileBytes} are allowed`)
  }
  return new Uint8Array(await readFile(source.path).catch(unreadable))
}

function unreadable(error: unknown): never {
  const words = error instanceof Error ? error.message : String(error)
  throw new PipelineError('PDF_SOURCE', `The file cannot be read: ${words}`, { cause: error })
}
