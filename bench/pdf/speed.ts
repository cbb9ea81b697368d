import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Analysis } from '../../lib/steps/pdf/analyse.ts'
import { extractPdf } from '../../lib/steps/pdf/extract.ts'
import { PdfPool } from '../../lib/steps/pdf/pool.ts'
import { openDocument } from '../../lib/steps/pdf/read/document.ts'
import { engine } from '../../lib/steps/pdf/read/engine.ts'
import { readPages } from '../../lib/steps/pdf/read/pages.ts'
import { type BenchFile, benchFiles } from './files.ts'

const aim = 0.8
const aimGapMs = 20

type Way = (file: BenchFile) => Promise<number>

/** All that we read, with the text laid out. */
const ours: Way = async ({ bytes }) => {
  const document = await openDocument(bytes.slice())
  const analysis = new Analysis()
  let pages = 0
  for await (const result of readPages(document)) {
    if ('page' in result) analysis.page(result.page)
    pages += 1
  }
  await document.close()
  return pages
}

/** pdf.js as it comes: its items of text, unordered. */
const plain: Way = async ({ bytes }) => {
  const { pdfjs, cMapUrl, standardFontDataUrl } = await engine()
  const task = pdfjs.getDocument({ data: bytes.slice(), cMapUrl, standardFontDataUrl, verbosity: 0 })
  const document = await task.promise
  for (let number = 1; number <= document.numPages; number += 1) {
    const page = await document.getPage(number)
    await page.getTextContent()
    page.cleanup()
  }
  const pages = document.numPages
  await task.destroy()
  return pages
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

/** Measures and prints. Gives whether an aim was missed. */
export async function speed({ small, word }: { small: boolean; word: string }): Promise<boolean> {
  const files = await benchFiles(word)
  const missedSpeed = await race(files, small ? 1 : 5)
  const missedLoop = await loop(files)
  memory(files)
  return missedSpeed || missedLoop
}

async function race(files: readonly BenchFile[], rounds: number): Promise<boolean> {
  const poppler = spawnSync('pdftotext', ['-v']).error === undefined
  const folder = mkdtempSync(join(tmpdir(), 'ysh-bench-'))
  console.log(`pages a second, medians of ${rounds}: all of ours | pdf.js getTextContent | pdftotext -layout`)
  let pagesOfAll = 0
  const all = [0, 0, 0]
  const allCpu = [0, 0, 0]
  // the first document pays for loading what the others use
  for (const way of [ours, plain]) for (const file of files.slice(0, 1)) await way(file)
  for (const file of files) {
    const path = join(folder, 'file.pdf')
    if (poppler) writeFileSync(path, file.bytes)
    const layout: Way = async () => {
      spawnSync('pdftotext', ['-layout', path, join(folder, 'out.txt')])
      return 0
    }
    const ways = poppler ? [ours, plain, layout] : [ours, plain]
    const times = ways.map((): number[] => [])
    const work = ways.map((): number[] => [])
    let pages = 0
    for (let round = 0; round < rounds; round += 1) {
      for (const [at, way] of ways.entries()) {
        const before = process.cpuUsage()
        const start = performance.now()
        pages = (await way(file)) || pages
        times[at]?.push(performance.now() - start)
        const { user, system } = process.cpuUsage(before)
        work[at]?.push((user + system) / 1_000)
      }
    }
    const medians = times.map(median)
    pagesOfAll += pages
    const cpu = work.map(median)
    for (const [at, ms] of medians.entries()) all[at] = (all[at] ?? 0) + ms
    for (const [at, ms] of cpu.entries()) allCpu[at] = (allCpu[at] ?? 0) + ms
    print(file.name, pages, medians, cpu)
  }
  print('all', pagesOfAll, all.slice(0, poppler ? 3 : 2), allCpu)
  rmSync(folder, { recursive: true })
  const ratio = (allCpu[1] ?? 0) / (allCpu[0] ?? 1)
  console.log(`ours to getTextContent: ${ratio.toFixed(2)} (aim ${aim})`)
  return ratio < aim
}

/** The ratio is one of processor time, which does not depend on what else the machine does. */
function print(name: string, pages: number, ms: readonly number[], cpu: readonly number[]): void {
  const rates = ms.map((value) => ((pages * 1_000) / value).toFixed(1).padStart(7))
  const ratio = ((cpu[1] ?? 0) / (cpu[0] ?? 1)).toFixed(2)
  console.log(`${name.slice(0, 44).padEnd(45)}${String(pages).padStart(4)} p ${rates.join(' ')}   ratio ${ratio}`)
}

/** How long the event loop stands still while documents are extracted as a step extracts them. */
async function loop(files: readonly BenchFile[]): Promise<boolean> {
  const pool = new PdfPool()
  const gaps: number[] = []
  let last = performance.now()
  const tick = setInterval(() => {
    const now = performance.now()
    gaps.push(Math.max(0, now - last - 5))
    last = now
  }, 5)
  for (const file of files) await extractPdf({ bytes: file.bytes }, { pool })
  clearInterval(tick)
  pool.close()
  gaps.sort((a, b) => a - b)
  const p99 = gaps[Math.floor(gaps.length * 0.99)] ?? 0
  console.log(
    `event loop while extracting: p99 ${p99.toFixed(1)} ms (aim ${aimGapMs}), at most ${(gaps.at(-1) ?? 0).toFixed(1)} ms, ${gaps.length} ticks`,
  )
  return p99 >= aimGapMs
}

/** The most memory that a process of its own needs, most of it the thread's. */
function memory(files: readonly BenchFile[]): void {
  const folder = mkdtempSync(join(tmpdir(), 'ysh-bench-'))
  const peak = (path?: string): number => {
    const child = spawnSync(
      process.execPath,
      [resolve(import.meta.dirname, 'peak.js'), ...(path === undefined ? [] : [path])],
      {
        encoding: 'utf8',
      },
    )
    return Number(child.stdout.trim())
  }
  const empty = peak()
  const peaks = files.map((file) => {
    const path = join(folder, 'file.pdf')
    writeFileSync(path, file.bytes)
    return { name: file.name, mb: peak(path) - empty }
  })
  peaks.sort((a, b) => b.mb - a.mb)
  rmSync(folder, { recursive: true })
  console.log(`peak memory of the thread over a process without one (${empty} MB):`)
  for (const { name, mb } of [...peaks.slice(0, 3), ...peaks.slice(-1)]) console.log(`  ${mb} MB  ${name}`)
}
