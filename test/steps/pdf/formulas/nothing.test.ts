import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { drawn } from '../reading.ts'
import { formulasOf } from './helpers.ts'

test('text, tables, underlined words, values and lists are no formulas', async () => {
  const bytes = await drawn((document) => {
    document.font('Helvetica').fontSize(11)
    document.text('2.1 LIMITES - V = 1,05', 60, 60)
    document.text('A queda de -5 % ocorre quando P = V x I e o fator FP < 0,92 no ponto de medição.', 60, 90)
    document.text('Voc = 49,5 V', 60, 120)
    document.text('Isc = 13,9 A; Vmp = 41,2 V;', 60, 140)
    document
      .text('Resolução Normativa', 60, 170, { underline: true, continued: true })
      .text(' da distribuidora', { underline: false })
    document.text('onde:', 60, 200)
    document.text('k1 = 0, se DRP < DRPlimite;', 60, 215)
    document.text('DRPlimite = 3 %;', 60, 230)
    for (const [row, cells] of [
      ['Faixa', 'a = b + c'],
      ['1', 'Vn < 1,0 kV'],
      ['2', 'x = y + z'],
    ].entries()) {
      for (const [column, cell] of cells.entries()) {
        document.rect(60 + column * 150, 270 + row * 20, 150, 20).stroke()
        document.text(cell, 66 + column * 150, 274 + row * 20)
      }
    }
    document.text('https://dadosabertos.aneel.gov.br', 60, 360)
    document.text('EN 50438:2007; IEC 61000-4-30:2015', 60, 380)
  })
  assert.deepEqual(await formulasOf(bytes), { formulas: [], unread: [] })
})

const samples = fileURLToPath(new URL('../../../../../shared/samples/pdf/', import.meta.url))

test('real datasheets and tariff resolutions have no formulas', {
  skip: !existsSync(samples) && 'no ../shared/samples/pdf',
}, async () => {
  const files = readdirSync(samples).filter((name) => /^(?:module|inverter|datasheet|aneel-reh).*\.pdf$/.test(name))
  assert.ok(files.length > 10)
  for (const name of files) {
    const { formulas } = await formulasOf(new Uint8Array(readFileSync(join(samples, name))))
    assert.deepEqual(
      formulas.map((one) => one.latex),
      [],
      name,
    )
  }
})
