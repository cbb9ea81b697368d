// Extracts a document, if one is given, and prints the most memory that the process had, in MB. Plain JavaScript and the built package:
// stripping types would cost the process more than the thread. Looked at often, because the system's own figure is the parent's at first.
import { extractPdf } from '../../dist/lib/steps/pdf/extract.js'
import { pdfPool } from '../../dist/lib/steps/pdf/pool.js'

let most = process.memoryUsage.rss()
const look = setInterval(() => {
  most = Math.max(most, process.memoryUsage.rss())
}, 5)
const [path] = process.argv.slice(2)
if (path !== undefined) await extractPdf({ path }, { onPage: () => undefined })
clearInterval(look)
pdfPool.close()
console.log(Math.round(most / 1_048_576))
