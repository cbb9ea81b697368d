import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { pagesOf, scoreQuality } from '../../../../bench/pdf/extraction.ts'
import { generatedDocuments } from '../../../../bench/pdf/generate/documents.ts'
import { drawTable, sheet } from '../../../../bench/pdf/generate/drawing.ts'
import { add, noScore, precision, recall, type Score, scoreRecords, scoreTables } from '../../../../bench/pdf/score.ts'
import { parametersOf } from '../../../../lib/steps/pdf/parameters/extract.ts'
import { joinTables } from '../../../../lib/steps/pdf/tables/join.ts'
import { drawn } from '../tables/documents.ts'

const folder = join(
  process.env.YSH_SAMPLES ?? join(fileURLToPath(new URL('../../../..', import.meta.url)), '..', 'shared', 'samples'),
  'pdf',
)
const skip = existsSync(folder) ? false : `no sample documents in ${folder} (set YSH_SAMPLES)`

describe('generated documents', () => {
  it('give the tables and parameters that were put into them', async () => {
    const heldOut = { parameters: noScore(), tables: noScore() }
    for await (const document of generatedDocuments()) {
      const { name, content } = document
      const pages = await pagesOf(content.bytes)
      const scores = {
        parameters: content.records && scoreRecords(content.records, parametersOf(pages).records),
        tables: content.tables && scoreTables(content.tables, joinTables(pages.map((page) => page.tables))),
      }
      for (const kind of ['parameters', 'tables'] as const) {
        const score = scores[kind]
        if (score === undefined) continue
        if (document.heldOut) add(heldOut[kind], score)
        else good(score, `${kind} of ${name}`)
      }
    }
    good(heldOut.parameters, 'parameters of those held out')
    good(heldOut.tables, 'tables of those held out')
  })
})

function good(score: Score, what: string): void {
  const failures = score.failures.slice(0, 3).join('; ')
  assert.ok(precision(score) >= 0.98 && recall(score) >= 0.98, `${what}: ${failures}`)
}

describe('a datasheet', () => {
  it('gives each value with page, box, unit as printed and canonical', async () => {
    const page = sheet()
    drawTable(
      page,
      drawn(
        [
          ['Model', 'XY-400', 'XY-405'],
          ['Maximum Power (Pmax) [W]', '400', '405'],
          ['Open Circuit Voltage (Voc) [V]', '45.2', '45.3'],
          ['Maximum Power Voltage (Vmp) [V]', '37.9', '38.2'],
          ['Maximum Power Current (Imp) [A]', '10.55', '10.60'],
          ['Weight', '21.5 kg', '21.5 kg'],
        ],
        { widths: [180, 80, 80] },
      ),
    )
    const { records } = parametersOf(await pagesOf(await page.bytes()))
    assert.deepEqual(
      records.map(({ model, status }) => [model, status]),
      [
        ['XY-400', 'checked'],
        ['XY-405', 'checked'],
      ],
    )
    const voc = records[1]?.parameters.Voc
    assert.deepEqual(
      [voc?.value, voc?.unit, voc?.num, voc?.page, voc?.label],
      ['45.3', 'V', 45.3, 1, 'Open Circuit Voltage (Voc) [V]'],
    )
    assert.ok(voc !== undefined && voc.box.left > 45 + 180 + 80 && voc.box.right < 45 + 180 + 160)
    assert.equal(records[0]?.condition, 'unspecified')
  })

  it('that contradicts itself gives both values', async () => {
    const page = sheet()
    const names = ['Max. input voltage', 'Number of MPPTs', 'European efficiency', 'Weight']
    drawTable(
      page,
      drawn(
        [
          ['Technical data', 'AB-5K'],
          ...names.map((name, index) => [name, ['600 V', '2', '97.7 %', '12 kg'][index] ?? '']),
        ],
        { widths: [180, 90] },
      ),
    )
    page.y += 60
    drawTable(
      page,
      drawn(
        [
          ['Highlights', 'AB-5K'],
          ['European efficiency', '98.0 %'],
          ['Weight', '12 kg'],
        ],
        { widths: [180, 90] },
      ),
    )
    const { contradictions } = parametersOf(await pagesOf(await page.bytes()))
    assert.deepEqual(
      contradictions.map(({ name, values }) => [name, values.map((value) => value.num)]),
      [['europeanEfficiency', [97.7, 98]]],
    )
  })

  it('without labels gives nothing', async () => {
    const page = sheet()
    drawTable(
      page,
      drawn(
        [
          ['400', '405'],
          ['45.2', '45.3'],
          ['37.9', '38.2'],
        ],
        {},
      ),
    )
    assert.deepEqual(parametersOf(await pagesOf(await page.bytes())), {
      kind: undefined,
      records: [],
      contradictions: [],
    })
  })
})

describe('real documents', { skip }, () => {
  it('agree with their truth', async () => {
    const lines = (await scoreQuality(folder)).filter((line) => line.set === 'samples')
    assert.ok(lines.length >= 9)
    for (const { kind, name, score } of lines) {
      assert.ok(
        precision(score) >= 0.98 && recall(score) >= 0.98,
        `${kind} of ${name}: ${score.failures.slice(0, 5).join('; ')}`,
      )
    }
  })
})
