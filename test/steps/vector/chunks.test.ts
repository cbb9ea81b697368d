import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { extractionBlocks } from '../../../lib/steps/vector/chunks/extraction.ts'
import { type Chunk, embeddedText } from '../../../lib/steps/vector/chunks/model.ts'
import { packChunks } from '../../../lib/steps/vector/chunks/pack.ts'
import { partText } from '../../../lib/steps/vector/chunks/part.ts'
import { rowBlocks } from '../../../lib/steps/vector/chunks/rows.ts'
import { textBlocks } from '../../../lib/steps/vector/chunks/text.ts'
import { rejectsWith } from '../../helpers/rejects.ts'

const sizes = { target: 1_200, most: 2_000 }
const chunksOf = (text: string) => packChunks(textBlocks(text), sizes)
const filler = (words: number, word = 'tarifa') => Array.from({ length: words }, (_, at) => `${word}${at}`).join(' ')

/** Every chunk within the limit; together they have every word of the text, in order. */
function whole(chunks: readonly Chunk[], text: string): void {
  for (const chunk of chunks) assert.ok(chunk.text.length <= sizes.most, `${chunk.text.length}`)
  const words = (from: string) => from.match(/\S+/g) ?? []
  assert.deepEqual(words(chunks.map((chunk) => chunk.text).join('\n')), words(text))
}

