import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createCanvas, loadImage } from '@napi-rs/canvas'
import { openOllama } from '../../../../lib/models/ollama.ts'
import { cropRegions } from '../../../../lib/steps/pdf/formulas/crop.ts'
import { adapterOf } from '../../../../lib/steps/pdf/formulas/models.ts'
import { readPictures } from '../../../../lib/steps/pdf/formulas/read-pictures.ts'
import { type FormulaReader, visionReader } from '../../../../lib/steps/pdf/formulas/vision.ts'
import { code } from '../../../helpers/pipeline-error.ts'
import { ollamaConfig, withDouble } from '../../../models/server.ts'
import type { OllamaDouble } from '../../../ollama/double.ts'
import { formulasOf, pictured } from './helpers.ts'

/** A reader on a double whose model answers so. */
async function withReader(
  reply: () => string,
  use: (reader: FormulaReader, double: OllamaDouble) => Promise<void>,
  options: { adapter?: 'json' | 'markdown' | 'doctags'; model?: string } = {},
): Promise<void> {
  const models = [{ name: 'qwen3-vl', capabilities: ['completion', 'vision'] }, 'llama3.2']
  await withDouble({ models, reply }, (double) =>
    use(visionReader(openOllama(ollamaConfig(double.url)), { model: 'qwen3-vl', ...options }), double),
  )
}

const never = new AbortController().signal

describe('formulas that are pictures', () => {
  let bytes: Uint8Array = new Uint8Array()
  before(async () => {
    bytes = await pictured()
  })
  after(() => {
    bytes = new Uint8Array()
  })

  test('are unread, with box, number and the list that follows', async () => {
    const { formulas, unread } = await formulasOf(bytes)
    assert.deepEqual(formulas, [])
    assert.equal(unread.length, 1)
    const [one] = unread
    assert.equal(one?.reason, 'picture')
    assert.equal(one.number, '3.4')
    assert.match(one.where ?? '', /P = potência/)
    assert.ok(Math.abs(one.box.left - 200) < 1 && Math.abs(one.box.right - 350) < 1 && Math.abs(one.box.top - 140) < 1)
  })

  test('are drawn: the picture of the region holds what is there', async () => {
    const region = { page: 1, box: { left: 200, top: 140, right: 350, bottom: 180 } }
    const [png, none] = await cropRegions(bytes, [region, { ...region, page: 7 }])
    assert.equal(none, undefined)
    assert.ok(png !== undefined)
    const image = await loadImage(Buffer.from(png))
    assert.ok(Math.abs(image.width - (158 * 250) / 72) <= 2, `width ${image.width}`)
    const canvas = createCanvas(image.width, image.height)
    const context = canvas.getContext('2d')
    context.drawImage(image, 0, 0)
    const at = (x: number, y: number): number[] => [...context.getImageData(x, y, 1, 1).data]
    assert.deepEqual(at(image.width / 2, image.height / 2), [255, 0, 0, 255])
    assert.deepEqual(at(2, 2), [255, 255, 255, 255])
  })

  test('are read by a model that answers in JSON', async () => {
    await withReader(
      () => JSON.stringify({ latex: String.raw`P=\frac{E}{t}` }),
      async (reader, double) => {
        const { unread } = await formulasOf(bytes)
        const read = await readPictures(bytes, unread, { reader, signal: never })
        // an "iVBORw0KGgo" is how a PNG begins in base64
        assert.match(JSON.stringify(double.of('/api/chat')[0]?.body), /"images":\["iVBORw0KGgo[^"]+"\].*"format":\{/)
        assert.deepEqual(read.unread, [])
        assert.equal(read.formulas[0]?.latex, String.raw`P=\frac{E}{t}`)
        assert.equal(read.formulas[0].source, 'vision')
        assert.equal(read.formulas[0].number, '3.4')
      },
    )
  })

  test('stay unread when what the model writes does not parse, or it sees none', async () => {
    for (const latex of [String.raw`P=\frac{E}{`, String.raw`\href{javascript:x}{y}\undefinedcommand`, '']) {
      await withReader(
        () => JSON.stringify({ latex }),
        async (reader) => {
          const { unread } = await formulasOf(bytes)
          const read = await readPictures(bytes, unread, { reader, signal: never })
          assert.deepEqual(read.formulas, [])
          assert.equal(read.unread.length, 1)
        },
      )
    }
  })
})

describe('a reader on a model that sees', () => {
  const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47])

  test('asks models made for OCR without a schema and takes the formula out of Markdown or tags', async () => {
    assert.equal(adapterOf('deepseek-ocr:3b'), 'markdown')
    assert.equal(adapterOf('ibm/granite-docling:258m'), 'doctags')
    assert.equal(adapterOf('qwen2.5vl:7b'), 'json')
    const answers = {
      markdown: [
        'Here it is:\n\n$$\nx = \\frac{a}{b} \\tag{1}\n$$',
        '\\[x = \\frac{a}{b}\\]',
        '```latex\nx = \\frac{a}{b}\n```',
      ],
      doctags: ['<doctag><formula><loc_1><loc_2>x = \\frac{a}{b}</formula></doctag>'],
    }
    for (const adapter of ['markdown', 'doctags'] as const) {
      for (const text of answers[adapter]) {
        await withReader(
          () => text,
          async (reader, double) => {
            assert.equal(await reader.readFormula(png, never), 'x = \\frac{a}{b}')
            assert.doesNotMatch(JSON.stringify(double.of('/api/chat')[0]?.body), /"format"/)
          },
          { adapter },
        )
      }
    }
  })

  test('tells what is wrong', async () => {
    await withReader(
      () => 'I see a formula.',
      async (reader) => await assert.rejects(reader.readFormula(png, never), code('MODEL_ANSWER')),
    )
    for (const [model, wanted] of [
      ['other', 'MODEL_MISSING'],
      ['llama3.2', 'MODEL_CANNOT'],
    ] as const) {
      await withReader(
        () => '',
        async (reader) => await assert.rejects(reader.readFormula(png, never), code(wanted)),
        { model },
      )
    }
  })

  test('ends when it is stopped', async () => {
    await withReader(
      () => '',
      async (reader, double) => {
        double.misbehave('/api/chat', { kind: 'hang' })
        const controller = new AbortController()
        const reading = reader.readFormula(png, controller.signal)
        setTimeout(() => controller.abort(), 50)
        await assert.rejects(reading, code('STOPPED'))
      },
    )
  })
})
