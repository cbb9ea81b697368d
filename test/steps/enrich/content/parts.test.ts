import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { defuse } from '../../../../lib/steps/enrich/content/defuse.ts'
import { groupsOf, partsOf } from '../../../../lib/steps/enrich/content/parts.ts'
import { placeOf } from '../../../../lib/steps/enrich/content/piece.ts'
import { rowsText, textPieces } from '../../../../lib/steps/enrich/content/plain.ts'
import { show } from '../../../../lib/steps/enrich/content/shown.ts'
import { fenced } from '../../../../lib/steps/enrich/prompts.ts'
import { seeded } from '../../../helpers/seeded.ts'

describe('parts of a document', () => {
  test('hold everything once, in order, and fit; whatever its pieces are', async () => {
    const random = seeded(3)
    for (let round = 0; round < 60; round += 1) {
      const words = () => 'tarifa de energia. '.repeat(1 + Math.floor(random() ** 4 * 200)).trim()
      const pieces = Array.from({ length: 1 + Math.floor(random() * 30) }, () => ({
        text: random() < 0.1 ? 'x'.repeat(3_000) : words(),
        heading: random() < 0.2,
      }))
      const shown = await show(pieces)
      const parts = partsOf(shown, 700)
      let at = 0
      for (const { text, start } of parts) {
        assert.ok(text.length <= 700 && text.length > 0)
        assert.match(shown.text.slice(at, start), /^\s*$/, 'only white space is between parts')
        assert.equal(shown.text.slice(start, start + text.length), text)
        at = start + text.length
      }
      assert.equal(shown.text.slice(at).trim(), '')
    }
  })

  test('begin at headings, and end between paragraphs', async () => {
    const text = `# A\n\n${'a '.repeat(300)}\n\n# B\n\n${'b '.repeat(300)}`
    const parts = partsOf(await show(textPieces(text)), 1_000)
    assert.deepEqual(
      parts.map((part) => part.text.slice(0, 3)),
      ['# A', '# B'],
    )
  })

  test('no character is cut in two', async () => {
    const parts = partsOf(await show([{ text: '😀'.repeat(600), heading: false }]), 501)
    assert.ok(parts.every(({ text }) => !/[\ud800-\udbff]$/.test(text)))
  })

  test('groups of answers have at least two, so that there are fewer in the end', () => {
    assert.deepEqual(
      groupsOf(['a'.repeat(9), 'b'.repeat(9), 'c'], 10).map((group) => group.length),
      [2, 1],
    )
    assert.deepEqual(groupsOf(['a', 'b', 'c'], 100).length, 1)
  })
})

describe('a document as a model sees it', () => {
  test('has no mark of a conversation and no fence; ordinary text is unchanged', () => {
    for (const mark of [
      '<|im_start|>',
      '<｜User｜>',
      '[INST]',
      '[/inst]',
      '</s>',
      '<think>',
      '<<<',
      '>>>>',
      '<start_of_turn>',
    ]) {
      const text = defuse(`a ${mark} b`)
      assert.ok(!text.includes(mark) && text.startsWith('a ') && text.endsWith(' b'), text)
      assert.equal(defuse(text), text)
    }
    const ordinary = 'Se a < b > c, então [1] e 5 << 6? Não: <b>não</b> (R$ 1.234,56).'
    assert.equal(defuse(ordinary), ordinary.replace('<<', '< <'))
  })

  test('is fenced by its own hash, the same each time', () => {
    const one = fenced('texto', 'pt')
    assert.equal(one, fenced('texto', 'pt'))
    assert.match(one, /^<<<DOCUMENTO ([0-9a-f]{32})\ntexto\nDOCUMENTO \1>>>$/)
    const [mark = ''] = /[0-9a-f]{32}/.exec(one) ?? []
    assert.ok(!fenced(`texto ${mark}`, 'pt').includes(`\nDOCUMENTO ${mark}>>>`), 'another text, another code')
  })

  test('knows page and box of a place, and counts what is not seen', async () => {
    const box = { left: 0, top: 0, right: 1, bottom: 1 }
    const shown = await show([
      { text: 'um\u200b', heading: false, page: 1, box },
      { text: '\u200b', heading: false, page: 2, box },
      { text: 'dois', heading: false, page: 3, box },
    ])
    assert.deepEqual([shown.text, shown.hidden], ['um\n\ndois', 2])
    assert.deepEqual(
      [placeOf(shown, 0), placeOf(shown, 7)],
      [
        { page: 1, box },
        { page: 3, box },
      ],
    )
    assert.deepEqual([placeOf(shown, 2), placeOf(shown, 99)], [{}, {}])
  })

  test('of rows is a line for each value', () => {
    assert.equal(rowsText([{ a: 1, b: null, c: 'x\n y' }, { a: { d: [2] } }]), 'a: 1\nc: x y\n\na: {"d":[2]}')
  })
})
