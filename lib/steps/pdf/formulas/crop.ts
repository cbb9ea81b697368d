import { Worker } from 'node:worker_threads'
import { PipelineError } from '../../../errors.ts'
import { parser, Type } from '../../../schema.ts'
import { sibling } from '../../../sibling.ts'
import { endAfter } from '../../../stopped.ts'
import type { Box } from '../read/model.ts'

/** A part of a page. */
export interface Region {
  page: number
  box: Box
}

/** What the thread that draws is given. */
export interface CropJob {
  bytes: Uint8Array
  regions: Region[]
  dpi: number
  password: string | undefined
}

const message = Type.Union([
  Type.Object({ type: Type.Literal('picture'), index: Type.Integer(), problem: Type.Optional(Type.String()) }),
  Type.Object({ type: Type.Literal('missing'), problem: Type.String() }),
  Type.Object({ type: Type.Literal('broken'), problem: Type.String() }),
])
const messages = parser(message, "The drawing thread's message")

/** How pictures are drawn. */
export interface CropOptions {
  password?: string
  /** 200 to 300 is what models read best. */
  dpi?: number
  /** For all of them together. */
  timeoutMs?: number
  signal?: AbortSignal
}

/** Regions of one document that are drawn; more would be a mistake. */
const mostRegions = 200

/**
 * Draws parts of a document's pages as PNG, in a thread of its own that ends afterwards: drawing wants a browser's classes, which reading
 * does without. A part that cannot be drawn is undefined. Throws {@link PipelineError}: CANVAS_MISSING, PDF_RENDER, PDF_RENDER_TIMEOUT;
 * or what the signal was aborted with.
 */
export async function cropRegions(
  bytes: Uint8Array,
  regions: readonly Region[],
  options: CropOptions = {},
): Promise<(Uint8Array | undefined)[]> {
  const { signal, dpi = 250, timeoutMs = 60_000, password } = options
  signal?.throwIfAborted()
  const pictures: (Uint8Array | undefined)[] = regions.map(() => undefined)
  const wanted = regions.slice(0, mostRegions)
  if (wanted.length === 0) return pictures
  const job: CropJob = { bytes, regions: [...wanted], dpi, password }
  const worker = new Worker(sibling(import.meta.url, 'crop-worker'), {
    workerData: job,
    resourceLimits: { maxOldGenerationSizeMb: 384 },
  })
  const deadline = endAfter(timeoutMs)
  const stop = signal === undefined ? deadline : AbortSignal.any([signal, deadline])
  try {
    await new Promise<void>((resolve, reject) => {
      const fail = (problem: string, cause?: unknown): void =>
        reject(new PipelineError('PDF_RENDER', `The page could not be drawn: ${problem}`, { cause }))
      stop.addEventListener('abort', () => {
        if (signal?.aborted === true) reject(signal.reason)
        else reject(new PipelineError('PDF_RENDER_TIMEOUT', `Drawing took longer than ${timeoutMs} ms`))
      })
      worker.on('error', (error) => fail(error.message, error))
      worker.on('exit', () => resolve())
      worker.on('message', (value: unknown) => {
        const [head, png]: unknown[] = Array.isArray(value) ? value : []
        const said = messages.parse(head)
        if (said.type === 'picture') {
          if (png instanceof Uint8Array) pictures[said.index] = png
        } else if (said.type === 'missing') {
          reject(
            new PipelineError('CANVAS_MISSING', `Drawing pages needs the package @napi-rs/canvas: ${said.problem}`),
          )
        } else fail(said.problem)
      })
    })
  } finally {
    await worker.terminate()
  }
  return pictures
}
