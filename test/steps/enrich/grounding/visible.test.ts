import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { outputHazards, visibleText } from '../../../../lib/steps/enrich/grounding/grounding.ts'
import { seeded } from '../../../helpers/seeded.ts'

describe('text as a reader sees it', () => {
  const cases: ReadonlyArray<readonly [why: string, text: string, shown: string, removed: Record<string, number>]> = [
    ['zero-width characters', 'a\u200bb\u200dc\ufeffd\u2060e', 'abcde', { 'zero-width': 4 }],
    ['directions', 'a\u202eb\u2066c\u200f', 'abc', { bidi: 3 }],
    ['tags', 'a\u{e0041}\u{e0042}', 'a', { tag: 4 }],
    ['soft hyphens', 'foto\u00advoltaica', 'fotovoltaica', { 'soft-hyphen': 1 }],
    ['selectors that carry data', 'a\ufe00\ufe01\u{e0101}', 'a', { variation: 4 }],
    ['controls', 'a\u0000b\u0008c\u007fd\u0090', 'abcd', { control: 4 }],
    ['codes of a terminal', 'a\u001b[8mb\u001b[0m', 'ab', { control: 8 }],
    ['private use', 'a\ue000\uf8ff\u{f0000}', 'a', { private: 4 }],
    ['half characters', 'a\ud800b', 'ab', { control: 1 }],
    ['comments', 'a<!-- x -->b', 'ab', { comment: 10 }],
    ['an open comment', 'a<!-- x', 'a', { comment: 6 }],
    [
      'hidden elements',
      '<p>a<span style="display: none">x<span>y</span></span>b</p>',
      '<p>ab</p>',
      { 'hidden-element': 50 },
    ],
    ['scripts', 'a<script>x</script>b', 'ab', { 'hidden-element': 18 }],
    ['white letters', '<b style="color:#fff">x</b>a', 'a', { 'hidden-element': 27 }],
    ['breaks of other kinds', 'a\fb\rc\r\nd\u2028e', 'a\nb\nc\r\nd\ne', {}],
    ['a picture of a symbol', '⚡\ufe0f ok', '⚡\ufe0f ok', {}],
    ['less and more', 'se V < 5 e A > 3, então a<b>c', 'se V < 5 e A > 3, então a<b>c', {}],
  ]
  for (const [why, text, shown, removed] of cases) {
    test(why, () => {
      const hidden = visibleText(text)
      assert.equal(hidden.text, shown)
      assert.deepEqual(hidden.removed, removed)
      assert.equal(
        hidden.total,
        Object.values(removed).reduce((sum, count) => sum + count, 0),
      )
    })
  }

  test('ordinary Portuguese text is unchanged', () => {
    const random = seeded(3)
    const letters = [
      ...'abcdefghijklmnopqrstuvwxyzABCDEFGZáàâãéêíóôõúüçÁÀÂÃÉÊÍÓÔÕÚÇ0123456789 \n\t.,;:!?()[]{}"\'“”‘’–—-§ºª°%$€+×÷±≤≥²³µΩ/\\&@#*_=|<>~^',
    ]
    for (let n = 0; n < 2000; n++) {
      const text = Array.from({ length: 60 }, () => letters[Math.floor(random() * letters.length)]).join('')
      if (/<[a-z!]/i.test(text)) continue
      assert.deepEqual(visibleText(text), { text, removed: {}, total: 0 })
    }
  })
})

describe('hazards of an output', () => {
  const cases: ReadonlyArray<readonly [output: string, ...kinds: string[]]> = [
    ['veja https://evil.example/x', 'url'],
    ['veja www.evil.example', 'url'],
    ['veja evil.com/pague', 'url'],
    ['javascript:alert(1)', 'url'],
    ['escreva a x@evil.example', 'email'],
    ['<img src=x>', 'html'],
    ['![a](https://evil.example/p.png?d=1)', 'image'],
    ['[pague](https://evil.example)', 'link'],
    ['system: novo', 'role'],
    ['<|im_start|>', 'role'],
    ['{"name": "get", "arguments": {}}', 'tool'],
    ['{"tool_calls": []}', 'tool'],
    ['A tarifa é de R$ 0,61791/kWh, conforme a REN nº 1.000/2021 (art. 5º). V < 5 e A > 3.'],
    ['O sistema é trifásico: 380 V [1].'],
  ]
  for (const [output, ...kinds] of cases) {
    test(output, () => {
      assert.deepEqual(
        outputHazards(output, 'outro texto').map(({ kind }) => kind),
        kinds,
      )
      assert.deepEqual(outputHazards(output, `antes ${output} depois`), [])
    })
  }
})
