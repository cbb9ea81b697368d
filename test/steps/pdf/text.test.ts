import assert from 'node:assert/strict'
import { test } from 'node:test'
import { markRepeats, Repeats } from '../../../lib/steps/pdf/text/furniture.ts'
import { layOut } from '../../../lib/steps/pdf/text/layout.ts'
import type { PageText, Role } from '../../../lib/steps/pdf/text/model.ts'
import { joinLines } from '../../../lib/steps/pdf/text/paragraphs.ts'
import { onePage, stream } from './raw.ts'
import { drawn, pageOf, pagesOf } from './reading.ts'

async function textsOf(bytes: Uint8Array): Promise<PageText[]> {
  const texts = (await pagesOf(bytes)).map(layOut)
  const repeats = new Repeats()
  for (const text of texts) repeats.add(text)
  markRepeats(texts, repeats.found())
  return texts
}

const of = (page: PageText | undefined, role?: Role): string[] =>
  (page?.paragraphs ?? []).filter((paragraph) => role === undefined || paragraph.role === role).map(({ text }) => text)

const words =
  'A tensão em regime permanente deve ser acompanhada em todo o sistema de distribuição, devendo a distribuidora dotar-se de recursos e técnicas modernas para tal acompanhamento, atuando de forma preventiva para que a tensão se mantenha dentro dos padrões adequados.'

test('two columns are read one after the other, a heading over both first', async () => {
  const [page] = await textsOf(
    await drawn((document) => {
      document.fontSize(16).text('Um título sobre duas colunas', 50, 60)
      document.fontSize(10)
      document.text(`ESQUERDA ${words}`, 50, 110, { width: 230 })
      document.text(`Outro parágrafo. ${words}`, 50, 220, { width: 230 })
      document.text(`DIREITA ${words}`, 315, 110, { width: 230 })
    }),
  )
  assert.deepEqual(
    page?.paragraphs.map(({ text, role }) => `${role}: ${text}`),
    [
      'heading: Um título sobre duas colunas',
      `text: ESQUERDA ${words}`,
      `text: Outro parágrafo. ${words}`,
      `text: DIREITA ${words}`,
    ],
  )
})

test('the columns of a table are no columns of text', async () => {
  const [page] = await textsOf(
    await drawn((document) => {
      document.fontSize(9)
      const rows = [
        ['Open Circuit Voltage', 'V', '52.10', '52.30'],
        ['Short Circuit Current', 'A', '13.83', '13.89'],
        ['Maximum Power Voltage', 'V', '43.58', '43.73'],
        ['Maximum Power Current', 'A', '13.08', '13.15'],
      ]
      for (const [at, row] of rows.entries()) {
        for (const [column, cell] of row.entries())
          document.text(cell, 60 + column * 120, 100 + at * 16, { lineBreak: false })
      }
    }),
  )
  assert.deepEqual(of(page), [
    'Open Circuit Voltage\tV\t52.10\t52.30',
    'Short Circuit Current\tA\t13.83\t13.89',
    'Maximum Power Voltage\tV\t43.58\t43.73',
    'Maximum Power Current\tA\t13.08\t13.15',
  ])
})

test('words parted at the end of a line are whole again', () => {
  assert.equal(joinLines(['a distri-', 'buidora']), 'a distribuidora')
  assert.equal(joinLines(['deve tornar-', 'se apta']), 'deve tornar-se apta')
  assert.equal(joinLines(['de 10-', '20 kV']), 'de 10-20 kV')
  assert.equal(joinLines(['fim –', 'e começo']), 'fim – e começo')
  assert.equal(joinLines(['o item', 'seguinte']), 'o item seguinte')
})

test('headers, footers and page numbers are told from the text', async () => {
  const pages = await textsOf(
    await drawn((document) => {
      for (let page = 1; page <= 5; page += 1) {
        if (page > 1) document.addPage()
        document.fontSize(8)
        document.text('Procedimentos de Distribuição', 50, 30, { lineBreak: false })
        document.text(`Página ${page} de 5`, 450, 790, { lineBreak: false, height: 20 })
        document.fontSize(11).text(`${page}. ${words}`, 50, 200 + page * 20, { width: 400 })
      }
    }),
  )
  for (const page of pages) {
    assert.deepEqual(of(page, 'header'), ['Procedimentos de Distribuição'])
    assert.deepEqual(of(page, 'footer'), [`Página ${page.number} de 5`])
    assert.deepEqual(of(page, 'text'), [`${page.number}. ${words}`])
  }
})

