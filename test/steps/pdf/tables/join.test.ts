import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { drawTable, sheet } from '../../../../bench/pdf/generate/drawing.ts'
import { joinTables } from '../../../../lib/steps/pdf/tables/join.ts'
import { documentWith, drawn, tablesIn } from './documents.ts'

const header = ['Item', 'Descrição', 'Valor']
const body = Array.from({ length: 90 }, (_, index) => [`I${index}`, `Parcela ${index}`, `${index},50`])

describe('tables over pages', () => {
  it('are one, without the headers that are repeated', async () => {
    const pages = await tablesIn(await documentWith(drawn([header, ...body], { repeatHeader: true })))
    assert.ok(pages.length > 1)
    const joined = joinTables(pages)
    assert.equal(joined.length, 1)
    assert.deepEqual(
      joined[0]?.pages,
      pages.map((_, index) => index + 1),
    )
    assert.deepEqual(
      joined[0]?.rows.map((row) => row.cells.map((cell) => cell.text)),
      [header, ...body],
    )
    assert.equal(joined[0]?.rows.at(-1)?.page, pages.length)
  })

  it('stay two when the second one has a header of its own', async () => {
    const page = sheet()
    drawTable(page, drawn([header, ...body.slice(0, 5)], {}))
    page.doc.addPage()
    page.y = 45
    drawTable(
      page,
      drawn(
        [
          ['Mês', 'Bandeira', 'Adicional'],
          ['Janeiro', 'Verde', '0,00'],
          ['Março', 'Amarela', '18,85'],
        ],
        {},
      ),
    )
    assert.equal(joinTables(await tablesIn(await page.bytes())).length, 2)
  })

  it('are one when columns of the same rows go on beside, without their names', async () => {
    const names = ['Dados', 'Tensão máxima', 'Corrente máxima', 'Potência nominal', 'Eficiência', 'Peso']
    const model = (name: string, factor: number) => [
      name,
      `${600 * factor} V`,
      `${10 * factor} A`,
      `${factor} kW`,
      '98 %',
      '12 kg',
    ]
    const columns = [names, model('AB-1K', 1), model('AB-2K', 2)]
    const page = sheet()
    drawTable(
      page,
      drawn(
        names.map((_, row) => columns.map((column) => column[row] ?? '')),
        {},
      ),
    )
    page.doc.addPage()
    page.y = 45
    const more = [model('AB-3K', 3), model('AB-4K', 4)]
    drawTable(
      page,
      drawn(
        names.map((_, row) => more.map((column) => column[row] ?? '')),
        {},
      ),
    )
    const joined = joinTables(await tablesIn(await page.bytes()))
    assert.equal(joined.length, 1)
    assert.equal(joined[0]?.columns, 5)
    assert.deepEqual(
      joined[0]?.rows[1]?.cells.map((cell) => cell.text),
      ['Tensão máxima', '600 V', '1200 V', '1800 V', '2400 V'],
    )
    assert.equal(joined[0]?.rows[1]?.cells[3]?.page, 2)
  })
})
