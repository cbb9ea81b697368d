import { PipelineError } from '../../errors.ts'
import { challengeOf, scriptOnly } from '../../net/blocked.ts'
import { decodePage } from './read/charset.ts'
import { extract } from './read/extract.ts'
import { glimpses } from './read/find.ts'
import { readPage } from './read/page.ts'
import type { TableGlimpse } from './read/report.ts'
import type { ReadJob, ReadResult } from './read-job.ts'

/** Errors that a page without content gives. */
const nothingThere = /^(TABLE_NOT_FOUND|SECTION_NOT_FOUND|FIELD_MISSING|PROSE_COUNT|DOCUMENT_COUNT)$/

/** Decodes a page and extracts what its recipe asks for. Never throws: what went wrong is part of the answer. */
export function readPageJob({ bytes, headers, url, recipe, page, contracts }: ReadJob): ReadResult {
  let html = ''
  try {
    const { text, charset } = decodePage(bytes, headers['content-type'] ?? '', recipe.charset)
    html = text
    const blocked = challengeOf(headers, html)
    if (blocked !== undefined) return { outcome: 'blocked', blocked }
    const byName = new Map(contracts.map((contract) => [contract.dataset, contract]))
    return { outcome: 'read', extraction: extract(html, recipe, page, byName, url), charset }
  } catch (thrown) {
    const error = PipelineError.from(thrown, 'EXTRACT_FAILED')
    const blocked = nothingThere.test(error.code) ? scriptOnly(html) : undefined
    return blocked === undefined
      ? { outcome: 'failed', error: error.toJSON(), tables: tablesOf(html) }
      : { outcome: 'blocked', blocked }
  }
}

function tablesOf(html: string): TableGlimpse[] {
  try {
    return glimpses(readPage(html).tables)
  } catch {
    return [] // the error itself says more
  }
}
