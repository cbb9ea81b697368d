import { deflateSync, gzipSync } from 'node:zlib'
import { fileOf, onePage, type RawObject, stream } from './raw.ts'
import { drawn } from './reading.ts'

/** A bad file, and what may come of it. */
export interface Hostile {
  name: string
  bytes: Uint8Array
  password?: string
  /** The code that must come. Without it: any outcome within the limits. */
  code?: string
  /** It must be read, with this text in it. */
  text?: string
}

const latin1 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'))
const text = (words: string): string => `BT /F1 12 Tf 20 100 Td (${words}) Tj ET\n`

/** A generator of numbers that gives the same ones every time. */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** A good file with several pages, fonts, a picture's worth of drawing and structure. */
export const good = (): Promise<Uint8Array> =>
  drawn(
    (document) => {
      for (let page = 1; page <= 4; page += 1) {
        if (page > 1) document.addPage()
        document.font('Times-Roman').fontSize(18).text(`Page ${page}`)
        document.font('Helvetica').fontSize(10)
        for (let line = 1; line <= 25; line += 1) document.text(`Line ${line} of page ${page} says something in words.`)
        document.rect(60, 600, 300, 40).fillAndStroke('#dddddd', '#222222')
      }
    },
    { tagged: true, displayTitle: true },
  )

async function damaged(): Promise<Hostile[]> {
  const whole = await good()
  const files: Hostile[] = []
  for (let part = 1; part <= 20; part += 1) {
    files.push({
      name: `cut after ${part * 4.75} %`,
      bytes: whole.slice(0, Math.floor((whole.length * part * 4.75) / 100)),
    })
  }
  for (let seed = 1; seed <= 24; seed += 1) {
    const next = numbers(seed)
    const bytes = whole.slice()
    const flips = 2 ** (seed % 8)
    for (let flip = 0; flip < flips; flip += 1) {
      const at = Math.floor(next() * bytes.length)
      bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(next() * 8))
    }
    files.push({ name: `${flips} bits wrong (${seed})`, bytes })
  }
  return files
}

async function locked(): Promise<Hostile[]> {
  const files: Hostile[] = []
  for (const version of ['1.3', '1.4', '1.7', '1.7ext3'] as const) {
    const bytes = await drawn((document) => document.text('behind a password'), {
      pdfVersion: version,
      userPassword: 'geheim',
      ownerPassword: 'mehr',
    })
    files.push(
      { name: `encrypted (${version})`, bytes, code: 'PDF_ENCRYPTED' },
      { name: `encrypted (${version}), wrong password`, bytes, password: 'falsch', code: 'PDF_PASSWORD' },
      { name: `encrypted (${version}), right password`, bytes, password: 'geheim', text: 'behind a password' },
    )
  }
  return files
}

const noPdf = (): Hostile[] => [
  { name: 'nothing', bytes: latin1(''), code: 'PDF_EMPTY' },
  { name: 'one byte', bytes: latin1('%'), code: 'NOT_PDF' },
  { name: 'a header only', bytes: latin1('%PDF-1.7\n'), code: 'PDF_BROKEN' },
  { name: 'a header and nonsense', bytes: latin1(`%PDF-1.7\n${'nonsense '.repeat(500)}`), code: 'PDF_BROKEN' },
  {
    name: 'a web page',
    bytes: latin1('<!DOCTYPE html><html><head><title>Manutenção</title></head></html>'),
    code: 'NOT_PDF',
  },
  {
    name: 'a web page with a BOM',
    bytes: latin1('\u00ef\u00bb\u00bf\n <html><body>no</body></html>'),
    code: 'NOT_PDF',
  },
  { name: 'a ZIP', bytes: latin1(`PK\u0003\u0004${'x'.repeat(200)}`), code: 'NOT_PDF' },
  { name: 'a PNG', bytes: latin1(`\u0089PNG\r\n\u001a\n${'x'.repeat(200)}`), code: 'NOT_PDF' },
  { name: 'a JPEG', bytes: latin1(`\u00ff\u00d8\u00ff\u00e0${'x'.repeat(200)}`), code: 'NOT_PDF' },
  { name: 'a gzip', bytes: new Uint8Array(gzipSync('PDF')), code: 'NOT_PDF' },
  { name: 'JSON', bytes: latin1('{"error":"not found"}'), code: 'NOT_PDF' },
  { name: 'XML', bytes: latin1('<?xml version="1.0"?><error/>'), code: 'NOT_PDF' },
  { name: 'zeros', bytes: new Uint8Array(5_000), code: 'NOT_PDF' },
]

