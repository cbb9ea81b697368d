import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { type ExtractOptions, extractPdf, type PdfExtraction } from '../../../../lib/steps/pdf/extract.ts'
import { isOcr, type OcrText } from '../../../../lib/steps/pdf/ocr/model.ts'
import { PdfPool } from '../../../../lib/steps/pdf/pool.ts'
import { samplePath, without } from '../../aneel/samples.ts'
import { errorRate, type Placed, scanFile, scanned } from './scan.ts'

const pool = new PdfPool()
const wanted = { tables: true, formulas: true, parameters: true }

async function extract(bytes: Uint8Array, options: ExtractOptions = {}): Promise<PdfExtraction> {
  return await extractPdf({ bytes }, { pool, wanted, ...options })
}

function recognised({ result }: PdfExtraction, at = 0): OcrText {
  const text = result[at]?.text
  assert.ok(text !== undefined && isOcr(text), JSON.stringify(result[at]?.doubts))
  return text
}

const words = (text: OcrText): string => text.paragraphs.map((paragraph) => paragraph.text).join('\n')

const heading = 'RESOLUÇÃO NORMATIVA Nº 1.000'
/** Two paragraphs as they were broken into lines, the second with a word parted at an end. */
const body: string[][] = [
  [
    'A distribuidora deve assegurar a qualidade do serviço de energia elétrica',
    'prestado à unidade consumidora, observados os limites de continuidade',
    'estabelecidos pela ANEEL para cada conjunto, e informar ao consumidor os',
    'indicadores de duração e de frequência de cada mês.',
  ],
  [
    'O faturamento da microgeração distribuída considera a compensação da ener-',
    'gia injetada na rede, inclusive nos postos tarifários de ponta e fora de ponta,',
    'com valores de 0,65 e 1,27 R$/kWh até 31 de dezembro de 2028.',
  ],
]
const paragraphs = body.map((lines) => lines.join(' ').replace('ener- gia', 'energia'))
const lines: Placed[] = [
  { text: heading, x: 72, y: 90, size: 16 },
  ...body.flatMap((list, paragraph) =>
    list.map((text, line): Placed => ({ text, x: 72, y: 130 + paragraph * 90 + line * 15 })),
  ),
]
const truth = [heading, ...paragraphs].join('\n')

