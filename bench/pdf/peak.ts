// Extracts a document, if one is given, and prints the most memory that the process had, in MB.
import { extractPdf } from '../../lib/steps/pdf/extract.ts'
import { pdfPool } from '../../lib/steps/pdf/pool.ts'

const [path] = process.argv.slice(2)
if (path !== undefined) await extractPdf({ path }, { onPage: () => undefined })
pdfPool.close()
console.log(Math.round(process.resourceUsage().maxRSS / 1_024))
