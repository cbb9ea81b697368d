import { formulaDocument, type Generated } from '../../../../bench/pdf/formulas/documents.ts'
import type { Style } from '../../../../bench/pdf/formulas/draw.ts'
import type { PageFormulas } from '../../../../lib/steps/pdf/formulas/model.ts'
import { readFormulas } from '../../../../lib/steps/pdf/formulas/read-formulas.ts'
import { pagesOf } from '../reading.ts'

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
