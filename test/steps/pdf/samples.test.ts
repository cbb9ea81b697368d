import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, describe, test } from 'node:test'
import { parser, Type } from '../../../lib/schema.ts'
import { extractPdf, type PdfExtraction } from '../../../lib/steps/pdf/extract.ts'
import { PdfPool } from '../../../lib/steps/pdf/pool.ts'
import { samplePath, without } from '../aneel/samples.ts'
import { pagesOf } from './reading.ts'

const records = parser(
  Type.Object({
    records: Type.Array(
      Type.Object({
        model: Type.String(),
        condition: Type.String(),
        parameters: Type.Record(Type.String(), Type.Object({ value: Type.String(), page: Type.Number() })),
      }),
    ),
  }),
  'truth',
)
const tables = parser(
  Type.Object({
    tables: Type.Array(Type.Object({ pages: Type.Array(Type.Number()), rows: Type.Array(Type.Array(Type.String())) })),
  }),
  'truth',
)

const pool = new PdfPool()
const known = new Map<string, Promise<PdfExtraction>>()
function extracted(name: string): Promise<PdfExtraction> {
  const found = known.get(name) ?? extractPdf({ path: samplePath(`pdf/${name}.pdf`) }, { pool })
  known.set(name, found)
  return found
}

/** The text of some pages without spaces and with one kind of minus. */
async function squeezed(name: string, pages: readonly number[]): Promise<string> {
  const { result } = await extracted(name)
  const text = result
    .filter(({ text: { number } }) => pages.includes(number))
    .flatMap(({ text: { paragraphs } }) => paragraphs.map((paragraph) => paragraph.text))
    .join('\n')
  return squeeze(text)
}

const squeeze = (text: string): string =>
  text
    .replace(/¹/g, '1')
    .replace(/[\u2010-\u2013\u2212]/g, '-')
    .replace(/\s+/g, '')

const json = (path: string): unknown => JSON.parse(readFileSync(samplePath(path), 'utf8'))

const sheets = [
  'inverter-Delta_M10A_EU_2022-11-14_EN',
  'inverter-SG3K-D-SG5K-D',
  'inverter-STP12000TL-DAU1723-V10web',
  'inverter-growatt-sph-10k',
  'module-canadian-cs6w-585tb',
  'module-jinko-jkm585n',
  'module-qcells-qpeak-duo-blk-410',
  'module-risen-rsm108-9-435',
]

describe('real documents', () => {
  after(() => pool.close())

  for (const name of sheets) {
    const files = [`pdf/${name}.pdf`, `pdf/truth/${name}.json`]
    test(`${name}: every value that is printed is in the text of its page`, { skip: without(...files) }, async () => {
      const truth = records.parse(json(`pdf/truth/${name}.json`))
      const missing: string[] = []
      let values = 0
      for (const { model, parameters } of truth.records) {
        for (const [parameter, { value, page }] of Object.entries(parameters)) {
          values += 1
          // a cell may have been wrapped
          const text = await squeezed(name, [page])
          if (!value.split(/ (?=\()/).every((part) => text.includes(squeeze(part))))
            missing.push(`${model} ${parameter} ${value}`)
        }
      }
      assert.deepEqual(missing, [])
      assert.ok(values > 10)
    })
  }

  const resolution = 'aneel-reh20223064ti'
  test('a resolution: every cell of its tables', {
    skip: without(`pdf/${resolution}.pdf`, `pdf/truth/${resolution}.tables.json`),
  }, async () => {
    const truth = tables.parse(json(`pdf/truth/${resolution}.tables.json`))
    const missing = new Set<string>()
    for (const { pages, rows } of truth.tables) {
      const text = await squeezed(resolution, pages)
      for (const cell of rows.flat()) if (!text.includes(squeeze(cell))) missing.add(cell)
    }
    // this label is cut off by its cell: nobody sees all of it
    assert.deepEqual([...missing], ['A4 (2,3 a 25kV)'])
    const [page] = (await pagesOf(new Uint8Array(readFileSync(samplePath(`pdf/${resolution}.pdf`))))).filter(
      ({ number }) => number === 3,
    )
    assert.equal(page?.cut.map((glyph) => glyph.text).join(''), '3a25kV)')
  })

  test('Jinko: revisions that are in the file and not drawn are not reported', {
    skip: without('pdf/module-jinko-jkm585n.pdf'),
  }, async () => {
    const text = await squeezed('module-jinko-jkm585n', [1, 2])
    assert.ok(!text.includes('JKM560N'))
    assert.ok(!text.includes('2205mm'))
    const { result } = await extracted('module-jinko-jkm585n')
    assert.ok((result[1]?.hidden ?? 0) > 5_000)
  })

  test('a sheet in outlines has no text and says so; one with half its labels in curves says so', {
    skip: without('pdf/module-ja-jam72d40-595.pdf', 'pdf/module-CSUN265-60P-datasheet.pdf'),
  }, async () => {
    const { result } = await extracted('module-ja-jam72d40-595')
    assert.deepEqual(
      result.map(({ text }) => text.kind),
      ['no-text', 'no-text'],
    )
    assert.ok(result.every(({ text }) => text.paragraphs.length === 0))
    const half = await extracted('module-CSUN265-60P-datasheet')
    assert.ok(half.result.some(({ text }) => text.outlined))
  })

  test('PRODIST: structure, headers on every page', {
    skip: without('pdf/aneel-prodist-modulo8-rev12.pdf'),
  }, async () => {
    const { result, complete, tagged } = await extracted('aneel-prodist-modulo8-rev12')
    assert.ok(complete && tagged)
    assert.equal(result.length, 88)
    const headed = result.filter(({ text }) => text.paragraphs.some(({ role }) => role === 'header'))
    assert.ok(headed.length >= 85, String(headed.length))
    const page6 = result[5]?.text.paragraphs ?? []
    assert.ok(page6.some(({ text, role }) => role === 'heading' && text === '2 TENSÃO EM REGIME PERMANENTE'))
    assert.ok(page6.some(({ text }) => text.endsWith('conforme definições desta Seção.')))
  })
})