const catalogue = '<< /Type /Catalog /Pages 2 0 R >>'
const font = '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>'

function trees(): Hostile[] {
  const many: RawObject[] = [
    catalogue,
    `<< /Type /Pages /Count 10000 /Kids [${kids(10_000)}] >>`,
    stream(text('again')),
    font,
  ]
  for (let page = 0; page < 10_000; page += 1) {
    many.push(
      '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Contents 3 0 R /Resources << /Font << /F1 4 0 R >> >> >>',
    )
  }
  const chain: RawObject[] = [catalogue]
  for (let depth = 2; depth < 6_000; depth += 1) chain.push(`<< /Type /Pages /Count 1 /Kids [${depth + 1} 0 R] >>`)
  chain.push('<< /Type /Page /MediaBox [0 0 300 200] >>')
  const page = '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] >>'
  return [
    { name: '10,000 pages', bytes: fileOf(many), text: 'again' },
    { name: 'no pages', bytes: fileOf([catalogue, '<< /Type /Pages /Kids [] /Count 0 >>']), code: 'PDF_NO_PAGES' },
    { name: 'no page tree', bytes: fileOf(['<< /Type /Catalog >>']) },
    { name: 'a tree that holds itself', bytes: fileOf([catalogue, '<< /Type /Pages /Kids [2 0 R] /Count 3 >>']) },
    {
      name: 'two nodes that hold each other',
      bytes: fileOf([
        catalogue,
        '<< /Type /Pages /Kids [3 0 R] /Count 5 >>',
        '<< /Type /Pages /Kids [2 0 R] /Count 5 >>',
      ]),
    },
    { name: 'a tree 6,000 deep', bytes: fileOf(chain) },
    {
      name: 'a count of a thousand millions',
      bytes: fileOf([catalogue, '<< /Type /Pages /Kids [3 0 R] /Count 1000000000 >>', page]),
    },
    { name: 'a negative count', bytes: fileOf([catalogue, '<< /Type /Pages /Kids [3 0 R] /Count -4 >>', page]) },
    {
      name: 'a parent that is its own',
      bytes: fileOf([
        catalogue,
        '<< /Type /Pages /Parent 2 0 R /Kids [3 0 R] /Count 1 >>',
        '<< /Type /Page /Parent 2 0 R >>',
      ]),
    },
  ]
}

function kids(count: number): string {
  return Array.from({ length: count }, (_, at) => `${at + 5} 0 R`).join(' ')
}

function boxes(): Hostile[] {
  const sizes = [
    '0 0 1000000000 1000000000',
    '0 0 0 0',
    '100 100 -50 -50',
    '0 0 (a) (b)',
    '0 0 1e300 1e300',
    '0 0 0.0001 0.0001',
    '0 0',
  ]
  return [
    ...sizes.map((box) => ({ name: `a page of ${box}`, bytes: onePage({ content: text('big'), box }) })),
    { name: 'a unit of a million', bytes: onePage({ content: text('big'), page: '/UserUnit 1000000' }) },
    { name: 'turned by 45', bytes: onePage({ content: text('odd'), page: '/Rotate 45' }), text: 'odd' },
  ]
}

