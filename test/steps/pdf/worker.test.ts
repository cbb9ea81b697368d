import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { PipelineError } from '../../../lib/errors.ts'
import { extractPdf } from '../../../lib/steps/pdf/extract.ts'
import { PdfPool } from '../../../lib/steps/pdf/pool.ts'
import { onePage } from './raw.ts'
import { drawn } from './reading.ts'

const long = (pages: number): Promise<Uint8Array> =>
  drawn((document) => {
    document.fontSize(9)
    for (let page = 1; page <= pages; page += 1) {
      if (page > 1) document.addPage()
      for (let line = 1; line <= 50; line += 1)
        document.text(`Linha ${line} da página ${page}, com palavras bastantes para um texto.`)
    }
  })

/** A page that takes for ever. */
const endless = (): Uint8Array => onePage({ content: 'q '.repeat(4_000_000) })

const code = (expected: string) => (error: unknown) => error instanceof PipelineError && error.code === expected

describe('the thread that extracts', () => {
  const pool = new PdfPool()
  const folder = mkdtempSync(join(tmpdir(), 'ysh-pdf-'))
  after(() => {
    pool.close()
    rmSync(folder, { recursive: true })
  })

  test('pages come in order, each before the next are asked for, and the bytes stay', async () => {
    const bytes = await long(30)
    const copy = bytes.slice()
    const numbers: number[] = []
    let inside = 0
    const extraction = await extractPdf(
      { bytes },
      {
        pool,
        onPage: async ({ text }) => {
          inside += 1
          assert.equal(inside, 1)
          numbers.push(text.number)
          await new Promise((resolve) => setTimeout(resolve, 2))
          inside -= 1
        },
      },
    )
    assert.deepEqual(
      numbers,
      Array.from({ length: 30 }, (_, at) => at + 1),
    )
    assert.equal(extraction.complete, true)
    assert.equal(extraction.read, 30)
    assert.deepEqual(extraction.result, [])
    assert.deepEqual(Buffer.from(bytes), Buffer.from(copy))
  })

  test('a file by its path, and some of its pages', async () => {
    const path = join(folder, 'a.pdf')
    writeFileSync(path, await long(6))
    const extraction = await extractPdf({ path }, { pool, first: 2, last: 3 })
    assert.deepEqual(
      extraction.result.map(({ text }) => text.number),
      [2, 3],
    )
    assert.match(extraction.result[0]?.text.paragraphs[0]?.text ?? '', /^Linha 1 da página 2/)
    assert.equal(extraction.complete, true)
    await assert.rejects(extractPdf({ path }, { pool, limits: { fileBytes: 500 } }), code('PDF_TOO_LARGE'))
    await assert.rejects(extractPdf({ path: join(folder, 'none.pdf') }, { pool }), code('PDF_SOURCE'))
  })

  test('too many pages and too much output: what was read is kept', async () => {
    const bytes = await long(10)
    const few = await extractPdf({ bytes }, { pool, limits: { pages: 4 } })
    assert.deepEqual([few.read, few.complete, few.stop?.code], [4, false, 'PDF_TOO_MANY_PAGES'])
    const small = await extractPdf({ bytes }, { pool, limits: { outputBytes: 15_000 } })
    assert.equal(small.stop?.code, 'PDF_OUTPUT')
    assert.ok(small.read > 0 && small.read < 10, String(small.read))
    assert.equal(small.result.length, small.read)
  })

  test('a page past its time: the pages before it are kept, the next document is read', async () => {
    await assert.rejects(extractPdf({ bytes: endless() }, { pool, limits: { pageMs: 500 } }), code('PDF_TIMEOUT'))
    const bytes = await long(60)
    let pages = 0
    const extraction = await extractPdf(
      { bytes },
      {
        pool,
        limits: { ms: 1_200 },
        onPage: () => {
          pages += 1
          return new Promise((resolve) => setTimeout(resolve, 60))
        },
      },
    )
    assert.equal(extraction.stop?.code, 'PDF_TIMEOUT')
    assert.equal(extraction.complete, false)
    assert.equal(extraction.read, pages)
    assert.ok(pages > 0 && pages < 60, String(pages))
    assert.equal((await extractPdf({ bytes }, { pool })).read, 60)
  })

  test('who takes pages slowly makes no page late', async () => {
    const bytes = await long(12)
    const slow = () => new Promise<void>((resolve) => setTimeout(resolve, 700))
    const extraction = await extractPdf({ bytes }, { pool, last: 10, limits: { pageMs: 600 }, onPage: slow })
    assert.deepEqual([extraction.read, extraction.complete], [10, true])
  })

  test('memory', async () => {
    const content = `BT /F1 9 Tf ${'(abcdefghijklmnop) Tj '.repeat(400_000)} ET`
    await assert.rejects(
      extractPdf({ bytes: onePage({ content }) }, { pool: new PdfPool({ keepMs: 1 }), limits: { memoryMb: 64 } }),
      code('PDF_MEMORY'),
    )
  })

  test('an abort ends it at once', async () => {
    const controller = new AbortController()
    const started = performance.now()
    setTimeout(() => controller.abort(new Error('enough')), 300)
    await assert.rejects(extractPdf({ bytes: endless() }, { pool, signal: controller.signal }), code('STOPPED'))
    assert.ok(performance.now() - started < 2_000)
    await assert.rejects(extractPdf({ bytes: endless() }, { pool, signal: AbortSignal.abort() }), code('STOPPED'))
  })

  test('who takes the pages may fail', async () => {
    await assert.rejects(
      extractPdf({ bytes: await long(3) }, { pool, onPage: () => Promise.reject(new TypeError('full')) }),
      TypeError,
    )
  })

  test('one after the other in one thread, side by side in two; too many are turned away', async () => {
    const bytes = await long(2)
    const small = new PdfPool({ threads: 1, mostWaiting: 2, keepMs: 1 })
    const results = await Promise.allSettled([1, 2, 3, 4].map(() => extractPdf({ bytes }, { pool: small })))
    assert.deepEqual(
      results.map((result) => (result.status === 'fulfilled' ? 'read' : result.reason.code)),
      ['read', 'read', 'read', 'PDF_BUSY'],
    )
    const two = new PdfPool({ threads: 2, keepMs: 1 })
    const both = await Promise.all([1, 2, 3].map(() => extractPdf({ bytes }, { pool: two })))
    assert.ok(both.every(({ read }) => read === 2))
  })

  test('the event loop stays free', async () => {
    const bytes = await long(80)
    await extractPdf({ bytes: await long(1) }, { pool })
    const idle = await p99(() => new Promise((resolve) => setTimeout(resolve, 1_000)))
    const busy = await p99(() => extractPdf({ bytes }, { pool }))
    // a machine that is busy with other things has gaps of its own
    assert.ok(busy < Math.max(20, 3 * idle), `p99 ${busy} ms, idle ${idle} ms`)
  })
})

/** How late a timer is at most in 99 of 100 cases while something is done. */
async function p99(work: () => Promise<unknown>): Promise<number> {
  const gaps: number[] = []
  let last = performance.now()
  const tick = setInterval(() => {
    const now = performance.now()
    gaps.push(now - last - 5)
    last = now
  }, 5)
  await work()
  clearInterval(tick)
  gaps.sort((a, b) => a - b)
  return gaps[Math.floor(gaps.length * 0.99)] ?? 0
}
