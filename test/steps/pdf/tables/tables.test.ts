import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import PDFDocument from 'pdfkit'
import type { Look } from '../../../../bench/pdf/generate/drawing.ts'
import { documentWith, drawn, tablesIn, texts } from './documents.ts'

const rows = [
  ['Posto', 'TUSD', 'TE'],
  ['Ponta', '102,98', '1.452,32'],
  ['Fora de ponta', '21,62', '291,45'],
  ['Intermediário', '0,00', '303,32'],
]

describe('tables of a page', () => {
  for (const look of ['grid', 'rules', 'zebra', 'none'] satisfies Look[]) {
    it(`reads rows and columns of a table drawn with: ${look}`, async () => {
      const [page] = await tablesIn(await documentWith(drawn(rows, { look })))
      assert.equal(page?.length, 1)
      assert.deepEqual(texts(page?.[0]), rows)
      assert.ok(page?.[0]?.rows[0]?.cells.every((cell) => cell.header))
      assert.ok(page?.[0]?.rows.slice(1).every((row) => !row.cells.some((cell) => cell.header)))
    })
  }

  it('gives merged cells their spans, and reads turned text', async () => {
    const table = drawn([['a', 'b', 'c']], {
      widths: [40, 90, 60, 60],
      aligns: ['center', 'left', 'right', 'right'],
      headerRows: 1,
      rows: [
        [{ text: 'GRUPO' }, { text: 'MODALIDADE' }, { text: 'TARIFAS', colSpan: 2 }],
        [
          { text: 'A2 (88 kV)', rowSpan: 5, turned: true },
          { text: 'AZUL', rowSpan: 2 },
          { text: '1,00' },
          { text: '2,00' },
        ],
        [{ text: '3,00' }, { text: '4,00' }],
        [{ text: 'VERDE', rowSpan: 3 }, { text: '5,00' }, { text: '6,00' }],
        [{ text: '7,00' }, { text: '8,00' }],
        [{ text: '9,00' }, { text: '10,00' }],
      ],
    })
    const [page] = await tablesIn(await documentWith(table))
    const cells = page?.[0]?.rows.flatMap((row) => row.cells) ?? []
    const spans = (text: string) => {
      const cell = cells.find((item) => item.text === text)
      return cell && [cell.column, cell.colSpan, cell.rowSpan]
    }
    assert.deepEqual(spans('TARIFAS'), [2, 2, 1])
    assert.deepEqual(spans('A2 (88 kV)'), [0, 1, 5])
    assert.deepEqual(spans('VERDE'), [1, 1, 3])
    assert.deepEqual(spans('10,00'), [3, 1, 1])
  })

  for (const look of ['rules', 'none'] satisfies Look[]) {
    it(`keeps the lines of a wrapped cell together: ${look}`, async () => {
      const long = 'Quantidade total de faturas emitidas para o mês de referência sem leitura do medidor'
      const wrapped = [
        ['Campo', 'Descrição', 'Tamanho'],
        ['QtdFatura', long, '20'],
        ['QtdLeitura', 'Leituras', '18'],
        ['QtdAcerto', long, '16'],
        ['QtdOutra', 'Outras', '12'],
      ]
      const [page] = await tablesIn(await documentWith(drawn(wrapped, { look, widths: [90, 130, 60] })))
      assert.deepEqual(texts(page?.[0]), wrapped)
    })
  }

  it('takes a tagged table whose lines are not drawn by its structure, with the spans it states', async () => {
    const [page] = await tablesIn(await taggedTable())
    assert.equal(page?.[0]?.by, 'structure')
    assert.deepEqual(texts(page?.[0]), [
      ['Nome', 'Valor'],
      ['Tensão nominal da rede elétrica', '220 V'],
      ['Corrente', '10 A'],
    ])
    assert.ok(page?.[0]?.rows[0]?.cells.every((cell) => cell.header))
  })

  it('makes no table of prose and of a drawing of lines', async () => {
    const doc = new PDFDocument({ size: 'A4' })
    const done = collect(doc)
    doc
      .fontSize(9)
      .text('A tarifa de aplicação é o valor cobrado da unidade consumidora. '.repeat(40), 60, 60, { width: 460 })
    for (let x = 0; x < 10; x += 1)
      doc
        .moveTo(100 + 20 * x, 500)
        .lineTo(100 + 20 * x, 600)
        .stroke()
    for (let y = 0; y < 6; y += 1)
      doc
        .moveTo(100, 500 + 20 * y)
        .lineTo(280, 500 + 20 * y)
        .stroke()
    doc.end()
    const [page] = await tablesIn(await done)
    assert.deepEqual(page, [])
  })

  it('gives the same tables for the same page', async () => {
    const bytes = await documentWith(drawn(rows, { look: 'rules' }))
    assert.deepEqual(await tablesIn(bytes.slice()), await tablesIn(bytes.slice()))
  })
})

function collect(doc: PDFKit.PDFDocument): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  doc.on('data', (chunk: Uint8Array) => chunks.push(chunk))
  return new Promise((resolve) => {
    doc.on('end', () => resolve(new Uint8Array(Buffer.concat(chunks))))
  })
}

/** A table that only its structure tells: its cells stand unevenly, one wrapped beside the other's middle. */
async function taggedTable(): Promise<Uint8Array> {
  const doc = new PDFDocument({ size: 'A4', tagged: true, pdfVersion: '1.7', lang: 'pt-BR' })
  const done = collect(doc)
  doc.fontSize(9)
  const row = (y: number, role: 'TH' | 'TD', cells: [number, string[]][]) =>
    doc.struct(
      'TR',
      {},
      cells.map(([x, lines]) =>
        doc.struct(role, {}, () => {
          for (const [index, text] of lines.entries()) doc.text(text, x, y + 11 * index, { lineBreak: false })
        }),
      ),
    )
  const table = doc.struct('Table', {}, [
    row(80, 'TH', [
      [80, ['Nome']],
      [220, ['Valor']],
    ]),
    row(110, 'TD', [
      [80, ['Tensão nominal', 'da rede elétrica']],
      [240, ['220 V']],
    ]),
    row(150, 'TD', [
      [80, ['Corrente']],
      [205, ['10 A']],
    ]),
  ])
  doc.addStructure(doc.struct('Document', {}, [table]))
  doc.end()
  return await done
}
