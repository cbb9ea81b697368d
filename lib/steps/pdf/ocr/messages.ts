import type { PageText } from '../text/model.ts'

/** Said to the process: a page as PNG strips from top to bottom, and at which row of the whole picture each begins. */
export interface Ask {
  page: PageText
  /** Pixels to a point. */
  scale: number
  strips: { png: Uint8Array; top: number }[]
}

/** Given to the process when it starts, as JSON. */
export interface OcrStart {
  memoryMb: number
  dpi: number
}

/** What the process ends itself with when it needs more memory than it may. */
export const outOfMemory = 77
