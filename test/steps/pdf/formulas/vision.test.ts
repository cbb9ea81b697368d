import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createCanvas, loadImage } from '@napi-rs/canvas'
import { PipelineError } from '../../../../lib/errors.ts'
import { cropRegions } from '../../../../lib/steps/pdf/formulas/crop.ts'
import { adapterOf } from '../../../../lib/steps/pdf/formulas/models.ts'
import { readPictures } from '../../../../lib/steps/pdf/formulas/read-pictures.ts'
import { type OllamaReaderOptions, ollamaReader } from '../../../../lib/steps/pdf/formulas/vision.ts'
import { formulasOf, pictured } from './helpers.ts'
import { type Behaviour, ollamaDouble } from './ollama-double.ts'

/** Answers for the length of one test. */
async function withDouble(
  behave: Behaviour,
  use: (options: OllamaReaderOptions, double: Awaited<ReturnType<typeof ollamaDouble>>) => Promise<void>,
): Promise<void> {
  const double = await ollamaDouble('qwen3-vl', behave)
  try {
    await use({ host: double.host, model: 'qwen3-vl' }, double)
  } finally {
    await double.close()
  }
}

const never = new AbortController().signal
const code = (wanted: string) => (error: unknown) => error instanceof PipelineError && error.code === wanted

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
    await withDouble(
      () => JSON.stringify({ latex: String.raw`P=\frac{E}{t}` }),
      async (options, double) => {
        const { unread } = await formulasOf(bytes)
        const read = await readPictures(bytes, unread, { reader: ollamaReader(options), signal: never })
        assert.deepEqual(double.complaints, [])
        assert.equal(double.requests[0]?.messages[0]?.images?.length, 1)
        assert.ok(
          Buffer.from(double.requests[0].messages[0].images[0] ?? '', 'base64')
            .subarray(1, 4)
            .equals(Buffer.from('PNG')),
        )
        assert.deepEqual(read.unread, [])
        assert.equal(read.formulas[0]?.latex, String.raw`P=\frac{E}{t}`)
        assert.equal(read.formulas[0].source, 'vision')
        assert.equal(read.formulas[0].number, '3.4')
      },
    )
  })

  test('stay unread when what the model writes does not parse, or it sees none', async () => {
    for (const latex of [String.raw`P=\frac{E}{`, String.raw`\href{javascript:x}{y}\undefinedcommand`, '']) {
      await withDouble(
        () => JSON.stringify({ latex }),
        async (options) => {
          const { unread } = await formulasOf(bytes)
          const read = await readPictures(bytes, unread, { reader: ollamaReader(options), signal: never })
          assert.deepEqual(read.formulas, [])
          assert.equal(read.unread.length, 1)
        },
      )
    }
  })
})

describe('a reader on Ollama', () => {
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
        await withDouble(
          () => text,
          async (options, double) => {
            assert.equal(await ollamaReader({ ...options, adapter }).readFormula(png, never), 'x = \\frac{a}{b}')
            assert.equal(double.requests[0]?.format, undefined)
            assert.deepEqual(double.complaints, [])
          },
        )
      }
    }
  })

  test('tells what is wrong', async () => {
    await withDouble(
      () => 'I see a formula.',
      async (options) => {
        await assert.rejects(ollamaReader(options).readFormula(png, never), code('VISION_ANSWER'))
        await assert.rejects(ollamaReader({ ...options, model: 'other' }).readFormula(png, never), code('VISION_MODEL'))
      },
    )
    await withDouble(
      (_, response) => {
        response.writeHead(500).end('{"error":"out of memory"}')
        return undefined
      },
      async (options) => {
        await assert.rejects(ollamaReader(options).readFormula(png, never), code('VISION_UNAVAILABLE'))
      },
    )
    await assert.rejects(
      ollamaReader({ host: 'http://127.0.0.1:9', model: 'm' }).readFormula(png, never),
      code('VISION_UNAVAILABLE'),
    )
  })

  test('ends when it takes too long, and when it is stopped', async () => {
    await withDouble(
      () => undefined,
      async (options) => {
        await assert.rejects(
          ollamaReader({ ...options, timeoutMs: 150 }).readFormula(png, never),
          code('VISION_TIMEOUT'),
        )
        const controller = new AbortController()
        const reading = ollamaReader(options).readFormula(png, controller.signal)
        setTimeout(() => controller.abort(new Error('stopped')), 50)
        await assert.rejects(reading, /stopped/)
      },
    )
  })
})
