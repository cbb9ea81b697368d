import { readdirSync, readFileSync } from 'node:fs'
import { extractPdf } from '../../../lib/steps/pdf/extract.ts'
import { PdfPool } from '../../../lib/steps/pdf/pool.ts'
import { samplePath } from '../aneel/samples.ts'

/** A paragraph of a sample document. */
export interface SampleParagraph {
  file: string
  text: string
}

/** The paragraphs of the sample PDFs (of each its first pages) whose names begin so, and of the sample pages. */
export async function sampleParagraphs(prefix: string, pages: number): Promise<SampleParagraph[]> {
  const pool = new PdfPool()
  const found: SampleParagraph[] = []
  try {
    for (const file of readdirSync(samplePath('pdf'))
      .filter((name) => name.startsWith(prefix) && name.endsWith('.pdf'))
      .sort()) {
      await extractPdf(
        { path: samplePath(`pdf/${file}`) },
        {
          last: pages,
          pool,
          onPage: ({ text }) => {
            for (const paragraph of text.paragraphs) found.push({ file, text: paragraph.text })
          },
        },
      )
    }
  } finally {
    pool.close()
  }
  for (const file of readdirSync(samplePath('pages')).sort()) {
    for (const text of readFileSync(samplePath(`pages/${file}`), 'utf8').split(/\n\s*\n/)) found.push({ file, text })
  }
  return found
}
