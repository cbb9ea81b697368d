// Recognising takes seconds and hundreds of megabytes outside V8's heap. In a process of its own both can be limited, and all of it is
// given back in the end.
import { createRequire as requireFrom } from 'node:module'
import { dirname, join } from 'node:path'
import type { Page, Worker } from 'tesseract.js'
import { type Ask, type OcrStart, outOfMemory } from './messages.ts'
import type { OcrText } from './model.ts'
import { ocrText, type Recognised } from './page-text.ts'
import { wholePicture } from './picture.ts'

const { memoryMb, dpi }: OcrStart = JSON.parse(process.argv[2] ?? '{}')

const lookMs = 200

setInterval(() => {
  if (process.memoryUsage.rss() > memoryMb * 1_048_576) process.exit(outOfMemory)
}, lookMs).unref()

let worker: Promise<Worker> | undefined

/** The recogniser, made with the first page. Nothing is downloaded: the data are in their package. */
async function started(): Promise<Worker> {
  const { createWorker, PSM } = await import('tesseract.js').then((module) => module.default)
  const data = dirname(requireFrom(import.meta.url).resolve('@tesseract.js-data/por/package.json'))
  // an error while starting is told to this handler alone; without it later ones are thrown where nobody catches them
  const failed = Promise.withResolvers<never>()
  const making = createWorker('por', 1, {
    langPath: join(data, '4.0.0_best_int'),
    gzip: true,
    cacheMethod: 'none',
    errorHandler: (error: unknown) => failed.reject(new Error(String(error))),
  })
  const made = await Promise.race([making, failed.promise])
  // not as one block, which is the default: pages have columns and drawings
  await made.setParameters({ tessedit_pageseg_mode: PSM.AUTO, user_defined_dpi: String(dpi) })
  return made
}

async function recognise({ page, scale, strips }: Ask): Promise<OcrText | undefined> {
  const { width, height, bytes } = await wholePicture(strips)
  worker ??= started()
  const { data } = await (await worker).recognize(bytes, { rotateAuto: true }, { text: false, blocks: true })
  return ocrText(page, { width, height, radians: data.rotateRadians ?? 0, lines: linesOf(data) }, scale)
}

function linesOf({ blocks }: Page): Recognised['lines'] {
  const lines = (blocks ?? []).flatMap(({ paragraphs }) => paragraphs.flatMap((paragraph) => paragraph.lines))
  return lines.map(({ baseline, rowAttributes, words }) => ({
    baseline: (baseline.y0 + baseline.y1) / 2,
    size: rowAttributes.rowHeight,
    words: words.map(({ text, confidence, bbox }) => ({ text, confidence, left: bbox.x0, right: bbox.x1 })),
  }))
}

process.on('message', (ask: Ask) => {
  recognise(ask).then(
    (text) => process.send?.({ type: 'page', text }),
    (error: unknown) =>
      process.send?.({ type: 'failed', problem: error instanceof Error ? error.message : String(error) }),
  )
})
// the parent has gone, or wants no more
process.on('disconnect', () => process.exit())
