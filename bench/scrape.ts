// How fast pages are read: pages per second of the extraction alone beside plain cheerio doing the same selections, interleaved in one
// process (processor time); and how long the event loop stands still while a 2 MB page is read as the step reads it.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { pageOf } from '../lib/steps/utility/recipes.ts'
import { makePage } from './scrape/page.ts'
import { byHand, byRecipe, recipeFor } from './scrape/readers.ts'

// as it is shipped: the thread is one file there
const { readInThread }: typeof import('../lib/steps/utility/read-thread.ts') = await import(
  new URL('../dist/lib/steps/utility/read-thread.js', import.meta.url).href
)
const small = process.argv.includes('--small')
const seconds = small ? 1 : 4

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

/**
 * Pages per second of processor time of each way, page by page in turns: what else the machine does then costs both the same, and costs
 * neither time that is not its own.
 */
function race(html: string, ways: ((html: string) => number)[], rows: number): number[] {
  for (const way of ways) if (way(html) !== rows) throw new Error('the readers do not find the same rows')
  const spent = ways.map(() => 0)
  let pages = 0
  const end = performance.now() + seconds * 1_000 * ways.length
  while (performance.now() < end || pages < 5) {
    ways.forEach((way, at) => {
      const start = process.cpuUsage()
      way(html)
      const { user, system } = process.cpuUsage(start)
      spent[at] = (spent[at] ?? 0) + (user + system) / 1e6
    })
    pages += 1
  }
  return spent.map((time) => pages / time)
}

let failed = false
for (const [name, tables, rows, other] of [
  ['a page of 60 KB with 11 tables', 11, 9, 40_000],
  ['a page of 225 KB with 4 tables', 4, 60, 205_000],
  ['a page of 2 MB with 20 tables', 20, 150, 1_700_000],
] as const) {
  const page = makePage(tables, rows, other)
  const [ours = 0, plain = 0] = race(page.html, [byRecipe(page), byHand(page)], page.rows)
  const ratio = ours / plain
  if (ratio < 0.8) failed = true
  console.log(
    `${name} (${Math.round(page.html.length / 1_000)} KB, ${page.rows} rows): recipe ${ours.toFixed(1)} pages/s, plain cheerio ${plain.toFixed(1)}: ratio ${ratio.toFixed(2)} (aim 0.8)`,
  )
}

const page = makePage(20, 150, 1_700_000)
const bytes = Buffer.from(page.html)
const { recipe, contracts } = recipeFor(page)
const job = {
  bytes,
  headers: { 'content-type': 'text/html; charset=utf-8' },
  url: 'https://example.org/',
  recipe,
  page: pageOf(recipe, ''),
  contracts: [...contracts.values()],
}
const delay = monitorEventLoopDelay({ resolution: 1 })
let last = performance.now()
let longest = 0
const beat = setInterval(() => {
  longest = Math.max(longest, performance.now() - last - 1)
  last = performance.now()
}, 1)
await new Promise((resolve) => setTimeout(resolve, 50))
delay.enable()
longest = 0
const times: number[] = []
for (let round = 0; round < (small ? 3 : 10); round++) {
  const start = performance.now()
  const result = await readInThread(job, new AbortController().signal)
  if (result.outcome !== 'read') throw new Error(JSON.stringify(result))
  times.push(performance.now() - start)
}
clearInterval(beat)
const blocked = Math.max(longest, delay.max / 1e6)
console.log(
  `event loop while a page of ${(bytes.length / 1e6).toFixed(1)} MB is read (median ${median(times).toFixed(0)} ms): longest block ${blocked.toFixed(1)} ms (aim 50)`,
)
if (blocked > 50) failed = true
if (failed) console.log('AIM MISSED')
