import { existsSync, readFileSync } from 'node:fs'
import type { Formula, UnreadFormula } from '../../lib/steps/pdf/formulas/model.ts'
import { readFormulas } from '../../lib/steps/pdf/formulas/read-formulas.ts'
import { openDocument } from '../../lib/steps/pdf/read/document.ts'
import { readPages } from '../../lib/steps/pdf/read/pages.ts'
import { samplesFolder } from './files.ts'
import { generated } from './formulas/documents.ts'
import { latexDocuments } from './formulas/latex.ts'
import { normal } from './formulas/normal.ts'

/** How well a set of formulas was read. */
export interface FormulaScore {
  name: string
  wanted: number
  found: number
  right: number
  recall: number
  precision: number
  /** One line each: what was missed or invented, and what came instead. */
  failures: string[]
}

interface Expected {
  page: number
  latex: string
  kind: string
}

interface Read {
  formulas: Formula[]
  unread: UnreadFormula[]
}

async function read(bytes: Uint8Array): Promise<Read> {
  const document = await openDocument(bytes)
  const out: Read = { formulas: [], unread: [] }
  try {
    for await (const result of readPages(document)) {
      if (!('page' in result)) continue
      const { formulas, unread } = await readFormulas(result.page)
      out.formulas.push(...formulas)
      out.unread.push(...unread)
    }
  } finally {
    await document.close()
  }
  return out
}

function judge(name: string, file: string, wanted: readonly Expected[], found: Read): FormulaScore {
  const open = found.formulas.map((formula) => ({ ...formula, form: normal(formula.latex) }))
  const failures: string[] = []
  let right = 0
  for (const one of wanted) {
    const form = normal(one.latex)
    const at = open.findIndex((formula) => formula.page === one.page && formula.form === form)
    if (at >= 0) {
      right += 1
      open.splice(at, 1)
    } else failures.push(`${file} p${one.page} ${one.kind} missed    ${one.latex}`)
  }
  for (const formula of open) failures.push(`${file} p${formula.page} came instead  ${formula.latex}`)
  for (const one of found.unread) failures.push(`${file} p${one.page} unread (${one.reason})  ${one.text.slice(0, 80)}`)
  return score(name, wanted.length, found.formulas.length, right, failures)
}

function score(name: string, wanted: number, found: number, right: number, failures: string[]): FormulaScore {
  return {
    name,
    wanted,
    found,
    right,
    failures,
    recall: wanted === 0 ? 1 : right / wanted,
    precision: found === 0 ? 1 : right / found,
  }
}

function sum(name: string, scores: readonly FormulaScore[]): FormulaScore {
  const add = (pick: (one: FormulaScore) => number): number => scores.reduce((total, one) => total + pick(one), 0)
  return score(
    name,
    add((one) => one.wanted),
    add((one) => one.found),
    add((one) => one.right),
    scores.flatMap((one) => one.failures),
  )
}

/** Scores on generated documents: those used while the rules were made, and those that were not, by style. */
export async function scoreGenerated(): Promise<FormulaScore[]> {
  const scores: { heldOut: boolean; style: string; score: FormulaScore }[] = []
  for (const one of await generated()) {
    const style = one.name.split('-')[0] ?? ''
    scores.push({ heldOut: one.heldOut, style, score: judge(one.name, one.name, one.formulas, await read(one.bytes)) })
  }
  const part = (heldOut: boolean, style: string): FormulaScore =>
    sum(
      `generated, ${style === 'tex' ? 'TeX fonts' : 'pieces of Times and Symbol'}, ${heldOut ? 'held out' : 'tuned on'}`,
      scores.filter((one) => one.heldOut === heldOut && one.style === style).map((one) => one.score),
    )
  return [part(false, 'tex'), part(false, 'pieces'), part(true, 'tex'), part(true, 'pieces')]
}

/** Folder of real documents and their truth, outside the repository. */
const samples = `${samplesFolder() ?? ''}/`

/** The score on PRODIST Módulo 8, or undefined where the samples are missing. */
export async function scoreProdist(): Promise<FormulaScore | undefined> {
  const name = 'aneel-prodist-modulo8-rev12'
  const truth = `${samples}truth/${name}.formulas.json`
  if (!existsSync(truth) || !existsSync(`${samples}${name}.pdf`)) return undefined
  const content: unknown = JSON.parse(readFileSync(truth, 'utf8'))
  const found = await read(new Uint8Array(readFileSync(`${samples}${name}.pdf`)))
  return judge('PRODIST Módulo 8', name, expected(content), found)
}

function expected(content: unknown): Expected[] {
  const record = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
  const list: unknown = record(content) ? content.formulas : undefined
  if (!Array.isArray(list)) throw new Error('The truth has no list of formulas')
  return list.map((one: unknown) => {
    if (!record(one) || typeof one.page !== 'number' || typeof one.latex !== 'string')
      throw new Error('A formula of the truth has no page or LaTeX')
    return { page: one.page, latex: one.latex, kind: String(one.item ?? '') }
  })
}

/** Scores on what LaTeX sets, where it is installed; the pages of its formulas are not compared. */
export async function scoreLatex(): Promise<FormulaScore[]> {
  const scores: FormulaScore[] = []
  for (const { name, document } of latexDocuments()) {
    if (document === undefined) {
      console.log(`SKIPPED: ${name} (not installed)`)
      continue
    }
    const found = await read(document.bytes)
    const anywhere = { ...found, formulas: found.formulas.map((one) => ({ ...one, page: 0 })) }
    const wanted = document.latex.map((latex) => ({ page: 0, latex, kind: 'LaTeX' }))
    scores.push(judge(`${name} (verification, looked at while tuning)`, name, wanted, anywhere))
  }
  return scores
}

/** All scores, printed. The rule of comparison is in formulas/normal.ts. */
export async function formulas(): Promise<FormulaScore[]> {
  const prodist = await scoreProdist()
  if (prodist === undefined) console.log('SKIPPED: PRODIST (no ../shared/samples/pdf)')
  const scores = [...(prodist === undefined ? [] : [prodist]), ...(await scoreGenerated()), ...(await scoreLatex())]
  for (const one of scores) {
    console.log(
      `${one.name}: recall ${one.recall.toFixed(3)}, precision ${one.precision.toFixed(3)} (${one.right} of ${one.wanted}, ${one.found} found)`,
    )
  }
  return scores
}

if (import.meta.main) {
  const scores = await formulas()
  const quiet = process.argv.includes('--held-out-hidden')
  for (const one of scores) {
    if (quiet && one.name.includes('held out')) continue
    for (const failure of one.failures) console.log(`  ${failure}`)
  }
}
