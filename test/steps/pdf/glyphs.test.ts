import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plain } from '../../../lib/steps/pdf/read/characters.ts'
import type { Glyph } from '../../../lib/steps/pdf/read/model.ts'
import { onePage, stream } from './raw.ts'
import { pageOf, textOf } from './reading.ts'

const near = (actual: number, expected: number, what: string, by = 0.05) =>
  assert.ok(Math.abs(actual - expected) <= by, `${what}: ${actual}, not ${expected}`)

async function glyphsOf(content: string, more: Partial<Parameters<typeof onePage>[0]> = {}): Promise<Glyph[]> {
  return (await pageOf(onePage({ content, ...more }))).glyphs
}

function one(glyphs: readonly Glyph[], text: string): Glyph {
  const found = glyphs.find((glyph) => glyph.text === text)
  assert.ok(found, `no ${text} among ${glyphs.map((glyph) => glyph.text).join('')}`)
  return found
}

// Helvetica: A is 667 wide, B 667, a space 278
test('a glyph stands where the text matrix puts it, as wide as its font says', async () => {
  const glyphs = await glyphsOf('BT /F1 20 Tf 1 0 0 1 100 200 Tm (AB) Tj ET')
  const a = one(glyphs, 'A')
  near(a.left, 100, 'left')
  near(a.right, 113.34, 'right')
  near(a.baseline, 100, 'baseline')
  near(a.size, 20, 'size')
  near(one(glyphs, 'B').left, 113.34, 'next')
  assert.ok(a.top > 80 && a.top < 90 && a.bottom > 100 && a.bottom < 106, `${a.top} to ${a.bottom}`)
  assert.equal(a.angle, 0)
  assert.equal(a.font, 'Helvetica')
})

test('spacing, scale, rise, leading and gaps move glyphs', async () => {
  const glyphs = await glyphsOf(
    'BT /F1 10 Tf 2 Tc 5 Tw 50 Tz 1 0 0 1 100 200 Tm (A B) Tj 0 Tc 0 Tw 100 Tz 4 Ts (C) Tj 0 Ts 14 TL T* [(D) -1000 (E)] TJ ET',
  )
  // (6.67 + 2) * 0.5, then the space (2.78 + 2 + 5) * 0.5
  near(one(glyphs, 'B').left, 100 + 4.335 + 4.89, 'B')
  assert.equal(one(glyphs, 'B').spaced, true)
  const c = one(glyphs, 'C')
  near(c.baseline, 96, 'raised')
  near(c.left, 100 + 4.335 + 4.89 + 4.335, 'C')
  near(one(glyphs, 'D').baseline, 114, 'next line')
  near(one(glyphs, 'D').left, 100, 'next line')
  near(one(glyphs, 'E').left, 100 + 7.22 + 10, 'gap')
})

test('matrices multiply, and a turned page is read as it is shown', async () => {
  const scaled = one(await glyphsOf('q 2 0 0 2 10 20 cm BT /F1 10 Tf 15 30 Td (A) Tj ET Q'), 'A')
  near(scaled.left, 40, 'left')
  near(scaled.baseline, 300 - 80, 'baseline')
  near(scaled.size, 20, 'size')
  const page = await pageOf(onePage({ content: 'BT /F1 10 Tf 50 100 Td (A) Tj ET', page: '/Rotate 90' }))
  near(page.width, 300, 'width')
  const turned = one(page.glyphs, 'A')
  assert.equal(turned.angle, 90)
  near(turned.top, 50, 'top')
  const up = one(await glyphsOf('BT /F1 10 Tf 0 1 -1 0 200 100 Tm (A) Tj ET'), 'A')
  assert.equal(up.angle, 270)
  near(up.bottom, 200, 'its beginning is below')
  near(up.top, 200 - 6.67, 'its end above')
})

test('a crop box and a page whose corner is not at 0', async () => {
  const page = await pageOf(
    onePage({
      content: 'BT /F1 10 Tf 120 140 Td (A) Tj ET',
      box: '100 100 500 400',
      page: '/CropBox [110 110 410 310]',
    }),
  )
  near(page.width, 300, 'width')
  near(one(page.glyphs, 'A').left, 10, 'left')
  near(one(page.glyphs, 'A').baseline, 170, 'baseline')
})

