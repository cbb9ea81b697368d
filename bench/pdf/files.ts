import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import PDFDocument from 'pdfkit'

/** A document to measure with. */
export interface BenchFile {
  name: string
  bytes: Uint8Array
}

/** Where the real documents are, if they are. */
export const samples = resolve(
  process.env.YSH_SAMPLES ?? resolve(import.meta.dirname, '../../../shared/samples'),
  'pdf',
)

/** Folder of real documents with their truth; undefined where it is missing. */
export const samplesFolder = (): string | undefined => (existsSync(samples) ? samples : undefined)

/** Real documents where they are, and a generated one. */
export async function benchFiles(word: string): Promise<BenchFile[]> {
  const files: BenchFile[] = existsSync(samples)
    ? readdirSync(samples)
        .filter((name) => name.endsWith('.pdf'))
        .map((name) => ({ name, bytes: new Uint8Array(readFileSync(resolve(samples, name))) }))
    : []
  if (files.length === 0) console.log(`no real documents in ${samples}: only generated ones are measured`)
  files.push({ name: 'generated-120-pages', bytes: await generated(120) })
  return files.filter(({ name }) => name.includes(word))
}

/** Pages of text, each with a ruled table. */
export function generated(pages: number): Promise<Uint8Array> {
  const document = new PDFDocument({ size: 'A4', margin: 50 })
  const chunks: Buffer[] = []
  const { promise, resolve: done } = Promise.withResolvers<Uint8Array>()
  document.on('data', (chunk: Buffer) => chunks.push(chunk))
  document.on('end', () => done(new Uint8Array(Buffer.concat(chunks))))
  for (let page = 1; page <= pages; page += 1) {
    if (page > 1) document.addPage()
    document.fontSize(10)
    for (let line = 0; line < 30; line += 1) {
      document.text(
        `${page}.${line} A tensão em regime permanente deve ser acompanhada em todo o sistema de distribuição.`,
      )
    }
    for (let row = 0; row < 12; row += 1) {
      for (let column = 0; column < 6; column += 1) {
        document.rect(50 + column * 80, 560 + row * 16, 80, 16).stroke()
        document.text(String(row * column * 1.25), 54 + column * 80, 564 + row * 16, { lineBreak: false, height: 12 })
      }
    }
  }
  document.end()
  return promise
}
