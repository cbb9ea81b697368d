import { type Placed, type ScanOptions, scanFile, scanned } from '../../../test/steps/pdf/ocr/scan.ts'
import { sheet } from '../generate/drawing.ts'

/** A document whose text is known, in the order in which it is to be read. */
export interface TextDocument {
  name: string
  bytes: Uint8Array
  /** Words of running text and headings; headers and footers are none of them. */
  words: string[]
  /** A picture of a page, for OCR. */
  scan: boolean
}

const vocabulary =
  `a distribuidora deve assegurar qualidade do serviço energia elétrica prestado à unidade consumidora observados limites de continuidade
estabelecidos pela agência para cada conjunto informar ao consumidor indicadores duração frequência mês faturamento microgeração distribuída
considera compensação injetada rede inclusive nos postos tarifários ponta tensão nominal potência instalada medição módulo inversor`.split(
    /\s+/,
  )

/** Numbers that look random and are the same each time. */
function dice(seed: number): () => number {
  let state = seed * 2_654_435_761
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** A sentence of so many words; each has a number, so that no two are alike and their order can be told. */
function sentence(words: number, next: () => number, from: number): string[] {
  return Array.from({ length: words }, (_, at) => {
    const word = vocabulary[Math.floor(next() * vocabulary.length)] ?? 'energia'
    return at % 4 === 0 ? `${word}${from + at}` : word
  })
}

/** What a document looks like. */
interface Shape {
  name: string
  columns: number
  pages: number
  furniture?: boolean
  hyphens?: boolean
  rotate?: 90 | 180 | 270
  heading?: boolean
}

const shapes: Shape[] = [
  { name: 'one column', columns: 1, pages: 2 },
  { name: 'two columns', columns: 2, pages: 2 },
  { name: 'three columns', columns: 3, pages: 1 },
  { name: 'two columns under a heading', columns: 2, pages: 1, heading: true },
  { name: 'headers and footers', columns: 1, pages: 4, furniture: true },
  { name: 'two columns, headers and footers', columns: 2, pages: 4, furniture: true, heading: true },
  { name: 'hyphens', columns: 2, pages: 1, hyphens: true },
  { name: 'page turned by 90', columns: 1, pages: 1, rotate: 90 },
  { name: 'page turned by 180', columns: 2, pages: 1, rotate: 180 },
  { name: 'page turned by 270', columns: 2, pages: 1, rotate: 270 },
]

/** Documents with text: columns, headers and footers, hyphens, turned pages. */
export async function textDocuments(): Promise<TextDocument[]> {
  return await Promise.all(shapes.map((shape, at) => draw(shape, at + 1)))
}

async function draw(shape: Shape, seed: number): Promise<TextDocument> {
  const next = dice(seed)
  const { doc, bytes } = sheet()
  const words: string[] = []
  const width = (505 - (shape.columns - 1) * 22) / shape.columns
  for (let page = 0; page < shape.pages; page++) {
    if (page > 0) doc.addPage()
    if (shape.rotate !== undefined) Object.assign(doc.page.dictionary.data, { Rotate: shape.rotate })
    if (shape.furniture) {
      doc.font('Helvetica').fontSize(8)
      doc.text('Procedimentos de Distribuição, revisão 12', 45, 24, { lineBreak: false })
      doc.page.margins.bottom = 0
      doc.text(`Página ${page + 1} de ${shape.pages}`, 270, 812, { lineBreak: false })
    }
    let top = 70
    if (shape.heading) {
      const heading = sentence(5, next, 9_000 + page * 10)
      doc.font('Helvetica-Bold').fontSize(16).text(heading.join(' '), 45, 60, { lineBreak: false })
      words.push(...heading)
      top = 100
    }
    doc.font('Helvetica').fontSize(9.5)
    for (let column = 0; column < shape.columns; column++) {
      const left = 45 + column * (width + 22)
      let y = top
      for (let paragraph = 0; paragraph < 4; paragraph++) {
        const said = sentence(44, next, page * 1_000 + column * 300 + paragraph * 50)
        words.push(...said)
        y = drawParagraph(said, left, y, width) + 12
      }
    }
  }
  return { name: shape.name, bytes: await bytes(), words, scan: false }

  /** Line by line, so that a word can be parted; answers where the next line would stand. */
  function drawParagraph(said: readonly string[], left: number, top: number, wide: number): number {
    let y = top
    let line = ''
    const put = () => {
      doc.text(line, left, y, { lineBreak: false })
      y += 13
      line = ''
    }
    for (const word of said) {
      const longer = line === '' ? word : `${line} ${word}`
      if (doc.widthOfString(longer) <= wide) {
        line = longer
        continue
      }
      const half = Math.floor(word.length / 2)
      const begun = `${line} ${word.slice(0, half)}-`
      if (shape.hyphens && /^\p{L}{6,}$/u.test(word) && doc.widthOfString(begun) <= wide) {
        line = begun
        put()
        line = word.slice(half)
      } else {
        put()
        line = word
      }
    }
    put()
    return y
  }
}

/** Pictures of pages, as a scanner makes them: one straight, one skewed, one with specks. */
export async function scanDocuments(): Promise<TextDocument[]> {
  const kinds: { name: string; options: ScanOptions }[] = [
    { name: 'scan', options: {} },
    { name: 'scan, skewed', options: { skew: 0.8 } },
    { name: 'scan, specks', options: { noise: 0.0005 } },
  ]
  return await Promise.all(
    kinds.map(async ({ name, options }, at) => {
      const next = dice(100 + at)
      const lines = Array.from({ length: 18 }, (_, line) => sentence(7, next, line * 10))
      const placed = lines.map((said, line): Placed => ({ text: said.join(' '), x: 65, y: 94 + line * 20 }))
      return { name, bytes: await scanFile(scanned(placed, options)), words: lines.flat(), scan: true }
    }),
  )
}
