import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { onePage, type PageParts, stream } from './raw.ts'
import { pageOf, textOf } from './reading.ts'

const text = (x: number, y: number, words: string, more = '') =>
  `BT /F1 12 Tf ${more} 1 0 0 1 ${x} ${y} Tm (${words}) Tj ET\n`

const picture = (more = ''): ReturnType<typeof stream> =>
  stream(
    new Uint8Array([200, 10, 10]),
    `/Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceRGB /BitsPerComponent 8 ${more}`,
  )

/** What is shown is `SHOWN`, what is not is `GONE`; both are in the file. */
const cases: { what: string; parts: PageParts; shown?: string }[] = [
  { what: 'invisible text', parts: { content: text(20, 20, 'GONE', '3 Tr') + text(20, 50, 'SHOWN', '0 Tr') } },
  { what: 'white on white', parts: { content: `1 g ${text(20, 20, 'GONE')} 0 g ${text(20, 50, 'SHOWN')}` } },
  {
    what: 'nearly white on white',
    parts: { content: `0.99 g ${text(20, 20, 'GONE')} 0.6 g ${text(20, 50, 'SHOWN')}` },
  },
  { what: 'white on a dark band', parts: { content: `0 0 0.4 rg 10 10 200 30 re f 1 g ${text(20, 20, 'SHOWN')}` } },
  {
    what: 'dark on the same dark',
    parts: { content: `0 0 0.4 rg 10 10 200 30 re f ${text(20, 20, 'GONE')} 0 g ${text(20, 60, 'SHOWN')}` },
  },
  {
    what: 'under a later rectangle',
    parts: { content: `${text(20, 20, 'GONE')} 1 g 10 10 200 30 re f 0 g ${text(20, 20, 'SHOWN')}` },
  },
  {
    what: 'under a later polygon',
    parts: { content: `${text(20, 20, 'GONE')} ${text(300, 250, 'SHOWN')} 0.8 g 0 0 m 200 0 l 0 200 l f` },
  },
  {
    what: 'beside a later polygon, in its box',
    parts: { content: `${text(150, 180, 'SHOWN')} 0.8 g 0 0 m 200 0 l 0 200 l f` },
  },
  {
    what: 'in the hole of a later path',
    parts: {
      content: `${text(60, 60, 'SHOWN')} 1 0 0 rg 0 0 m 300 0 l 300 200 l 0 200 l h 40 40 m 200 40 l 200 100 l 40 100 l h f*`,
    },
  },
  {
    what: 'under a thick line',
    parts: { content: `${text(20, 20, 'GONE')} 20 w 10 24 m 200 24 l S ${text(20, 60, 'SHOWN')}` },
  },
  { what: 'struck through by a thin line', parts: { content: `${text(20, 20, 'SHOWN')} 1 w 10 24 m 200 24 l S` } },
  {
    what: 'under a later picture',
    parts: {
      content: `${text(20, 20, 'GONE')} q 200 0 0 30 10 10 cm /I Do Q ${text(20, 20, 'SHOWN')}`,
      resources: '/XObject << /I 8 0 R >>',
      objects: [picture()],
    },
  },
  {
    what: 'under a picture that has a mask',
    parts: {
      content: `${text(20, 20, 'SHOWN')} q 200 0 0 30 10 10 cm /I Do Q`,
      resources: '/XObject << /I 8 0 R >>',
      objects: [
        picture('/SMask 9 0 R'),
        stream(
          new Uint8Array([0]),
          '/Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8',
        ),
      ],
    },
  },
  {
    what: 'white on a picture',
    parts: {
      content: `q 200 0 0 30 10 10 cm /I Do Q 1 g ${text(20, 20, 'SHOWN')}`,
      resources: '/XObject << /I 8 0 R >>',
      objects: [picture()],
    },
  },
  {
    what: 'under paint that lets it through, or mixes with it',
    parts: {
      content: `${text(20, 20, 'SH')} /A gs 0 1 0 rg 10 10 100 30 re f /N gs 0 g ${text(120, 20, 'OWN')} /M gs 1 1 0 rg 110 10 100 30 re f`,
      resources: '/ExtGState << /A << /ca 0.4 >> /N << /ca 1 >> /M << /BM /Multiply >> >>',
    },
  },
  {
    what: 'transparent',
    parts: {
      content: `/A gs ${text(20, 20, 'GONE')} /N gs ${text(20, 50, 'SHOWN')}`,
      resources: '/ExtGState << /A << /ca 0 >> /N << /ca 1 >> >>',
    },
  },
  {
    what: 'outside the clip',
    parts: { content: `q 10 10 50 30 re W n ${text(100, 20, 'GONE')} Q ${text(100, 20, 'SHOWN')}` },
  },
  { what: 'inside the clip', parts: { content: `q 10 10 150 30 re W n ${text(20, 20, 'SHOWN')} Q` } },
  {
    what: 'outside a slanted clip, in its box',
    parts: { content: `q 0 0 m 200 0 l 0 200 l h W n ${text(150, 180, 'GONE')} ${text(10, 20, 'SHOWN')} Q` },
  },
  {
    what: 'outside the page',
    parts: { content: `${text(500, 20, 'GONE')} ${text(20, -30, 'GONE')} ${text(20, 20, 'SHOWN')}` },
  },
  {
    what: 'in a layer that is off',
    parts: {
      content: `/OC /Off BDC ${text(20, 20, 'GONE')} /OC /On BDC ${text(20, 30, 'GONE')} EMC EMC /OC /On BDC ${text(20, 50, 'SHOWN')} EMC`,
      resources: '/Properties << /Off 8 0 R /On 9 0 R >>',
      objects: ['<< /Type /OCG /Name (off) >>', '<< /Type /OCG /Name (on) >>'],
      catalogue: '/OCProperties << /OCGs [8 0 R 9 0 R] /D << /OFF [8 0 R] >> >>',
    },
  },
  {
    what: 'in a form outside its box',
    parts: {
      content: '/X Do',
      resources: '/XObject << /X 8 0 R >>',
      objects: [
        stream(
          `${text(200, 20, 'GONE')} ${text(20, 20, 'SHOWN')}`,
          '/Type /XObject /Subtype /Form /BBox [0 0 100 100] /Resources << /Font << /F1 6 0 R >> >>',
        ),
      ],
    },
  },
  {
    what: 'in a group that is transparent as a whole',
    parts: {
      content: `/A gs /X Do /N gs ${text(20, 50, 'SHOWN')}`,
      resources: '/XObject << /X 8 0 R >> /ExtGState << /A << /ca 0 >> /N << /ca 1 >> >>',
      objects: [
        stream(
          text(20, 20, 'GONE'),
          '/Type /XObject /Subtype /Form /BBox [0 0 400 300] /Group << /S /Transparency >> /Resources << /Font << /F1 6 0 R >> >>',
        ),
      ],
    },
  },
  {
    what: 'under a group that is mixed with it as a whole',
    parts: {
      content: `${text(20, 20, 'SHOWN')} /M gs /X Do`,
      resources: '/XObject << /X 8 0 R >> /ExtGState << /M << /BM /Multiply >> >>',
      objects: [
        stream(
          '/N gs 1 1 0 rg 0 0 300 100 re f',
          '/Type /XObject /Subtype /Form /BBox [0 0 400 300] /Group << /S /Transparency >> /Resources << /ExtGState << /N << /BM /Normal >> >> >>',
        ),
      ],
    },
  },
  {
    what: 'as the shape of a mask',
    parts: {
      content: `/A gs 0 0 1 rg 10 10 50 50 re f /N gs ${text(20, 80, 'SHOWN')}`,
      resources: '/ExtGState << /A << /SMask << /S /Luminosity /G 8 0 R >> >> /N << /SMask /None >> >>',
      objects: [
        stream(
          `1 g ${text(20, 20, 'GONE')}`,
          '/Type /XObject /Subtype /Form /BBox [0 0 400 300] /Group << /S /Transparency /CS /DeviceGray >> /Resources << /Font << /F1 6 0 R >> >>',
        ),
      ],
    },
  },
  {
    what: 'a window that something is painted through',
    parts: { content: `q ${text(20, 20, 'SHOWN', '7 Tr')} 1 0 0 rg 0 0 200 100 re f Q` },
  },
  {
    what: 'a window without anything behind it',
    parts: { content: `q ${text(20, 20, 'GONE', '7 Tr')} Q ${text(20, 50, 'SHOWN', '0 Tr')}` },
  },
  { what: 'outlined only', parts: { content: `1 g 0 G ${text(20, 20, 'SHOWN', '1 Tr')}` } },
  { what: 'white text with a dark outline', parts: { content: `1 g 0 G ${text(20, 20, 'SHOWN', '2 Tr')}` } },
  {
    what: 'in an annotation',
    parts: {
      content: text(20, 20, 'SH'),
      page: '/Annots [8 0 R]',
      objects: [
        '<< /Type /Annot /Subtype /Stamp /Rect [100 20 200 60] /F 4 /AP << /N 9 0 R >> >>',
        stream(
          text(5, 5, 'OWN'),
          '/Type /XObject /Subtype /Form /BBox [0 0 100 40] /Resources << /Font << /F1 6 0 R >> >>',
        ),
      ],
    },
  },
]

