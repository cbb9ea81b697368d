import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Dice } from '../../../../bench/pdf/generate/random.ts'
import { pageTables, parametersOf } from '../../../../lib/steps/pdf/parameters/extract.ts'
import type { Glyph, PdfPage, Rule } from '../../../../lib/steps/pdf/read/model.ts'

const empty: PdfPage = {
  number: 1,
  width: 595,
  height: 842,
  glyphs: [],
  rules: [],
  images: [],
  fills: [],
  structure: undefined,
  outlines: 0,
  source: 'drawn',
  hidden: 0,
  truncated: false,
  cut: [],
}

function glyph(x: number, y: number, text = 'a1'): Glyph {
  return {
    text,
    left: x,
    right: x + 4,
    top: y - 7,
    bottom: y + 2,
    baseline: y,
    size: 8,
    angle: 0,
    font: 'F',
    bold: false,
    italic: false,
    colour: '#000000',
    mark: undefined,
    spaced: false,
    guessed: false,
  }
}

const dice = new Dice(3)
const many = <T>(count: number, make: (index: number) => T) => Array.from({ length: count }, (_, index) => make(index))
const anywhere = () => glyph(dice.between(0, 590), dice.between(0, 840), dice.pick(['a', '7', ',', 'V']))
const rule = (index: number): Rule => {
  const [x, y] = [dice.between(0, 500), dice.between(0, 800)]
  return index % 2 === 0
    ? { left: x, right: x + 90, top: y, bottom: y + 0.5, direction: 'horizontal' }
    : { left: x, right: x + 0.5, top: y, bottom: y + 90, direction: 'vertical' }
}

/** Pages that no document means to have. */
const pages: Record<string, PdfPage> = {
  'an empty page': empty,
  'numbers that are none': {
    ...empty,
    glyphs: [glyph(Number.NaN, 5), glyph(3, Number.POSITIVE_INFINITY), { ...glyph(5, 5), bottom: 1e12 }],
    rules: [{ left: Number.NaN, right: 3, top: 1, bottom: 1, direction: 'horizontal' }],
  },
  'a heap of glyphs': { ...empty, glyphs: many(10_000, anywhere) },
  'a heap of lines': { ...empty, rules: many(10_000, rule), glyphs: many(3_000, anywhere) },
  'a heap of fills': {
    ...empty,
    fills: many(10_000, () => {
      const [x, y] = [dice.between(0, 500), dice.between(0, 800)]
      return { left: x, right: x + 40, top: y, bottom: y + 12, colour: '#eeeeee' }
    }),
    glyphs: many(2_000, anywhere),
  },
}

describe('pages made to hurt', () => {
  for (const [name, page] of Object.entries(pages)) {
    it(`${name}: in bounded time, and nothing invented`, { timeout: 20_000 }, () => {
      const started = performance.now()
      assert.deepEqual(parametersOf([pageTables(page)]).records, [])
      assert.ok(performance.now() - started < 10_000)
    })
  }
})
