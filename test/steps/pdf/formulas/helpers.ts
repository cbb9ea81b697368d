import { createCanvas } from '@napi-rs/canvas'
import { formulaDocument, type Generated } from '../../../../bench/pdf/formulas/documents.ts'
import type { Style } from '../../../../bench/pdf/formulas/draw.ts'
import type { PageFormulas } from '../../../../lib/steps/pdf/formulas/model.ts'
import { readFormulas } from '../../../../lib/steps/pdf/formulas/read-formulas.ts'
import { drawn, pagesOf } from '../reading.ts'

/** All formulas of a file. */
export async function formulasOf(bytes: Uint8Array): Promise<PageFormulas> {
  const out: PageFormulas = { formulas: [], unread: [] }
  for (const page of await pagesOf(bytes)) {
    const { formulas, unread } = await readFormulas(page)
    out.formulas.push(...formulas)
    out.unread.push(...unread)
  }
  return out
}

/** A document with formulas between paragraphs. */
export const documentWith = (style: Style, seed: number, ...latex: string[]): Promise<Generated> =>
  formulaDocument(
    `${style}-test`,
    style,
    seed,
    latex.map((one) => ({ kind: 'test', latex: one })),
  )

/** A page with a red picture where a formula is announced, and a logo that is none. */
export async function pictured(): Promise<Uint8Array> {
  const canvas = createCanvas(300, 80)
  const context = canvas.getContext('2d')
  context.fillStyle = '#ff0000'
  context.fillRect(0, 0, 300, 80)
  const png = canvas.toBuffer('image/png')
  return drawn((document) => {
    document.image(png, 60, 20, { width: 90 })
    document.font('Helvetica').fontSize(11)
    document.text('O indicador é calculado pela seguinte fórmula:', 60, 120)
    document.image(png, 200, 140, { width: 150 })
    document.text('(3.4)', 500, 155)
    document.text('onde:', 60, 200)
    document.text('P = potência, em kW.', 60, 215)
  })
}