test('a Type3 font draws with its own matrix; a glyph that paints nothing is not there', async () => {
  const glyphs = await glyphsOf('BT /F3 10 Tf 100 100 Td (ab) Tj (a) Tj ET', {
    fonts: '/F3 8 0 R',
    objects: [
      '<< /Type /Font /Subtype /Type3 /FontBBox [0 0 10 10] /FontMatrix [0.1 0 0 0.1 0 0] /FirstChar 97 /LastChar 98 /Widths [8 4] /Encoding << /Differences [97 /square /empty] >> /CharProcs << /square 9 0 R /empty 10 0 R >> /Resources << >> /ToUnicode 11 0 R >>',
      stream('8 0 0 0 8 8 d1 0 0 8 8 re f'),
      stream('4 0 d0'),
      stream(
        '/CIDInit /ProcSet findresource begin 12 dict begin begincmap 1 begincodespacerange <00> <ff> endcodespacerange 2 beginbfchar <61> <0058> <62> <0059> endbfchar endcmap end end',
      ),
    ],
  })
  assert.deepEqual(
    glyphs.map((glyph) => glyph.text),
    ['X', 'X'],
  )
  near(glyphs[1]?.left ?? 0, 100 + 12, 'second')
  near(glyphs[0]?.right ?? 0, 108, 'width')
})

test('vertical writing goes down', async () => {
  const glyphs = await glyphsOf('BT /F3 20 Tf 100 200 Td <B0A1B0A2> Tj ET', {
    fonts: '/F3 8 0 R',
    objects: [
      '<< /Type /Font /Subtype /Type0 /BaseFont /SimSun /Encoding /GBK-EUC-V /DescendantFonts [9 0 R] >>',
      '<< /Type /Font /Subtype /CIDFontType2 /BaseFont /SimSun /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 2 >> /DW 1000 /FontDescriptor 10 0 R >>',
      '<< /Type /FontDescriptor /FontName /SimSun /Flags 4 /FontBBox [0 -200 1000 900] /ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 700 /StemV 80 >>',
    ],
  })
  // the codes are read through the character maps that pdf.js ships
  assert.deepEqual(
    glyphs.map((glyph) => glyph.text),
    ['啊', '阿'],
  )
  near(glyphs[0]?.left ?? 0, 90, 'centred')
  near((glyphs[1]?.top ?? 0) - (glyphs[0]?.top ?? 0), 20, 'one below the other')
})

test('what characters read as', () => {
  assert.equal(plain('ﬁ'), 'fi')
  assert.equal(plain('ﬃ'), 'ffi')
  assert.equal(plain('𝐷'), 'D')
  assert.equal(plain('𝛽'), 'β')
  assert.equal(plain('m²'), 'm²', 'never NFKC')
  assert.equal(plain('½'), '½')
  assert.equal(plain('℃'), '℃')
  assert.equal(plain('\ufe00'), '')
  assert.equal(plain('\u00ad'), '-')
  assert.equal(plain('\uf062', true), 'β', "Word's private codes of Symbol")
  assert.equal(plain('\uf0b0', true), '°')
  assert.equal(plain('\uf0e5', true), '∑')
  assert.equal(plain('\uf8eb'), '⎛')
  assert.equal(plain('\uf0a7'), '▪')
  assert.equal(plain('a\u0301'), 'á')
})

test('Symbol without an encoding of its own reads as Greek', async () => {
  assert.equal(textOf(await pageOf(onePage({ content: 'BT /F2 12 Tf 50 50 Td (abS) Tj ET' }))), 'αβΣ')
})

test('a font of numbered glyphs without a word on what they are is guessed, and says so', async () => {
  // glyphs 3 (space), 20 (1), 36 (A), 72 (e) as in Arial and most TrueType fonts
  const { glyphs } = await pageOf(
    onePage({
      content: 'BT /F3 12 Tf 50 50 Td <00240048000300140015> Tj ET',
      fonts: '/F3 8 0 R',
      objects: [
        '<< /Type /Font /Subtype /Type0 /BaseFont /ABCDEF+Arial /Encoding /Identity-H /DescendantFonts [9 0 R] >>',
        '<< /Type /Font /Subtype /CIDFontType2 /BaseFont /ABCDEF+Arial /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /DW 500 /CIDToGIDMap /Identity /FontDescriptor 10 0 R >>',
        '<< /Type /FontDescriptor /FontName /ABCDEF+Arial /Flags 4 /FontBBox [0 -200 1000 900] /ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 700 /StemV 80 >>',
      ],
    }),
  )
  assert.equal(glyphs.map((glyph) => glyph.text).join(''), 'Ae12')
  assert.ok(glyphs.every((glyph) => glyph.guessed))
})
