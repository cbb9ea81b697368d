import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { PipelineError } from '../../../lib/errors.ts'
import { extractPdf, type PdfExtraction } from '../../../lib/steps/pdf/extract.ts'
import type { PdfLimits } from '../../../lib/steps/pdf/job.ts'
import { PdfPool } from '../../../lib/steps/pdf/pool.ts'
import { good, hostileFiles } from './hostile.ts'

const limits: PdfLimits = {
  ms: 12_000,
  pageMs: 4_000,
  memoryMb: 300,
  pages: 200,
  outputBytes: 4_000_000,
  fileBytes: 100_000_000,
}
const codes = new Set([
  'PDF_EMPTY',
  'NOT_PDF',
  'PDF_ENCRYPTED',
  'PDF_PASSWORD',
  'PDF_BROKEN',
  'PDF_NO_PAGES',
  'PDF_TOO_LARGE',
  'PDF_TOO_MANY_PAGES',
  'PDF_TRUNCATED',
  'PDF_TIMEOUT',
  'PDF_MEMORY',
  'PDF_OUTPUT',
])

const files = await hostileFiles()
const pool = new PdfPool()

function textOf(extraction: PdfExtraction): string {
  return extraction.result.flatMap((page) => page.text.paragraphs.map((paragraph) => paragraph.text)).join('\n')
}

describe('bad files', () => {
  after(() => pool.close())

  test('there are at least a hundred', () => assert.ok(files.length >= 100, String(files.length)))

  for (const { name, bytes, password, code, text } of files) {
    test(name, async (t) => {
      const before = process.memoryUsage.rss()
      let most = 0
      const look = setInterval(() => {
        most = Math.max(most, process.memoryUsage.rss() - before)
      }, 20)
      const started = performance.now()
      let extraction: PdfExtraction | undefined
      let failure: unknown
      try {
        extraction = await extractPdf({ bytes }, { limits, pool, ...(password === undefined ? {} : { password }) })
      } catch (error) {
        failure = error
      } finally {
        clearInterval(look)
      }
      const took = performance.now() - started
      const stop = extraction?.stop?.code
      const outcome =
        failure instanceof PipelineError ? failure.code : (stop ?? (extraction?.complete ? 'whole' : 'in part'))
      t.diagnostic(`${outcome}, ${Math.round(took)} ms, ${Math.round(most / 1_048_576)} MB more`)
      assert.ok(took < limits.ms + 1_000, `${took} ms`)
      assert.ok(most < 700 * 1_048_576, `${most} bytes more`)
      if (extraction === undefined) {
        assert.ok(failure instanceof PipelineError, String(failure))
        assert.ok(codes.has(failure.code), `${failure.code}: ${failure.message}`)
        assert.ok(failure.message.length > 10 && failure.message.length < 500, failure.message)
      } else if (stop !== undefined) {
        assert.ok(codes.has(stop), stop)
        assert.equal(extraction.complete, false)
      }
      if (code !== undefined) assert.equal(outcome, code)
      if (text !== undefined) {
        assert.ok(extraction, String(failure))
        assert.ok(textOf(extraction).includes(text), textOf(extraction).slice(0, 200))
      }
    })
  }

  test('and a good one is still read', async () => {
    const extraction = await extractPdf({ bytes: await good() }, { pool })
    assert.equal(extraction.complete, true)
    assert.match(textOf(extraction), /Line 25 of page 4 says something in words\./)
  })
})