describe('OCR of pages without text', () => {
  after(() => pool.close())

  test('off unless asked for: a scan says that it is one, and has no text', async () => {
    const { result, complete } = await extract(await scanFile(scanned(lines)))
    assert.ok(complete)
    assert.deepEqual(
      result.map(({ text }) => [text.kind, text.paragraphs, isOcr(text)]),
      [['scan', [], false]],
    )
  })

  test('Portuguese text with accents, its paragraphs, hyphens and places; pages with text stay as they are', async () => {
    const bytes = await scanFile('Esta página tem texto que se lê sem OCR.', scanned(lines), 'Outra página com texto.')
    const extraction = await extract(bytes, { ocr: {} })
    assert.ok(extraction.complete)
    assert.deepEqual(
      extraction.result.map(({ text }) => [text.number, text.kind, isOcr(text)]),
      [
        [1, 'text', false],
        [2, 'scan', true],
        [3, 'text', false],
      ],
    )
    const text = recognised(extraction, 1)
    const rate = errorRate(words(text), truth)
    assert.ok(rate < 0.02, `${rate}: ${words(text)}`)
    assert.equal(text.paragraphs.length, 3)
    assert.equal(text.paragraphs[0]?.role, 'heading')
    assert.match(text.paragraphs[2]?.text ?? '', /da energia injetada/)
    assert.ok(text.confidence > 0.8 && text.confidence <= 1)
    assert.ok(text.paragraphs.every(({ confidence }) => confidence > 0.8 && confidence <= 1))
    for (const [at, { top, bottom }] of [
      { top: 90, bottom: 90 },
      { top: 130, bottom: 175 },
      { top: 220, bottom: 250 },
    ].entries()) {
      const box = text.paragraphs[at]?.box
      assert.ok(box !== undefined && Math.abs(box.left - 72) < 3, JSON.stringify(box))
      assert.ok(Math.abs(box.top - (top - (at === 0 ? 14.4 : 9.9))) < 3, JSON.stringify(box))
      assert.ok(Math.abs(box.bottom - (bottom + (at === 0 ? 3.4 : 2.3))) < 3, JSON.stringify(box))
    }
  })

  test('a scan that is skewed and speckled is turned upright; boxes stand where the text is on the page', async () => {
    const skew = -1.5
    const text = recognised(
      await extract(await scanFile(scanned(lines, { skew, quality: 60, noise: 0.002 })), { ocr: {} }),
    )
    const rate = errorRate(words(text), truth)
    assert.ok(rate < 0.03, `${rate}: ${words(text)}`)
    // the heading's baseline begins here on the page
    const radians = (skew * Math.PI) / 180
    const [x, y] = [72 - 595.28 / 2, 90 - 841.89 / 2]
    const left = 595.28 / 2 + x * Math.cos(radians) - y * Math.sin(radians)
    const bottom = 841.89 / 2 + x * Math.sin(radians) + y * Math.cos(radians)
    const box = text.paragraphs[0]?.box
    assert.ok(box !== undefined && Math.abs(box.left - left) < 4, `${JSON.stringify(box)} ${left}`)
    assert.ok(Math.abs(box.bottom - bottom - 3.4) < 4, `${JSON.stringify(box)} ${bottom}`)
  })

  test('columns are read one after the other, and values stay beside their names', async () => {
    const left = ['O sistema de compensação', 'permite que a energia', 'gerada seja abatida do', 'consumo da unidade.']
    const right = [
      'A tarifa é fixada pela',
      'agência reguladora a cada',
      'ano, por distribuidora e',
      'por posto tarifário.',
    ]
    const columns = [left, right].flatMap((list, column) =>
      list.map((text, line): Placed => ({ text, x: 72 + column * 250, y: 120 + line * 14 })),
    )
    const rows = ['Bandeirante\t512,30', 'Eletropaulo\t498,17', 'Piratininga\t530,02'].flatMap((row, line) =>
      row.split('\t').map((text, column): Placed => ({ text, x: 72 + column * 260, y: 400 + line * 22 })),
    )
    const text = words(recognised(await extract(await scanFile(scanned([...columns, ...rows])), { ocr: {} })))
    assert.match(text, new RegExp(left.join(' ')))
    assert.match(text, new RegExp(right.join(' ')))
    assert.match(text, /Eletropaulo\t498,17/)
  })

  test('a picture without text stays a scan, and says that nothing was legible', async () => {
    const { result, complete } = await extract(await scanFile(scanned([], { noise: 0.01 })), { ocr: {} })
    assert.ok(complete)
    assert.deepEqual(
      result.map(({ text, doubts }) => [text.kind, text.paragraphs, doubts]),
      [['scan', [], ['OCR: nothing legible was found']]],
    )
  })

  test('limits: pages, time of a page, time of the document, memory; what was read is kept', async () => {
    const bytes = await scanFile('Página com texto.', scanned(lines), scanned([]))
    const few = await extract(bytes, { ocr: { pages: 1 } })
    assert.deepEqual([few.complete, few.stop?.code, few.read], [false, 'PDF_TOO_MANY_PAGES', 3])
    recognised(few, 1)
    assert.equal(few.result[2]?.text.kind, 'scan')
    const [slow, small, short] = [
      await extract(bytes, { ocr: { pageMs: 1 } }),
      await extract(bytes, { ocr: { memoryMb: 60 } }),
      await extract(bytes, { ocr: {}, limits: { ms: 1_500 } }),
    ]
    assert.match(slow.result[1]?.doubts.join() ?? '', /OCR: takes longer than 0.001 s/)
    assert.match(small.result[1]?.doubts.join() ?? '', /OCR: the page takes more than 60 MB of memory/)
    assert.deepEqual([short.complete, short.stop?.code, short.read], [false, 'PDF_TIMEOUT', 3])
    for (const { result } of [slow, small, short]) assert.equal(result[1]?.text.kind, 'scan')
  })

  test('it stops when it is told to', async () => {
    const bytes = await scanFile(scanned(lines), scanned(lines))
    const stop = new AbortController()
    const begun = Date.now()
    setTimeout(() => stop.abort(), 2_500)
    await assert.rejects(extract(bytes, { ocr: {}, signal: stop.signal }), { code: 'STOPPED', retryable: true })
    while (process.getActiveResourcesInfo().includes('ProcessWrap')) await new Promise((done) => setTimeout(done, 20))
    assert.ok(Date.now() - begun < 6_000, 'its process is gone as well')
  })

  test('a real sheet in outlines gives its text, and no records out of it', {
    skip: without('pdf/module-ja-jam72d40-595.pdf'),
  }, async () => {
    const extraction = await extractPdf(
      { path: samplePath('pdf/module-ja-jam72d40-595.pdf') },
      { pool, wanted, ocr: {} },
    )
    assert.deepEqual(
      extraction.result.map(({ text }) => text.kind),
      ['no-text', 'no-text'],
    )
    const text = words(recognised(extraction, 1))
    for (const value of ['53.50', '54.50', '13.95', '14.20', '44.70', '13.24', '31.8kg', '1500V DC', '1000W/m']) {
      assert.ok(text.includes(value), `${value}: ${text}`)
    }
    assert.match(text, /Open Circuit Voltage.*\t53\.50\t53\.70\t53\.90\t54\.10\t54\.30\t54\.50/)
    const { equipment, tables } = extraction.document
    assert.deepEqual([equipment.records, tables], [[], []])
  })
})