describe('chunks of text', () => {
  const resolution = [
    'CAPÍTULO I',
    'DAS DISPOSIÇÕES GERAIS',
    '',
    'Art. 1º Esta Resolução estabelece as regras.',
    'Parágrafo único. Aplica-se a todos.',
    '',
    'Art. 2º Para os fins desta Resolução:',
    'I – acessada: distribuidora;',
    'a) alínea um;',
    'b) alínea dois;',
    '§ 1º O disposto no caput.',
    '',
    'CAPÍTULO II',
    'DA COBRANÇA',
    '',
    `Art. 3º ${filler(300)}`,
    '',
    `§ 1º ${filler(200)}`,
    '',
    'Art. 1.023-A. Revogado.',
  ].join('\n')

  test('an article with its paragraphs and items is a chunk, and the way to it is its heading', () => {
    const chunks = chunksOf(resolution)
    assert.deepEqual(chunks[0]?.headings, ['CAPÍTULO I DAS DISPOSIÇÕES GERAIS', 'Art. 1º'])
    assert.match(chunks[0]?.text ?? '', /^Art\. 1º Esta[\s\S]*Parágrafo único\. Aplica-se a todos\.$/)
    assert.match(chunks[1]?.text ?? '', /^Art\. 2º[\s\S]*alínea dois;\n§ 1º O disposto no caput\.$/)
    const third = chunks.filter(({ headings }) => headings.at(-1) === 'Art. 3º')
    assert.ok(third.length > 1, 'too long for one')
    assert.ok(third.every(({ headings, text }) => headings[0] === 'CAPÍTULO II DA COBRANÇA' && text.length <= 2_000))
    assert.deepEqual(chunks.at(-1)?.headings.at(-1), 'Art. 1023-A')
    assert.match(embeddedText(chunks[1] ?? assert.fail()), /^CAPÍTULO I DAS DISPOSIÇÕES GERAIS > Art\. 2º\nArt\. 2º/)
  })

  test('a reference in the middle of a sentence begins no article', () => {
    const [chunk] = chunksOf('Nos termos do\nArt. 5º da Lei nº 9.427, de 1996, fica vedado.')
    assert.deepEqual(chunk?.headings, [])
  })

  test('Markdown headings are a path; what is short joins its neighbour, and its heading stays to be read', () => {
    const chunks = chunksOf('# Manual\n\n## Inversor\n\nLiga em 220 V.\n\n## Módulo\n\nTem 550 W.\n\n# Outro\n\nFim.')
    assert.deepEqual(
      chunks.map(({ headings, text }) => [headings, text]),
      [
        [['Manual'], 'Inversor\nLiga em 220 V.\nMódulo\nTem 550 W.'],
        [['Outro'], 'Fim.'],
      ],
    )
  })

  test('a Markdown table repeats its header, and no row is parted', () => {
    const rows = Array.from({ length: 100 }, (_, at) => `| Distribuidora ${at} | ${at},50 | R$/MWh |`)
    const chunks = chunksOf(['# Tarifas', '', '| Nome | Valor | Unidade |', '|---|---|---|', ...rows].join('\n'))
    assert.ok(chunks.length > 2)
    for (const { kind, text } of chunks) {
      assert.equal(kind, 'table')
      assert.ok(text.length <= sizes.target)
      const [header, ...lines] = text.split('\n')
      assert.equal(header, 'Nome | Valor | Unidade')
      for (const line of lines) assert.match(line, /^Distribuidora \d+ \| \d+,50 \| R\$\/MWh$/)
    }
    assert.equal(chunks.flatMap(({ text }) => text.split('\n').slice(1)).length, 100)
  })

  test('a row that alone is too long is cut; the others are not touched', () => {
    const chunks = packChunks(rowBlocks([{ a: 1 }, { texto: filler(600) }, { a: 2 }]), sizes)
    assert.ok(chunks.length >= 3)
    assert.ok(chunks.every(({ text, kind }) => text.length <= sizes.most && kind === 'rows'))
    assert.equal(chunks[0]?.text.split('\n')[0], 'a: 1')
  })

  test('5 MB in one paragraph: cut between sentences, in linear time, nothing lost', () => {
    const sentence = 'A distribuidora deve responder em 15 dias. '
    const text = sentence.repeat(5_000_000 / sentence.length)
    const begun = process.cpuUsage()
    const chunks = chunksOf(text)
    const { user } = process.cpuUsage(begun)
    assert.ok(user < 5_000_000, `${user / 1e6} s`)
    assert.ok(chunks.every((chunk) => chunk.text.startsWith('A distribuidora') && chunk.text.endsWith('dias.')))
    whole(chunks, text)
  })

  test('without sentences at words, without words anywhere, never within a character', () => {
    whole(chunksOf(filler(3_000)), filler(3_000))
    const emoji = '😀'.repeat(5_000)
    const parts = partText(emoji, 1_999)
    assert.equal(parts.join(''), emoji)
    assert.ok(parts.every((part) => part.length <= 1_999 && part.isWellFormed()))
  })

  test('the same text gives the same chunks; nothing gives none', () => {
    assert.deepEqual(chunksOf(resolution), chunksOf(resolution))
    assert.deepEqual(chunksOf(' \n\n \t'), [])
  })
})

