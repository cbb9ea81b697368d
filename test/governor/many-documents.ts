// Reads eight documents at once in as many threads; the argument `off` has a governor that sees endless memory. Started by limited.test.ts.

import { document } from '../../bench/micro/documents.ts'
import { Governor } from '../../lib/governor/governor.ts'
import { extractPdf } from '../../lib/steps/pdf/extract.ts'
import { PdfPool } from '../../lib/steps/pdf/pool.ts'

const endless = { memory: () => ({ limit: 2 ** 50, free: 2 ** 50 }), held: () => false, now: () => performance.now() }
const governor = new Governor(process.argv[2] === 'off' ? endless : undefined, { settleMs: 2_500, reserve: 48 << 20 })
const pool = new PdfPool({ threads: 8, keepMs: 1 }, governor)
const bytes = await document(1, 4)
const results = await Promise.all(Array.from({ length: 8 }, () => extractPdf({ bytes }, { pool })))
console.log(JSON.stringify({ read: results.map(({ read }) => read), waits: governor.state().kinds.pdf.waits }))
