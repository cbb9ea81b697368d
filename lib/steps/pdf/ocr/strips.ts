import type { Box } from '../read/model.ts'

/** Pixels of a strip: the renderer draws larger pictures coarser than asked. */
const mostStripPixels = 5_900_000
/** Pixels of a page; A3 at 300 dpi has 17 million. */
const mostPixels = 20_000_000
const mostSide = 30_000
/** Points that the renderer may add around a strip, generously. */
const around = 10

/** How a page is drawn in parts that fit together pixel by pixel. */
export interface Strips {
  /** Pixels to a point. */
  scale: number
  /** From top to bottom, each with the pixel row where it begins. */
  parts: { box: Box; top: number }[]
}

/** Parts of a page of `width` by `height` points at `dpi`; a page that is huge is drawn coarser. */
export function stripsOf(width: number, height: number, dpi: number): Strips {
  const scale = Math.min(
    dpi / 72,
    Math.sqrt(mostPixels / (width * height)),
    Math.sqrt(mostStripPixels / ((width + around) * 4 * around)),
    mostSide / Math.max(width, height),
  )
  // whole pixels, or the parts would be set against each other
  const rows = Math.floor((mostStripPixels / (scale * scale) / (width + around) - around) * scale)
  const parts: Strips['parts'] = []
  for (let top = 0; top < height * scale; top += rows) {
    const bottom = Math.min(height, (top + rows) / scale)
    parts.push({ box: { left: 0, top: top / scale, right: width, bottom }, top })
  }
  return { scale, parts }
}
