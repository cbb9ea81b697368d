// Extracts a document, if one is given, and prints the most memory that the process had, in MB. Plain JavaScript and the built package:
// stripping types would cost the process more than the thread.
import { extractPdf } from '../../dist/lib/steps/pdf/extract.js'
import { pdfPool } from '../../dist/lib/steps/pdf/pool.js'

const [path] = process.argv.slice(2)
if (path !== undefined) await extractPdf({ path }, { onPage: () => undefined })
pdfPool.close()
console.log(Math.round(process.resourceUsage().maxRSS / 1_024))
