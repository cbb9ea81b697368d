import { createRequire } from 'node:module'
import { dirname, join, sep } from 'node:path'

type Pdfjs = typeof import('pdfjs-dist')

/** pdf.js with its parsing half in this thread, and where its character maps and standard fonts lie. */
export interface Engine {
  pdfjs: Pdfjs
  cMapUrl: string
  standardFontDataUrl: string
}

let loaded: Promise<Engine> | undefined

async function load(): Promise<Engine> {
  const folder = dirname(createRequire(import.meta.url).resolve('pdfjs-dist/package.json'))
  shims()
  const pdfjs: Pdfjs = await import('pdfjs-dist/legacy/build/pdf.mjs')
  return {
    pdfjs,
    cMapUrl: join(folder, 'cmaps') + sep,
    standardFontDataUrl: join(folder, 'standard_fonts') + sep,
  }
}

/**
 * What a browser has and pdf.js asks for when it loads fonts and pictures. Fonts are only measured and pictures only placed here, so
 * both may be empty: that saves building every glyph's outline and decoding every JPEG.
 */
function shims(): void {
  for (const name of ['DOMMatrix', 'Path2D', 'FontFace'] as const) {
    if (!(name in globalThis)) Object.defineProperty(globalThis, name, { value: Empty, configurable: true })
  }
}

class Empty {
  readonly loaded = Promise.resolve()
}

/** pdf.js, loaded at first use (0.4 s). To be used in a thread of its own. */
export function engine(): Promise<Engine> {
  loaded ??= load()
  return loaded
}
