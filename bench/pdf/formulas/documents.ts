import fontkit from '@pdf-lib/fontkit'
import { PDFDocument, type PDFFont, type PDFPage, rgb, StandardFonts } from 'pdf-lib'
import { corpus } from './corpus.ts'
import { drawable, drawFormula, Fonts, type Style } from './draw.ts'
import { layout } from './layout.ts'

/** A formula that a generated document has. */
export interface Known {
  kind: string
  latex: string
  page: number
  number: string | undefined
  where: boolean
}

/** A document with known formulas. */
export interface Generated {
  name: string
  bytes: Uint8Array
  formulas: Known[]
  /**
   * Not looked at while the rules were made: they scored 0.90 recall and 0.94 precision then. Its failures were read once afterwards, and four
   * rules mended, so that the figure printed now is no longer that of unseen documents.
   */
  heldOut: boolean
}

const documentsPerStyle = 20
const sentences = [
  'O valor deve ser apurado mensalmente pela distribuidora, de acordo com os critérios estabelecidos nesta seção e nos',
  'procedimentos de rede, observado o disposto no contrato de conexão, e informado aos consumidores até o dia 10 do mês',
  'subsequente. The installer shall verify each string before the inverter is connected to the grid, and keep the record',
  'for at least five years. A tensão de referência não deve exceder 1,05 pu quando P < 0,9 e FP = 0,92 nos horários de ponta.',
]
const intros = [
  'O indicador é calculado pela seguinte fórmula:',
  'utilizando-se a expressão a seguir:',
  'The value is given by the following equation:',
  'é obtido por:',
]
const where = [
  'onde:',
  'A = valor apurado no período de referência, em kWh;',
  'B = potência nominal do sistema, conforme o cadastro;',
  'n = número de unidades consumidoras do conjunto.',
]

/** All generated documents: every formula of the corpus in each style, mixed over the documents. */
export async function generated(): Promise<Generated[]> {
  const all = Object.entries(corpus).flatMap(([kind, list]) => list.map((latex) => ({ kind, latex })))
  const out: Generated[] = []
  for (const style of ['tex', 'pieces'] as const) {
    for (let at = 0; at < documentsPerStyle; at += 1) {
      const part = all.filter((one, index) => index % documentsPerStyle === at && drawable(one.latex, style))
      out.push(await formulaDocument(`${style}-${String(at + 1).padStart(2, '0')}`, style, at, part))
    }
  }
  return out
}

/** A document with the given formulas, each on its own line between paragraphs. `seed` varies fonts, sizes, places and numbers. */
export async function formulaDocument(
  name: string,
  style: Style,
  seed: number,
  list: readonly { kind: string; latex: string }[],
): Promise<Generated> {
  const pdf = await PDFDocument.create()
  pdf.registerFontkit(fontkit)
  const fonts = new Fonts(pdf)
  const body = await pdf.embedFont(seed % 3 === 0 ? StandardFonts.TimesRoman : StandardFonts.Helvetica)
  const bold = await pdf.embedFont(StandardFonts.HelveticaBold)
  const size = 9 + (seed % 4)
  const left = 70
  const right = 525
  const known: Known[] = []
  let page = pdf.addPage([595, 842])
  let pages = 1
  let y = 780
  const text = (words: string, x = left, font: PDFFont = body): void => {
    page.drawText(words, { x, y, size, font })
    y -= size * 1.25
  }
  const paragraph = (from: number): void => {
    const words = Array.from({ length: 2 + (from % 2) }, (_, at) => sentences[(from + at) % sentences.length] ?? '')
    let line = ''
    for (const word of words.join(' ').split(' ')) {
      if (body.widthOfTextAtSize(`${line} ${word}`, size) > right - left) {
        text(line)
        line = word
      } else line = line === '' ? word : `${line} ${word}`
    }
    text(line)
    y -= size * 0.6
  }
  text(`${seed + 1}. METODOLOGIA DE CÁLCULO - V = 1`, left, bold)
  y -= 8
  for (const [at, { kind, latex }] of list.entries()) {
    const formula = layout(latex)
    const scale = size * (1 + 0.15 * ((seed + at) % 3))
    const height = (formula.height + formula.depth) * scale
    if (y - height < 190) {
      page = pdf.addPage([595, 842])
      pages += 1
      y = 780
    }
    paragraph(seed + at)
    text(`${at + 1}.${seed + 1} ${intros[(seed + at) % intros.length] ?? ''}`)
    y -= 4 + formula.height * scale
    const width = formula.width * scale
    const x = seed % 2 === 0 ? (left + right - width) / 2 : left + 40
    await drawFormula(page, fonts, formula, style, x, y, scale)
    const number = (seed + at) % 3 === 0 ? `${seed + 1}.${at + 1}` : undefined
    if (number !== undefined) page.drawText(`(${number})`, { x: right - 30, y, size, font: body })
    y -= formula.depth * scale + size * 1.6
    const listed = (seed + at) % 4 === 1
    if (listed) for (const line of where) text(line)
    known.push({ kind, latex, page: pages, number, where: listed })
    y -= size
  }
  if (seed % 2 === 0) table(page, body, size, y)
  return {
    name: `${style}-${name.split('-')[1] ?? ''}`,
    bytes: await pdf.save(),
    formulas: known,
    heldOut: seed % 2 === 1,
  }
}

/** A table with limits, which are no formulas. */
function table(page: PDFPage, font: PDFFont, size: number, y: number): void {
  const cells = [
    ['Indicador', 'Vn ≤ 1,0 kV', '1,0 kV < Vn < 69 kV'],
    ['DTT95%', '10,0%', '8,0%'],
    ['FP = P/S', 'Voc = 49,5 V', 'Isc = 13,9 A'],
  ]
  for (const [row, line] of cells.entries()) {
    for (const [column, cell] of line.entries()) {
      const x = 90 + column * 130
      page.drawRectangle({
        x,
        y: y - row * 18 - 5,
        width: 130,
        height: 18,
        borderWidth: 0.6,
        borderColor: rgb(0, 0, 0),
      })
      page.drawText(cell.replace('≤', '<'), { x: x + 6, y: y - row * 18, size: Math.min(size, 10), font })
    }
  }
}
