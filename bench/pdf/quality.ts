import { scorer } from './extraction.ts'

/** A score of one kind of thing on one file. */
export interface Score {
  kind: 'parameters' | 'cells' | 'formulas' | 'text'
  file: string
  expected: number
  found: number
  /** Found, and right. */
  right: number
  /** What is missing or wrong, by name. */
  failures: string[]
}

/** Scores one kind of thing; files whose name does not hold `word` are left out. */
export type Scorer = (word: string) => Promise<Score[]>

/** The scorers, with what precision and recall they aim at. Each kind adds its own, from a file of its own beside this one. */
const scorers: { name: string; aim: number; score: Scorer }[] = [
  { name: 'Parameters of datasheets', aim: 0.98, score: scorer('parameters') },
  { name: 'Cells of tables', aim: 0.98, score: scorer('tables') },
]

/** Prints precision and recall by kind and file. Gives whether an aim was missed. */
export async function quality({ word }: { word: string }): Promise<boolean> {
  let missed = false
  for (const { name, aim, score } of scorers) {
    const scores = await score(word)
    console.log(`\n${name} (aim ${aim})`)
    for (const one of scores) print(one.file, one)
    if (scores.length === 0) continue
    const sum = (of: (score: Score) => number) => scores.reduce((total, one) => total + of(one), 0)
    const all = { expected: sum((one) => one.expected), found: sum((one) => one.found), right: sum((one) => one.right) }
    print('all', { ...all, failures: [] })
    if (all.right < aim * all.expected || all.right < aim * all.found) missed = true
  }
  return missed
}

function print(name: string, score: Pick<Score, 'expected' | 'found' | 'right' | 'failures'>): void {
  const share = (part: number, whole: number) => (whole === 0 ? '   –' : (part / whole).toFixed(3))
  console.log(
    `${name.slice(0, 50).padEnd(51)} precision ${share(score.right, score.found)} recall ${share(score.right, score.expected)} (${score.right} of ${score.expected})`,
  )
  for (const failure of score.failures) console.log(`    ${failure}`)
}
