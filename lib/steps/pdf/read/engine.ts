// not under its own name, which the bundled thread's banner has taken
import { createRequire as requireFrom } from 'node:module'
import { dirname, join, sep } from 'node:path'
import type { PDFWorker } from 'pdfjs-dist'

type Pdfjs = typeof import('pdfjs-dist')

/** pdf.js in this thread, and where its character maps and standard fonts lie. */
export interface Engine {
  pdfjs: Pdfjs
  cMapUrl: string
  standardFontDataUrl: string
  /** Both halves of pdf.js, joined for one document. */
  connect(): PDFWorker
}

let loaded: Promise<Engine> | undefined

/** pdf.js, loaded at first use (0.4 s). To be used in a thread of its own. */
export function engine(): Promise<Engine> {
  loaded ??= load()
  return loaded
}

async function load(): Promise<Engine> {
  const folder = dirname(requireFrom(import.meta.url).resolve('pdfjs-dist/package.json'))
  shims()
  const pdfjs: Pdfjs = await import('pdfjs-dist/legacy/build/pdf.mjs')
  const { WorkerMessageHandler } = await import('pdfjs-dist/legacy/build/pdf.worker.mjs')
  return {
    pdfjs,
    cMapUrl: join(folder, 'cmaps') + sep,
    standardFontDataUrl: join(folder, 'standard_fonts') + sep,
    connect() {
      const port = new DirectPort()
      WorkerMessageHandler.initializeFromPort(port)
      return pdfjs.PDFWorker.create({ port, verbosity: 0 })
    },
  }
}

const record = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

type Listener = (event: { data: unknown }) => void

/**
 * Joins the two halves of pdf.js within one thread. Its own way there copies every message, half of the time that a page takes; handed
 * over as they are, they are not written into any more, but for the lists of a page's operators, which their sender empties.
 */
class DirectPort {
  readonly #listeners = new Set<Listener>()

  postMessage(message: unknown): void {
    const data = keepChunk(message)
    queueMicrotask(() => {
      for (const listener of this.#listeners) deliver(listener, data)
    })
  }

  addEventListener(_type: string, listener: Listener, options?: { signal?: AbortSignal }): void {
    this.#listeners.add(listener)
    options?.signal?.addEventListener('abort', () => this.#listeners.delete(listener), { once: true })
  }

  removeEventListener(_type: string, listener: Listener): void {
    this.#listeners.delete(listener)
  }

  terminate(): void {
    this.#listeners.clear()
  }
}

function keepChunk(message: unknown): unknown {
  if (!record(message) || !record(message.chunk)) return message
  const { chunk } = message
  const kept = Object.entries(chunk).map(([key, value]): [string, unknown] => [
    key,
    Array.isArray(value) ? value.slice() : value,
  ])
  return { ...message, chunk: Object.fromEntries(kept) }
}

/** As in a browser, an error of who receives a message reaches nobody else. */
function deliver(listener: Listener, data: unknown): void {
  try {
    listener({ data })
  } catch {}
}

/** Stands for what a browser has and pdf.js gives fonts to. Fonts are only measured here, so it may be empty. */
class Empty {
  readonly loaded = Promise.resolve()
}

function shims(): void {
  for (const name of ['DOMMatrix', 'Path2D', 'FontFace']) {
    if (!(name in globalThis)) Object.defineProperty(globalThis, name, { value: Empty, configurable: true })
  }
}
