import assert from 'node:assert/strict'
import { test } from 'node:test'
import { normal } from '../../../../bench/pdf/formulas/normal.ts'

test('the same on paper is the same', () => {
  const same: [string, string][] = [
    ['x_1', 'x_{1}'],
    ['a_i^2', 'a^{2}_{i}'],
    [String.raw`\left(\frac{a}{b}\right)`, String.raw`(\dfrac ab)`],
    [String.raw`0{,}5\,\mathrm{kV}`, '0,5kV'],
    [String.raw`a\le b`, String.raw`a \leq b`],
    [String.raw`m\acute{e}dio`, String.raw`\text{médio}`],
    [String.raw`\max x`, 'max x'],
    ["f'", String.raw`f^{\prime}`],
    [String.raw`\overline{x}`, String.raw`\bar x`],
    [String.raw`\left.y\right|_0`, 'y|_{0}'],
  ]
  for (const [a, b] of same) assert.equal(normal(a), normal(b))
})

test('what differs on paper differs', () => {
  const different: [string, string][] = [
    ['x_1', 'x^1'],
    [String.raw`\frac{a}{b}`, String.raw`\frac{b}{a}`],
    [String.raw`a\cdot b`, String.raw`a\times b`],
    [String.raw`\sqrt{a}b`, String.raw`\sqrt{ab}`],
    [String.raw`\sum_{i}^{n}x`, String.raw`\sum^{n}x_{i}`],
    ['x_{ab}', 'x_ab'],
    ['0,5', '0.5'],
    [String.raw`\varphi`, String.raw`\phi`],
    [String.raw`\sqrt[3]{x}`, String.raw`\sqrt{x}`],
  ]
  for (const [a, b] of different) assert.notEqual(normal(a), normal(b))
})
