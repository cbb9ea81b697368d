import type { Ask } from './messages.ts'

/** A grey picture as PGM, which the recogniser reads without unpacking anything. */
export interface Picture {
  width: number
  height: number
  bytes: Buffer
}

/** One grey picture of a page out of its strips, which overlap a little. */
export async function wholePicture(strips: Ask['strips']): Promise<Picture> {
  const { createCanvas, loadImage } = await import('@napi-rs/canvas')
  const images = await Promise.all(
    strips.map(async ({ png, top }) => ({ image: await loadImage(Buffer.from(png)), top })),
  )
  const width = Math.min(...images.map(({ image }) => image.width))
  const height = Math.max(...images.map(({ image, top }) => top + image.height))
  const header = Buffer.from(`P5\n${width} ${height}\n255\n`)
  const bytes = Buffer.alloc(header.length + width * height, 255)
  header.copy(bytes)
  for (const { image, top } of images) {
    const context = createCanvas(width, image.height).getContext('2d')
    context.drawImage(image, 0, 0)
    const { data } = context.getImageData(0, 0, width, image.height)
    let to = header.length + top * width
    for (let from = 0; from < data.length; from += 4, to += 1) {
      bytes[to] = (77 * (data[from] ?? 0) + 150 * (data[from + 1] ?? 0) + 29 * (data[from + 2] ?? 0)) >> 8
    }
  }
  return { width, height, bytes }
}
