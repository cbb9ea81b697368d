import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Formulas that only real LaTeX sets: none of them is in the corpus of the generated documents. */
const formulas = [
  String.raw`R=\rho\frac{l}{A}`,
  String.raw`\frac{a+b}{c}=\frac{d}{e+f}`,
  String.raw`P_m=\sqrt{\frac{1}{n}\sum_{k=1}^{n}P_k^2}`,
  String.raw`i(t)=I_m\sin(\omega t+\varphi)`,
  String.raw`\int_a^b f(x)\,dx=F(b)-F(a)`,
  String.raw`u=\left[\frac{x}{y}\right]^{2}+\left(\frac{p}{q}\right)^{n-1}`,
  String.raw`|x|=\begin{cases}x & x\geq 0\\ -x & x<0\end{cases}`,
  String.raw`B=\begin{pmatrix}1 & 2\\ 3 & 4\end{pmatrix}`,
  String.raw`\hat{\theta}=\arg\max_{\theta}L(\theta)`,
  String.raw`\vec{v}=\frac{d\vec{r}}{dt}`,
  String.raw`\overline{x}=\frac{x_1+x_2+x_3}{3}`,
  String.raw`\lim_{n\to\infty}\left(1+\frac{1}{n}\right)^n=e`,
  String.raw`\prod_{j=1}^{m}\frac{1}{1+r_j}=D`,
  String.raw`x^{2}+y^{2}\leq r^{2}`,
  String.raw`A_{ij}=\sum_{k}B_{ik}C_{kj}`,
  String.raw`\sqrt[4]{16}=2`,
  String.raw`\alpha_{n+1}=\alpha_n-\gamma\nabla J`,
  String.raw`E=\frac{1}{2}mv^2`,
  String.raw`\dot{x}=Ax+Bu`,
  String.raw`f(x)=\frac{1}{\sigma\sqrt{2\pi}}e^{-\frac{(x-\mu)^2}{2\sigma^2}}`,
  String.raw`z=\frac{\frac{a}{b}}{\frac{c}{d}}`,
  String.raw`V_{\mathrm{rms}}=\frac{V_{\mathrm{max}}}{\sqrt{2}}`,
  String.raw`\mathrm{THD}=\frac{\sqrt{V_2^2+V_3^2}}{V_1}`,
  "y'=ky",
  String.raw`x_{1,2}=\pm\sqrt{q}`,
  String.raw`\beta=\left(\sum_{i=1}^{N}w_i\right)^{-1}`,
  String.raw`\oint E\cdot dA=\frac{Q}{\varepsilon_0}`,
  String.raw`n!=\prod_{k=1}^{n}k`,
  String.raw`T=\{a,b,c\}`,
  String.raw`a\times b\neq b\times a`,
  String.raw`\frac{\partial u}{\partial t}=k\nabla^2u`,
  String.raw`\log_2 n\ll n`,
  String.raw`D=\det\begin{bmatrix}a & b\\ c & d\end{bmatrix}`,
  String.raw`\binom{5}{2}=10`,
  String.raw`S=\sqrt{P^2+Q^2}\;\mathrm{VA}`,
  String.raw`k=\min\{i,j\}`,
  String.raw`P=\left.\frac{dE}{dt}\right|_{t=0}`,
  String.raw`c=\max(a,b)-\min(a,b)`,
  'F_{n}=F_{n-1}+F_{n-2}',
  String.raw`\eta=1-\frac{T_c}{T_h}`,
]

/** A document that LaTeX made, with its formulas in order. */
export interface LatexDocument {
  name: string
  bytes: Uint8Array
  latex: readonly string[]
}

const preambles = {
  'pdfLaTeX, Computer Modern': ['pdflatex', String.raw`\usepackage[utf8]{inputenc}`],
  'pdfLaTeX, Latin Modern': [
    'pdflatex',
    String.raw`\usepackage[utf8]{inputenc}\usepackage[T1]{fontenc}\usepackage{lmodern}`,
  ],
  'XeLaTeX, OpenType': ['xelatex', String.raw`\usepackage{unicode-math}`],
} as const

const text =
  'O valor deve ser apurado mensalmente pela distribuidora, de acordo com os critérios estabelecidos nesta seção e nos procedimentos de ' +
  'rede, observado o disposto no contrato. A fórmula é:'

/** The same formulas set by each LaTeX that is installed; undefined documents are those whose program is missing. */
export function latexDocuments(): { name: string; document: LatexDocument | undefined }[] {
  return Object.entries(preambles).map(([name, [program, preamble]]) => ({
    name,
    document: set(name, program, preamble),
  }))
}

function set(name: string, program: string, preamble: string): LatexDocument | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'ysh-formulas-'))
  try {
    const body = formulas.map((latex, at) =>
      at % 3 === 0 ? `${text}\n\\begin{equation}${latex}\\end{equation}` : `${text}\n\\[${latex}\\]`,
    )
    const source = `\\documentclass[11pt,a4paper]{article}\\usepackage{amsmath}${preamble}\\begin{document}\n${body.join('\n')}\n\\end{document}\n`
    writeFileSync(join(folder, 'a.tex'), source)
    const { error, status } = spawnSync(program, ['-interaction=batchmode', 'a.tex'], { cwd: folder, timeout: 120_000 })
    if (error !== undefined || status !== 0) return undefined
    return { name, bytes: new Uint8Array(readFileSync(join(folder, 'a.pdf'))), latex: formulas }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
