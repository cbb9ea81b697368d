import { report, scoreQuality } from './extraction.ts'
import { samplesFolder } from './files.ts'
import { formulas } from './formulas.ts'
import { add, noScore, precision, recall, type Score } from './score.ts'
import { scoreText } from './text.ts'

/** What precision and recall should reach: parameters and cells of tables; words of text and of scans; formulas that are generated, and those of PRODIST. */
const aims = { tables: 0.98, text: 0.98, scans: 0.9, generatedFormulas: 0.9, prodist: 0.7 }

/**
 * Prints precision and recall by kind, set and file, with the failures by name. Real documents and their truth lie in the samples; without
 * them the generated ones are scored alone, and that is said. Gives whether an aim was missed.
 */
export async function quality({ failures = 6 }: { failures?: number } = {}): Promise<boolean> {
  let missed = false
  const aim = (what: string, value: number, least: number) => {
    if (value < least) missed = true
    console.log(`  ${value < least ? 'MISSED ' : 'reached'}  ${what}: ${value.toFixed(3)} (aim ${least})`)
  }
  const samples = samplesFolder()
  if (samples === undefined) console.log('SKIPPED: real documents (no samples beside the repository)')
  const lines = await scoreQuality(samples ?? '')
  console.log(report(lines, failures))
  for (const kind of ['parameters', 'tables'] as const) {
    for (const set of ['samples', 'generated', 'generated, held out'] as const) {
      const total: Score = noScore()
      const own = lines.filter((line) => line.kind === kind && line.set === set)
      if (own.length === 0) continue
      for (const line of own) add(total, line.score)
      aim(`${kind}, ${set}, precision`, precision(total), aims.tables)
      aim(`${kind}, ${set}, recall`, recall(total), aims.tables)
    }
  }
  console.log('text in reading order, word for word')
  for (const { name, scan, score } of await scoreText()) {
    aim(`text, ${name}, precision`, precision(score), scan ? aims.scans : aims.text)
    aim(`text, ${name}, recall`, recall(score), scan ? aims.scans : aims.text)
    for (const failure of score.failures.slice(0, failures)) console.log(`    ${failure}`)
  }
  for (const score of await formulas()) {
    const least = score.name.startsWith('PRODIST') ? aims.prodist : aims.generatedFormulas
    aim(`formulas, ${score.name}, recall`, score.recall, least)
    aim(`formulas, ${score.name}, precision`, score.precision, least)
    for (const failure of score.failures.slice(0, failures)) console.log(`    ${failure}`)
    if (score.failures.length > failures) console.log(`    and ${score.failures.length - failures} more`)
  }
  return missed
}