describe('only what a reader sees', () => {
  for (const { what, parts, shown = 'SHOWN' } of cases) {
    test(what, async () => {
      const page = await pageOf(onePage(parts))
      assert.equal(textOf(page).replaceAll(' ', ''), shown)
    })
  }
})

test('hidden characters are counted', async () => {
  const page = await pageOf(onePage({ content: text(20, 20, 'GONE', '3 Tr') + text(20, 50, 'SHOWN', '0 Tr') }))
  assert.equal(page.hidden, 4)
})

test('a scan with an invisible text layer gives the layer, and says so', async () => {
  const page = await pageOf(
    onePage({
      content: `q 400 0 0 300 0 0 cm /I Do Q ${text(20, 100, 'twenty and more letters of a scan', '3 Tr')}`,
      resources: '/XObject << /I 8 0 R >>',
      objects: [picture()],
    }),
  )
  assert.equal(page.source, 'layer')
  assert.equal(textOf(page), 'twenty and more letters of a scan')
})

test('rules, fills and pictures', async () => {
  const page = await pageOf(
    onePage({
      content: `
        0.5 w 50 200 m 150 200 l S
        0.5 w 150 200 m 250 200 l S
        50 100 0.7 100 re f
        1 0 0 RG 300 50 60 40 re S
        1 G 50 250 m 350 250 l S
        0.9 g 50 150 200 20 re f
        1 g 60 20 100 20 re f
        q 80 0 0 40 300 200 cm /I Do Q`,
      resources: '/XObject << /I 8 0 R >>',
      objects: [picture()],
    }),
  )
  const round = ({ left, top, right, bottom }: { left: number; top: number; right: number; bottom: number }) =>
    [left, top, right, bottom].map(Math.round).join(' ')
  const rules = (direction: string) => page.rules.filter((rule) => rule.direction === direction).map(round)
  assert.deepEqual(
    rules('horizontal').sort(),
    ['300 210 360 210', '300 250 360 250', '50 100 250 100'],
    'joined, and not the white one',
  )
  assert.deepEqual(rules('vertical').sort(), ['300 210 300 250', '360 210 360 250', '50 100 51 200'])
  assert.deepEqual(page.fills.map(round), ['50 130 250 150'], 'not white on white')
  assert.equal(page.fills[0]?.colour, '#e6e6e6')
  assert.deepEqual(page.images.map(round), ['300 60 380 100'])
})
