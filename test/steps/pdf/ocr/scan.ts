import { createRequire as requireFrom } from 'node:module'
import { dirname, join } from 'node:path'
import { createCanvas, GlobalFonts } from '@napi-rs/canvas'
import { drawn } from '../reading.ts'

const folder = dirname(requireFrom(import.meta.url).resolve('pdfjs-dist/package.json'))
const font = 'Scan Sans'
GlobalFonts.registerFromPath(join(folder, 'standard_fonts', 'LiberationSans-Regular.ttf'), font)

/** A line of text on a page, in points from its top left; `y` is the baseline. */
export interface Placed {
  text: string
  x: number
  y: number
  size?: number
}

/** How a page was scanned. */
export interface ScanOptions {
  /** Turned clockwise, in degrees. */
  skew?: number
  /** JPEG quality; 1 to 100. */
  quality?: number
  /** Grey specks: a share of the pixels. */
  noise?: number
  dpi?: number
}

const size = { width: 595.28, height: 841.89 }

/** A page of A4 as a scanner makes it: a grey JPEG. */
export function scanned(lines: readonly Placed[], options: ScanOptions = {}): Buffer {
  const { skew = 0, quality = 85, noise = 0, dpi = 200 } = options
  const scale = dpi / 72
  const canvas = createCanvas(Math.round(size.width * scale), Math.round(size.height * scale))
  const context = canvas.getContext('2d')
  context.fillStyle = '#fdfdfa'
  context.fillRect(0, 0, canvas.width, canvas.height)
  context.translate(canvas.width / 2, canvas.height / 2)
  context.rotate((skew * Math.PI) / 180)
  context.scale(scale, scale)
  context.translate(-size.width / 2, -size.height / 2)
  context.fillStyle = '#222222'
  for (const { text, x, y, size: points = 11 } of lines) {
    context.font = `${points}px "${font}"`
    context.fillText(text, x, y)
  }
  context.setTransform(1, 0, 0, 1, 0, 0)
  // the same specks each time
  let seed = 12345
  const random = (): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
    return seed / 2 ** 32
  }
  context.fillStyle = '#888888'
  for (let count = Math.round(noise * canvas.width * canvas.height); count > 0; count -= 1) {
    context.fillRect(Math.floor(random() * canvas.width), Math.floor(random() * canvas.height), 1, 1)
  }
  return canvas.toBuffer('image/jpeg', quality)
}

/** A document whose pages are pictures, or texts in Helvetica. */
export function scanFile(...pages: (Buffer | string)[]): Promise<Uint8Array> {
  return drawn(
    (document) => {
      for (const page of pages) {
        document.addPage()
        if (typeof page === 'string') document.font('Helvetica').fontSize(11).text(page)
        else document.image(page, 0, 0, { width: size.width, height: size.height })
      }
    },
    { autoFirstPage: false },
  )
}

/** Characters that have to be changed, for each character of the truth. */
export function errorRate(read: string, truth: string): number {
  const [from, to] = [[...read], [...truth]]
  let before = to.map((_, at) => at + 1)
  for (const [row, character] of from.entries()) {
    let corner = row
    let left = row + 1
    before = before.map((above, at) => {
      const cost = Math.min(left + 1, above + 1, corner + (character === to[at] ? 0 : 1))
      corner = above
      left = cost
      return cost
    })
  }
  return (before.at(-1) ?? from.length) / to.length
}