test('raised digits are superscripts, lowered letters stay, minus signs are minus signs', async () => {
  const page = layOut(
    await pageOf(
      onePage({
        content:
          'BT /F1 10 Tf 20 200 Td (Irradiance 1000 W/m) Tj /F1 6 Tf 4 Ts (2) Tj ET BT /F1 10 Tf 0 Ts 20 150 Td (V) Tj /F1 6 Tf -2 Ts (OC) Tj ET BT /F1 10 Tf 0 Ts 20 100 Td (\\2260,29 %/K) Tj ET',
      }),
    ),
  )
  assert.deepEqual(of(page), ['Irradiance 1000 W/m²', 'VOC', '-0,29 %/K'])
})

test('notes up the margin and bands of signatures are furniture', async () => {
  const [page] = await textsOf(
    await drawn((document) => {
      document.fontSize(11).text(words, 80, 100, { width: 400 })
      document
        .fontSize(7)
        .text(
          'Documento assinado digitalmente por Fulano. A autenticidade deste documento pode ser conferida no site.',
          80,
          760,
          { lineBreak: false, height: 20 },
        )
      document
        .save()
        .rotate(-90, { origin: [20, 500] })
        .text('Specifications subject to change', 20, 500, { lineBreak: false })
        .restore()
    }),
  )
  assert.equal(of(page, 'furniture').length, 2)
  assert.ok(of(page, 'furniture').includes('Specifications subject to change'))
  assert.deepEqual(of(page, 'text'), [words])
})

test('widely set letters are words, and words set by position are parted', async () => {
  const page = layOut(
    await pageOf(
      onePage({
        content:
          'BT /F1 10 Tf 3 Tc 20 200 Td (WIDE LETTERS) Tj ET BT 0 Tc /F1 10 Tf 20 100 Td (parted) Tj 33 0 Td (by) Tj 15 0 Td (place) Tj ET',
      }),
    ),
  )
  assert.deepEqual(of(page), ['WIDE LETTERS', 'parted by place'])
})

test('a tagged document is read in the order of its structure', async () => {
  const [page] = await textsOf(
    await drawn(
      (document) => {
        const section = document.struct('Sect')
        document.addStructure(section)
        // drawn from the bottom to the top, tagged from the top to the bottom
        const last = document.struct('P', {}, () =>
          document.fontSize(10).text(`Último. ${words}`, 50, 400, { width: 400 }),
        )
        const first = document.struct('P', {}, () => document.text(`Primeiro. ${words}`, 50, 100, { width: 400 }))
        const cell = (text: string, x: number) =>
          document.struct('TD', {}, () => document.text(text, x, 300, { lineBreak: false }))
        const row = document.struct('TR', {}, [cell('Potência', 50), cell('585', 200), cell('W', 300)])
        section.add(first)
        section.add(document.struct('Table', {}, [row]))
        section.add(last)
        section.end()
      },
      { tagged: true, pdfVersion: '1.7' },
    ),
  )
  assert.equal(page?.tagged, true)
  assert.deepEqual(of(page), [`Primeiro. ${words}`, 'Potência\t585\tW', `Último. ${words}`])
})

test('pages without text say what they are', async () => {
  const kind = async (parts: Parameters<typeof onePage>[0]) => layOut(await pageOf(onePage(parts))).kind
  const picture = {
    resources: '/XObject << /I 8 0 R >>',
    objects: [
      stream(
        new Uint8Array([1]),
        '/Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8',
      ),
    ],
  }
  assert.equal(await kind({ content: '' }), 'empty')
  assert.equal(await kind({ content: 'q 380 0 0 280 10 10 cm /I Do Q', ...picture }), 'scan')
  assert.equal(await kind({ content: '10 10 m 20 20 30 20 40 10 c 30 5 l h f '.repeat(200) }), 'no-text')
  assert.equal(await kind({ content: 'BT /F1 10 Tf 20 20 Td (Anexo I) Tj ET' }), 'text')
  assert.equal(
    await kind({
      content: `q 380 0 0 280 10 10 cm /I Do Q BT 3 Tr /F1 10 Tf 20 20 Td (${words.slice(0, 12)} and what the OCR has read) Tj ET`,
      ...picture,
    }),
    'layer',
  )
})
