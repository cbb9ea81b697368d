// node build/screenshots.ts [NAME...]: makes docs/images/, or those named, the README's pictures of the editor, by the tests that see what is on them.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { crc32, deflateSync } from 'node:zlib'
import { createCanvas, loadImage } from '@napi-rs/canvas'

const root = fileURLToPath(new URL('..', import.meta.url))
const target = join(root, 'docs', 'images')
/** Which test takes which picture. */
const wanted: readonly { file: string; test: string; name: string }[] = [
  { file: 'test/editor/daily.test.ts', test: 'imported from the examples', name: 'daily-flow' },
  { file: 'test/editor/editor.test.ts', test: 'the list of datasets', name: 'dataset-list' },
  { file: 'test/editor/runs.test.ts', test: 'resumes after', name: 'runs-sidebar' },
  { file: 'test/editor/runs.test.ts', test: 'works on a phone', name: 'runs-page' },
  { file: 'test/editor/flow-check.test.ts', test: 'lists what is found', name: 'flow-check' },
]

const taken = mkdtempSync(join(tmpdir(), 'ysh-screenshots-'))
try {
  mkdirSync(target, { recursive: true })
  const named = process.argv.slice(2)
  for (const { file, test, name } of wanted) {
    if (named.length > 0 && !named.includes(name)) continue
    const { status } = spawnSync(process.execPath, ['--test', '--test-name-pattern', test, file], {
      cwd: root,
      env: { ...process.env, README_PICTURES: taken },
      stdio: 'inherit',
      timeout: 600_000,
    })
    if (status !== 0) throw new Error(`${file} failed`)
    const png = await withPalette(readFileSync(join(taken, `${name}.png`)))
    writeFileSync(join(target, `${name}.png`), png)
    console.log(`docs/images/${name}.png: ${Math.round(png.length / 1_000)} kB`)
  }
} finally {
  rmSync(taken, { recursive: true, force: true })
}

/** The picture in its 256 commonest colours: a third of the size, and no difference to see in an editor of few colours. */
async function withPalette(png: Buffer): Promise<Buffer> {
  const image = await loadImage(png)
  const { width, height } = image
  const context = createCanvas(width, height).getContext('2d')
  context.drawImage(image, 0, 0)
  const { data } = context.getImageData(0, 0, width, height)
  const colourAt = (pixel: number) =>
    ((data[4 * pixel] ?? 0) << 16) | ((data[4 * pixel + 1] ?? 0) << 8) | (data[4 * pixel + 2] ?? 0)

  const counts = new Map<number, number>()
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    const colour = colourAt(pixel)
    counts.set(colour, (counts.get(colour) ?? 0) + 1)
  }
  const palette = paletteOf(counts)
  const nearest = new Map<number, number>()
  const rows = Buffer.alloc(height * (width + 1))
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const colour = colourAt(y * width + x)
      const index = nearest.get(colour) ?? nearestIn(palette, colour)
      nearest.set(colour, index)
      rows[y * (width + 1) + 1 + x] = index
    }
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 3, 0, 0, 0], 8)
  const colours = Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]))
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('PLTE', colours),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

/** The commonest colours, of those that look alike only one. */
function paletteOf(counts: ReadonlyMap<number, number>): number[] {
  const sorted = [...counts].sort(([, a], [, b]) => b - a).map(([colour]) => colour)
  const palette: number[] = []
  for (const colour of sorted) {
    if (palette.length === 256) break
    const enough = palette.length < 64 ? 0 : 8
    if (palette.every((known) => distance(known, colour) > enough ** 2)) palette.push(colour)
  }
  return palette
}

function nearestIn(palette: readonly number[], colour: number): number {
  let best = 0
  for (const [index, known] of palette.entries())
    if (distance(known, colour) < distance(palette[best] ?? 0, colour)) best = index
  return best
}

function distance(one: number, other: number): number {
  const part = (shift: number) => (((one >> shift) & 255) - ((other >> shift) & 255)) ** 2
  return part(16) + part(8) + part(0)
}

function chunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content])
  const framed = Buffer.alloc(body.length + 8)
  framed.writeUInt32BE(content.length, 0)
  framed.set(body, 4)
  framed.writeUInt32BE(crc32(body), body.length + 4)
  return framed
}