describe('chunks of an extraction', () => {
  const box = (top: number, bottom = top + 10, left = 50, right = 500) => ({ left, top, right, bottom })
  const paragraph = (text: string, top: number, role = 'text', size = 10) => ({ text, role, box: box(top), size })
  const cell = (text: string, column: number, top: number, header = false) => ({
    ...{ text, column, header, rowSpan: 1, colSpan: 1, bold: false },
    box: { left: 50 + 100 * column, right: 150 + 100 * column, top, bottom: top + 10 },
  })
  const page = (number: number, paragraphs: object[], more: { tables?: object[]; formulas?: object[] } = {}) => ({
    type: 'page',
    text: { number, width: 600, height: 800, paragraphs },
    tables: more.tables ?? [],
    formulas: { formulas: more.formulas ?? [], unread: [] },
  })
  async function read(...lines: object[]): Promise<Chunk[]> {
    const blocks = await extractionBlocks(
      (async function* () {
        yield* lines
      })(),
    )
    return packChunks(blocks, sizes)
  }

  test('furniture, headers and footers are left out; pages come in their order; boxes are kept', async () => {
    const chunks = await read(
      { type: 'document', source: 'a.pdf', name: 'a', sha256: 'x' },
      page(2, [paragraph('Cabeçalho', 5), paragraph('Segunda página.', 100)]),
      page(1, [
        paragraph('Cabeçalho', 5),
        paragraph('INTRODUÇÃO', 50, 'heading', 14),
        paragraph('Primeira página.', 100),
        paragraph('assinado digitalmente', 780, 'furniture'),
      ]),
      {
        ...{ type: 'end', tables: [], vision: [] },
        repeats: [
          { page: 1, paragraph: 0, role: 'header' },
          { page: 2, paragraph: 0, role: 'header' },
        ],
      },
    )
    assert.deepEqual(chunks, [
      {
        kind: 'text',
        headings: ['INTRODUÇÃO'],
        text: 'Primeira página.\nSegunda página.',
        places: [
          { page: 1, box: box(100) },
          { page: 2, box: box(100) },
        ],
      },
    ])
  })

  test('a table over two pages is one, its header in each chunk, its words not said twice', async () => {
    const header = [cell('Grupo', 0, 200, true), cell('Valor', 1, 200, true)]
    const rows = (from: number, count: number, top: number) =>
      Array.from({ length: count }, (_, at) => ({
        cells: [cell(`B${from + at} ${filler(8)}`, 0, top + 10 * at), cell(`0,${from + at}`, 1, top + 10 * at)],
        section: false,
      }))
    const first = rows(1, 20, 210)
    const second = rows(21, 20, 100)
    const inner = paragraph('B1 0,1', 215, 'row')
    const chunks = await read(
      page(1, [paragraph('Antes.', 100), { ...inner, box: box(212, 400, 60, 240) }, paragraph('Depois.', 500)], {
        tables: [{ page: 1, box: box(195, 420), title: 'Tabela 1 - Tarifas', rows: [{ cells: header }, ...first] }],
      }),
      page(2, [paragraph('Fim.', 400)], { tables: [{ page: 2, box: box(95, 310), rows: second }] }),
      {
        ...{ type: 'end', repeats: [], vision: [] },
        tables: [
          {
            rows: [
              { cells: header, page: 1 },
              ...first.map((row) => ({ ...row, page: 1 })),
              ...second.map((row) => ({ ...row, page: 2 })),
            ],
          },
        ],
      },
    )
    const tables = chunks.filter(({ kind }) => kind === 'table')
    assert.ok(tables.length > 1)
    assert.ok(tables.every(({ text }) => text.startsWith('Tabela 1 - Tarifas\nGrupo | Valor\nB')))
    assert.equal(
      chunks
        .map(({ text }) => text)
        .join('\n')
        .match(/^B\d+ /gm)?.length,
      40,
    )
    assert.deepEqual(tables[0]?.places[0]?.page, 1)
    assert.deepEqual(tables.at(-1)?.places[0]?.page, 2)
    assert.equal(chunks[0]?.text, 'Antes.')
  })

  test('a formula stands with the paragraph that leads to it and its variables', async () => {
    const formula = { page: 1, box: box(120), latex: 'P=UI', number: '3.2', where: 'onde: P = potência' }
    const chunks = await read(
      page(1, [paragraph('A potência é dada por:', 100), paragraph('P U I', 121), paragraph('Segue.', 200)], {
        formulas: [formula],
      }),
      { type: 'end', repeats: [], tables: [], vision: [{ ...formula, latex: 'x', number: undefined, box: box(300) }] },
    )
    assert.deepEqual(
      chunks.map(({ kind, text }) => [kind, text]),
      [
        ['formula', 'A potência é dada por:\n$$P=UI$$ (3.2)\nonde: P = potência'],
        ['formula', 'Segue.\n$$x$$\nonde: P = potência'],
      ],
    )
  })

  test('what is no extraction says so', async () => {
    await rejectsWith(read({ type: 'page', text: 'x' }), 'INDEX_CONTENT')
    await rejectsWith(read({ nothing: 1 }), 'INDEX_CONTENT')
  })
})