function tables(): Hostile[] {
  const start =
    '%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0 obj\n<< /Type /Pages /Kids [] /Count 0 >>\nendobj\n'
  const at = start.length
  const table = 'xref\n0 3\n0000000000 65535 f \n0000000009 00000 n \n0000000058 00000 n \n'
  return [
    {
      name: 'a cross-reference that is its own predecessor',
      bytes: latin1(`${start}${table}trailer\n<< /Size 3 /Root 1 0 R /Prev ${at} >>\nstartxref\n${at}\n%%EOF`),
    },
    {
      name: 'two cross-references in a circle',
      bytes: latin1(
        `${start}${table}trailer\n<< /Size 3 /Root 1 0 R /Prev ${at + 160} >>\n`.padEnd(at + 160) +
          `${table}trailer\n<< /Size 3 /Root 1 0 R /Prev ${at} >>\nstartxref\n${at}\n%%EOF`,
      ),
    },
    {
      name: 'a cross-reference beyond the end',
      bytes: latin1(`${start}${table}trailer\n<< /Root 1 0 R >>\nstartxref\n99999999\n%%EOF`),
    },
    {
      name: 'a cross-reference before the beginning',
      bytes: latin1(`${start}${table}trailer\n<< /Root 1 0 R >>\nstartxref\n-5\n%%EOF`),
    },
    {
      name: 'a table of a thousand million entries',
      bytes: latin1(
        `${start}xref\n0 1000000000\n0000000000 65535 f \ntrailer\n<< /Size 1000000000 /Root 1 0 R >>\nstartxref\n${at}\n%%EOF`,
      ),
    },
    { name: 'no cross-reference', bytes: latin1(`${start}trailer\n<< /Root 1 0 R >>`) },
    { name: 'a root that is a number', bytes: fileOf(['5', '<< >>']) },
    { name: 'an object that is itself', bytes: fileOf([catalogue, '2 0 R']) },
    {
      name: 'a length that is its own',
      bytes: fileOf([
        catalogue,
        '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
        '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Contents 4 0 R >>',
        stream('q Q', '/Length 4 0 R'),
      ]),
    },
    {
      name: 'a length far too long',
      bytes: fileOf([
        catalogue,
        '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
        '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Contents 4 0 R >>',
        stream('q Q', '/Length 999999999'),
      ]),
    },
  ]
}

const megabyte = 1_048_576
/** So much of one character, deflated once or several times over. */
function bomb(unit: string, megabytes: number, layers = 1): Uint8Array {
  let bytes: Uint8Array = deflateSync(Buffer.alloc(megabytes * megabyte, unit), { level: 9 })
  for (let layer = 1; layer < layers; layer += 1) bytes = deflateSync(bytes, { level: 9 })
  return bytes
}

