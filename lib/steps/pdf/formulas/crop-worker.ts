// Drawing keeps a thread busy for half a second a page, and needs classes of a browser that reading pages does without.
import { createRequire as requireFrom } from 'node:module'
import { dirname, join, sep } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import type { CropJob, Region } from './crop.ts'

const port = parentPort
if (port === null) throw new Error('crop-worker is a worker thread')

/** Points around a formula that are drawn with it. */
const margin = 4
const mostPixels = 6_000_000

type Canvas = typeof import('@napi-rs/canvas')

async function canvas(): Promise<Canvas | undefined> {
  try {
    return await import('@napi-rs/canvas')
  } catch (error) {
    port?.postMessage([{ type: 'missing', problem: error instanceof Error ? error.message : String(error) }])
    return undefined
  }
}

async function draw(job: CropJob): Promise<void> {
  const drawing = await canvas()
  if (drawing === undefined) return
  // pdf.js takes DOMMatrix, Path2D and ImageData from the canvas package itself
  const pdfjs: typeof import('pdfjs-dist') = await import('pdfjs-dist/legacy/build/pdf.mjs')
  const folder = dirname(requireFrom(import.meta.url).resolve('pdfjs-dist/package.json'))
  const task = pdfjs.getDocument({
    data: job.bytes,
    cMapUrl: join(folder, 'cmaps') + sep,
    standardFontDataUrl: join(folder, 'standard_fonts') + sep,
    wasmUrl: join(folder, 'wasm') + sep,
    verbosity: 0,
    maxImageSize: 40_000_000,
    ...(job.password === undefined ? {} : { password: job.password }),
  })
  const document = await task.promise
  const one = async ({ page: number, box }: Region, index: number): Promise<void> => {
    const page = await document.getPage(number)
    const width = box.right - box.left + 2 * margin
    const height = box.bottom - box.top + 2 * margin
    const scale = Math.min(job.dpi / 72, Math.sqrt(mostPixels / (width * height)))
    const viewport = page.getViewport({
      scale,
      offsetX: (margin - box.left) * scale,
      offsetY: (margin - box.top) * scale,
    })
    const surface = drawing.createCanvas(Math.ceil(width * scale), Math.ceil(height * scale))
    const context = surface.getContext('2d')
    context.fillStyle = '#ffffff'
    context.fillRect(0, 0, surface.width, surface.height)
    await page.render({ canvas: null, canvasContext: context, viewport }).promise
    port?.postMessage([{ type: 'picture', index }, surface.toBuffer('image/png')])
    page.cleanup()
  }
  for (const [index, region] of job.regions.entries()) {
    try {
      await one(region, index)
    } catch (error) {
      port?.postMessage([{ type: 'picture', index, problem: error instanceof Error ? error.message : String(error) }])
    }
  }
  await task.destroy()
}

draw(job()).catch((error: unknown) => {
  port.postMessage([{ type: 'broken', problem: error instanceof Error ? error.message : String(error) }])
})

/** What the main thread gave when it started this one. */
function job(): CropJob {
  return workerData
}
