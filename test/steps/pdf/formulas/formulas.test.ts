import assert from 'node:assert/strict'
import { test } from 'node:test'
import { normal } from '../../../../bench/pdf/formulas/normal.ts'
import { documentWith, formulasOf } from './helpers.ts'

const kinds: Record<string, string[]> = {
  fractions: [String.raw`\eta=\frac{P_{2}}{P_{1}}\cdot 100\%`, String.raw`k=\frac{a+\frac{b}{c}}{d}`],
  roots: [String.raw`S=\sqrt{P^{2}+Q^{2}}`, String.raw`r=\sqrt[3]{\frac{V}{\pi}}`, String.raw`D=\frac{\sqrt{a+b}}{c}`],
  sums: [String.raw`T=\frac{\sum_{i=1}^{n}t(i)}{n}`, String.raw`Q=\int_{0}^{t}i(\tau)d\tau`],
  scripts: [String.raw`I=I_{0}e^{-\frac{t}{\tau}}`, 'V_{ab}^{4}+V_{st_{i}}^{2}=0'],
  greek: [String.raw`\Delta\theta=\omega t+\varphi`],
  brackets: [String.raw`V=\left[\left(\frac{a}{b}-1\right)\cdot c\right]^{2}`],
  cases: [String.raw`k=\begin{cases}0 & x\leq 1\\ 3 & x>1\end{cases}`],
  matrices: [String.raw`A=\begin{bmatrix}a & b\\ c & d\end{bmatrix}`],
  words: [String.raw`\text{Consumo}=\frac{\text{Energia medida}}{\text{Dias}}\times 30`, String.raw`y=\log_{10}x`],
  lines: ['TMAE=TMP+TMD+TME', String.raw`\Delta t_{e}=t_{f}-t_{i}`],
}

for (const style of ['tex', 'pieces'] as const) {
  for (const [kind, latex] of Object.entries(kinds)) {
    test(`${kind} are rebuilt from ${style === 'tex' ? "TeX's fonts" : 'pieces of Times and Symbol'}`, async () => {
      const { bytes } = await documentWith(style, 2, ...latex)
      const { formulas, unread } = await formulasOf(bytes)
      assert.deepEqual(unread, [])
      assert.deepEqual(
        formulas.map((one) => normal(one.latex)),
        latex.map(normal),
      )
      assert.ok(formulas.every((one) => one.source === 'layout' && one.confidence >= 0.8))
    })
  }
}

test('accents that are glyphs or lines', async () => {
  const latex = [String.raw`\bar{x}=\frac{a}{n}`, String.raw`\vec{F}=m\vec{a}`, String.raw`\hat{y}=a+bx`]
  const { bytes } = await documentWith('tex', 4, ...latex)
  const { formulas } = await formulasOf(bytes)
  assert.deepEqual(
    formulas.map((one) => normal(one.latex)),
    latex.map(normal),
  )
})

test('a formula has its page, its box, its number and the list that explains it', async () => {
  // with seed 0 the first formula has a number; with seed 1 a list follows it
  const numbered = await documentWith('tex', 0, String.raw`P=\frac{E}{t}`)
  const [first] = (await formulasOf(numbered.bytes)).formulas
  assert.equal(first?.number, '1.1')
  assert.equal(first.page, 1)
  assert.equal(first.where, undefined)
  const { left, right, top, bottom } = first.box
  // centred between the margins, under the announcement
  assert.ok(Math.abs((left + right) / 2 - 297.5) < 12, `middle at ${(left + right) / 2}`)
  assert.ok(top > 60 && bottom < 240 && bottom - top > 12 && right - left < 80)
  const listed = await documentWith('tex', 1, String.raw`P=\frac{E}{t}`)
  const [second] = (await formulasOf(listed.bytes)).formulas
  assert.equal(second?.number, undefined)
  assert.match(
    second?.where ?? '',
    /^onde:\nA = valor apurado.*\nB = pot.*\nn = número de unidades consumidoras do conjunto\.$/s,
  )
})

test('a decimal comma, a percent sign and units stay as printed', async () => {
  const latex = [String.raw`V=0{,}9967\times V_{n}+0{,}0033`, String.raw`P=R+100[\%]`]
  const { bytes } = await documentWith('pieces', 2, ...latex)
  const { formulas } = await formulasOf(bytes)
  assert.deepEqual(
    formulas.map((one) => one.latex.replaceAll(' ', '')),
    [String.raw`V=0{,}9967\timesV_{n}+0{,}0033`, String.raw`P=R+100[\%]`],
  )
})