/** A page whose content is another stream. */
function pageWith(content: RawObject, more: RawObject[] = [], resources = ''): Uint8Array {
  return fileOf([
    catalogue,
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> ${resources} >> >>`,
    content,
    font,
    ...more,
  ])
}

function bombs(): Hostile[] {
  const flate = '/Filter /FlateDecode'
  return [
    { name: 'spaces, 600 MB', bytes: pageWith(stream(bomb(' ', 600), flate)) },
    { name: 'operators, 100 MB', bytes: pageWith(stream(bomb('q ', 100), flate)) },
    { name: 'paths, 100 MB', bytes: pageWith(stream(bomb('0 0 9 9 re f ', 100), flate)) },
    {
      name: 'text, 50 MB',
      bytes: pageWith(stream(deflateSync(Buffer.from(`BT /F1 9 Tf ${'(abcdefgh) Tj '.repeat(4_000_000)} ET`)), flate)),
    },
    {
      name: 'one string of 60 MB',
      bytes: pageWith(
        stream(
          deflateSync(
            Buffer.concat([Buffer.from('BT /F1 9 Tf ('), Buffer.alloc(60 * megabyte, 'a'), Buffer.from(') Tj ET')]),
          ),
          flate,
        ),
      ),
    },
    {
      name: 'deflated three times over',
      bytes: pageWith(stream(bomb(' ', 500, 3), '/Filter [/FlateDecode /FlateDecode /FlateDecode]')),
    },
    { name: 'a thousand filters', bytes: pageWith(stream('q Q', `/Filter [${'/ASCIIHexDecode '.repeat(1_000)}]`)) },
    {
      name: 'a picture of 400 megapixels',
      bytes: pageWith(
        stream(`q 400 0 0 300 0 0 cm /I Do Q ${text('still here')}`),
        [
          stream(
            bomb('\u0000', 400),
            `/Type /XObject /Subtype /Image /Width 20000 /Height 20000 /BitsPerComponent 8 /ColorSpace /DeviceGray ${flate}`,
          ),
        ],
        '/XObject << /I 6 0 R >>',
      ),
      text: 'still here',
    },
    {
      name: 'a picture with its size elsewhere',
      bytes: pageWith(
        stream('/I Do'),
        [
          stream(
            bomb('\u0000', 400),
            `/Type /XObject /Subtype /Image /Width 7 0 R /Height 7 0 R /BitsPerComponent 8 /ColorSpace /DeviceGray /Filter 8 0 R`,
          ),
          '20000',
          '/FlateDecode',
        ],
        '/XObject << /I 6 0 R >>',
      ),
    },
    {
      name: 'a character map of 80 MB',
      bytes: onePage({
        content: 'BT /F3 9 Tf (ab) Tj ET',
        fonts: '/F3 8 0 R',
        objects: [
          '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 9 0 R >>',
          stream(bomb('1 beginbfrange <00> <ff> <0041> endbfrange ', 80), flate),
        ],
      }),
    },
    {
      name: 'a font file of 300 MB',
      bytes: onePage({
        content: 'BT /F3 9 Tf (ab) Tj ET',
        fonts: '/F3 8 0 R',
        objects: [
          '<< /Type /Font /Subtype /TrueType /BaseFont /Big /FontDescriptor 9 0 R >>',
          '<< /Type /FontDescriptor /FontName /Big /Flags 4 /FontFile2 10 0 R >>',
          stream(bomb('\u0000\u0001\u0000\u0000', 300), flate),
        ],
      }),
    },
  ]
}

function fonts(): Hostile[] {
  const next = numbers(7)
  const noise = (length: number) => Uint8Array.from({ length }, () => Math.floor(next() * 256))
  const with2 = (key: string, file: Uint8Array, subtype = 'TrueType') =>
    onePage({
      content: `${text('plain')}BT /F3 9 Tf 20 50 Td (ab) Tj ET`,
      fonts: '/F3 8 0 R',
      objects: [
        `<< /Type /Font /Subtype /${subtype} /BaseFont /Bad /FirstChar 97 /LastChar 98 /Widths [500 500] /FontDescriptor 9 0 R >>`,
        `<< /Type /FontDescriptor /FontName /Bad /Flags 4 /${key} 10 0 R >>`,
        stream(file),
      ],
    })
  const type3 = (proc: string, more = '') =>
    onePage({
      content: `${text('plain')}BT /F3 9 Tf 20 50 Td (aa) Tj ET`,
      fonts: '/F3 8 0 R',
      objects: [
        `<< /Type /Font /Subtype /Type3 /FontBBox [0 0 1 1] /FontMatrix ${more || '[1 0 0 1 0 0]'} /FirstChar 97 /LastChar 97 /Widths [1] /Encoding << /Differences [97 /a] >> /CharProcs << /a 9 0 R >> /Resources << /Font << /F3 8 0 R >> >> >>`,
        stream(proc),
      ],
    })
  return [
    { name: 'TrueType of noise', bytes: with2('FontFile2', noise(5_000)), text: 'plain' },
    {
      name: 'TrueType header and noise',
      bytes: with2('FontFile2', new Uint8Array([0, 1, 0, 0, 0, 200, ...noise(4_000)])),
      text: 'plain',
    },
    {
      name: 'CFF of noise',
      bytes: with2('FontFile3', new Uint8Array([1, 0, 4, 1, ...noise(3_000)]), 'Type1'),
      text: 'plain',
    },
    { name: 'Type1 of noise', bytes: with2('FontFile', noise(3_000), 'Type1'), text: 'plain' },
    { name: 'an empty font file', bytes: with2('FontFile2', new Uint8Array()), text: 'plain' },
    { name: 'a Type3 glyph that shows itself', bytes: type3('1 0 d0 BT /F3 1 Tf (a) Tj ET'), text: 'plain' },
    { name: 'a Type3 matrix of zeros', bytes: type3('1 0 d0 0 0 1 1 re f', '[0 0 0 0 0 0]'), text: 'plain' },
    { name: 'a Type3 matrix of words', bytes: type3('1 0 d0 0 0 1 1 re f', '[(a) /b 0 0 0 0]'), text: 'plain' },
    {
      name: 'a font that is not there',
      bytes: onePage({ content: `BT /F9 9 Tf 20 50 Td (lost) Tj ET ${text('plain')}` }),
      text: 'plain',
    },
    { name: 'text without a font', bytes: onePage({ content: `BT (lost) Tj ET ${text('plain')}` }), text: 'plain' },
    {
      name: 'a character map that uses itself',
      bytes: onePage({
        content: `${text('plain')}BT /F3 9 Tf (ab) Tj ET`,
        fonts: '/F3 8 0 R',
        objects: [
          '<< /Type /Font /Subtype /Type0 /BaseFont /Bad /Encoding 9 0 R /DescendantFonts [10 0 R] >>',
          stream('begincmap endcmap', '/Type /CMap /CMapName /Self /UseCMap 9 0 R'),
          '<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Bad /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>',
        ],
      }),
    },
    {
      name: 'a font that descends from itself',
      bytes: onePage({
        content: `${text('plain')}BT /F3 9 Tf (ab) Tj ET`,
        fonts: '/F3 8 0 R',
        objects: ['<< /Type /Font /Subtype /Type0 /BaseFont /Bad /Encoding /Identity-H /DescendantFonts [8 0 R] >>'],
      }),
    },
    {
      name: 'a size of a million millions',
      bytes: onePage({ content: `BT /F1 1e12 Tf (huge) Tj ET ${text('plain')}` }),
    },
    {
      name: 'numbers that are none',
      bytes: onePage({ content: `q nan inf 0 0 1e999 -1e999 cm BT /F1 12 Tf (lost) Tj ET Q ${text('plain')}` }),
    },
  ]
}

function nested(): Hostile[] {
  const form = (content: string, more = '') =>
    stream(
      content,
      `/Type /XObject /Subtype /Form /BBox [0 0 400 300] /Resources << /XObject << ${more} >> /Font << /F1 5 0 R >> >>`,
    )
  const laughs: RawObject[] = Array.from({ length: 12 }, (_, at) =>
    form(`${'/X Do '.repeat(10)}${text('ha')}`, at < 11 ? `/X ${at + 7} 0 R` : ''),
  )
  const deep: RawObject[] = Array.from({ length: 3_000 }, (_, at) => form('/X Do', `/X ${at + 7} 0 R`))
  const structure: RawObject[] = Array.from(
    { length: 4_000 },
    (_, at) => `<< /Type /StructElem /S /P /P ${at + 7} 0 R /K ${at + 9} 0 R >>`,
  )
  return [
    {
      name: 'arrays 200,000 deep',
      bytes: fileOf([catalogue, `<< /Type /Pages /Kids [] /Count 0 /X ${'['.repeat(200_000)} >>`]),
    },
    {
      name: 'dictionaries 100,000 deep',
      bytes: fileOf([catalogue, `<< /Type /Pages /Kids [] /Count 0 ${'/X << '.repeat(100_000)} >>`]),
    },
    {
      name: 'arrays 100,000 deep in a page',
      bytes: onePage({ content: `${'['.repeat(100_000)} TJ ${text('after')}` }),
    },
    { name: 'a million states', bytes: onePage({ content: `${'q '.repeat(1_000_000)}${text('deep')}` }) },
    { name: 'a million marks', bytes: onePage({ content: `${'/P BMC '.repeat(1_000_000)}${text('deep')}` }) },
    {
      name: 'more ends than beginnings',
      bytes: onePage({ content: `${'Q EMC ET '.repeat(100_000)}${text('plain')}` }),
      text: 'plain',
    },
    {
      name: 'a form that draws itself',
      bytes: pageWith(stream(`/X Do ${text('plain')}`), [form('/X Do', '/X 6 0 R')], '/XObject << /X 6 0 R >>'),
      text: 'plain',
    },
    {
      name: 'forms that draw each other',
      bytes: pageWith(
        stream(`/X Do ${text('plain')}`),
        [form('/X Do', '/X 7 0 R'), form('/X Do', '/X 6 0 R')],
        '/XObject << /X 6 0 R >>',
      ),
      text: 'plain',
    },
    {
      name: 'forms that draw ten forms, twelve levels',
      bytes: pageWith(stream(`/X Do ${text('plain')}`), laughs, '/XObject << /X 6 0 R >>'),
    },
    {
      name: 'forms 3,000 deep',
      bytes: pageWith(stream(`/X Do ${text('plain')}`), [...deep, form(text('end'))], '/XObject << /X 6 0 R >>'),
    },
    {
      name: 'a structure that holds itself',
      bytes: onePage({
        content: `/P << /MCID 0 >> BDC ${text('plain')} EMC`,
        page: '/StructParents 0',
        catalogue: '/MarkInfo << /Marked true >> /StructTreeRoot 8 0 R',
        objects: [
          '<< /Type /StructTreeRoot /K 9 0 R /ParentTree 10 0 R >>',
          '<< /Type /StructElem /S /P /P 9 0 R /K 9 0 R >>',
          '<< /Nums [0 [9 0 R]] /Kids [10 0 R] >>',
        ],
      }),
      text: 'plain',
    },
    {
      name: 'a structure 4,000 deep',
      bytes: onePage({
        content: `/P << /MCID 0 >> BDC ${text('plain')} EMC`,
        page: '/StructParents 0',
        catalogue: '/MarkInfo << /Marked true >> /StructTreeRoot 8 0 R',
        objects: [...structure, '<< >>'],
      }),
    },
    {
      name: 'a pattern of itself',
      bytes: onePage({
        content: `/Pattern cs /P scn 0 0 100 100 re f ${text('plain')}`,
        resources: '/Pattern << /P 8 0 R >>',
        objects: [
          stream(
            '/Pattern cs /P scn 0 0 5 5 re f',
            '/Type /Pattern /PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 5 5] /XStep 5 /YStep 5 /Resources << /Pattern << /P 8 0 R >> >>',
          ),
        ],
      }),
    },
    {
      name: 'a colour space of itself',
      bytes: onePage({
        content: `/C cs 1 scn 0 0 100 100 re f ${text('plain')}`,
        resources: '/ColorSpace << /C 8 0 R >>',
        objects: ['[/Indexed 8 0 R 1 <000000ffffff>]'],
      }),
    },
    {
      name: 'a mask of itself',
      bytes: onePage({
        content: `/A gs ${text('plain')}`,
        resources: '/ExtGState << /A 8 0 R >>',
        objects: [
          '<< /SMask << /S /Alpha /G 9 0 R >> >>',
          stream(
            '/A gs 0 0 9 9 re f',
            '/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Group << /S /Transparency >> /Resources << /ExtGState << /A 8 0 R >> >>',
          ),
        ],
      }),
    },
    {
      name: 'layers in a circle',
      bytes: onePage({
        content: `/OC /O BDC ${text('plain')} EMC`,
        resources: '/Properties << /O 8 0 R >>',
        catalogue: '/OCProperties << /OCGs [9 0 R] /D << /Order [8 0 R] >> >>',
        objects: ['<< /Type /OCMD /OCGs [8 0 R] /VE [/And 10 0 R] >>', '<< /Type /OCG /Name (x) >>', '[/And 10 0 R]'],
      }),
    },
    {
      name: 'a script that runs when it is opened',
      bytes: onePage({ content: text('plain'), catalogue: '/OpenAction << /S /JavaScript /JS (while(true){}) >>' }),
      text: 'plain',
    },
  ]
}

function giants(): Hostile[] {
  const random = numbers(11)
  const at = () => Math.floor(random() * 400)
  const points = Array.from({ length: 600_000 }, () => `${at()} ${at()} l`).join(' ')
  const rectangles = Array.from({ length: 150_000 }, () => `${at()} ${at()} ${at()} ${at()} re f`).join(' ')
  const clips = Array.from({ length: 60_000 }, () => `0 0 m ${at()} ${at()} l ${at()} ${at()} l h W n`).join(' ')
  return [
    {
      name: 'a path of 600,000 points',
      bytes: onePage({ content: `0 0 m ${points} f ${text('plain')}` }),
      text: 'plain',
    },
    { name: '150,000 fills over each other', bytes: onePage({ content: `${rectangles} 0 g ${text('plain')}` }) },
    { name: '60,000 clips', bytes: onePage({ content: `${clips} ${text('plain')}` }) },
    {
      name: '300,000 pieces of text',
      bytes: onePage({ content: `BT /F1 9 Tf ${'1 0 0 1 20 20 Tm (ab) Tj '.repeat(300_000)} ET` }),
    },
    {
      name: 'a picture inside the page, 100 megapixels',
      bytes: onePage({ content: `q BI /W 10000 /H 10000 /BPC 8 /CS /G ID ${'x'.repeat(1_000)} EI Q ${text('plain')}` }),
    },
    {
      name: 'nonsense for operators',
      bytes: onePage({ content: `${'foo bar << >> [ ) '.repeat(20_000)} ${text('plain')}` }),
    },
  ]
}

/** All bad files, made anew. */
export async function hostileFiles(): Promise<Hostile[]> {
  return [
    ...(await damaged()),
    ...(await locked()),
    ...noPdf(),
    ...trees(),
    ...boxes(),
    ...tables(),
    ...fonts(),
    ...nested(),
    ...giants(),
    ...bombs(),
  ]
}
