import { Dice } from '../../pdf/generate/random.ts'
import { type Kind, kinds, type Question } from './form.ts'

/** Answers a question with ids of passages, the best first; an id that comes again counts only at its first place. */
export type Ranker = (question: string) => readonly string[] | Promise<readonly string[]>

/** What is measured of a ranking, 0 to 1. */
export const measures = ['recall1', 'recall5', 'recall10', 'mrr', 'ndcg10'] as const
export type Measure = (typeof measures)[number]
/** Recall: share of the answers that are among the first 1, 5, 10. MRR: one over the place of the first answer, 0 where none is listed. nDCG: relevance yes or no. */
export type Values = Readonly<Record<Measure, number>>

/** One question and how well it was answered. */
export interface ScoredQuestion {
  question: Question
  /** Ids of passages, without repetitions. */
  ranked: readonly string[]
  values: Values
}

/** A mean with a 95 % interval of the bootstrap over questions. */
export interface Interval {
  mean: number
  low: number
  high: number
}

/** Questions of one kind, or all of them. */
export interface ScoreRow {
  kind: Kind | 'all'
  questions: number
  measures: Readonly<Record<Measure, Interval>>
}

/** Asks all questions, one after the other, and scores each ranking. */
export async function askAll(ranker: Ranker, questions: readonly Question[]): Promise<ScoredQuestion[]> {
  const scored: ScoredQuestion[] = []
  for (const question of questions) {
    const ranked = [...new Set(await ranker(question.question))]
    scored.push({ question, ranked, values: valuesOf(ranked, question.answers) })
  }
  return scored
}

/** Scores one ranking against the passages that answer. */
export function valuesOf(ranked: readonly string[], answers: readonly string[]): Values {
  const right = new Set(answers)
  const places = ranked.flatMap((id, index) => (right.has(id) ? [index + 1] : []))
  const recall = (among: number) => places.filter((place) => place <= among).length / right.size
  const gain = (at: readonly number[]) =>
    at.filter((place) => place <= 10).reduce((sum, p) => sum + 1 / Math.log2(p + 1), 0)
  const ideal = gain(Array.from(right, (_, index) => index + 1))
  const first = places[0]
  return {
    recall1: recall(1),
    recall5: recall(5),
    recall10: recall(10),
    mrr: first === undefined ? 0 : 1 / first,
    ndcg10: gain(places) / ideal,
  }
}

/** Means by kind and over all, with intervals; the same in every run. Kinds without a question are left out. */
export function rowsOf(scored: readonly ScoredQuestion[]): ScoreRow[] {
  const row = (kind: Kind | 'all', part: readonly ScoredQuestion[]): ScoreRow => {
    const of = (measure: Measure) => interval(part.map((each) => each.values[measure]))
    return {
      kind,
      questions: part.length,
      measures: {
        recall1: of('recall1'),
        recall5: of('recall5'),
        recall10: of('recall10'),
        mrr: of('mrr'),
        ndcg10: of('ndcg10'),
      },
    }
  }
  const byKind = kinds.map((kind) =>
    row(
      kind,
      scored.filter((each) => each.question.kind === kind),
    ),
  )
  return [...byKind, row('all', scored)].filter((each) => each.questions > 0)
}

/**
 * How much better `one` is than `other` in a measure, with a 95 % interval of the paired bootstrap: one that holds 0 shows no
 * difference. Both must have answered the same questions in the same order; throws otherwise.
 */
export function difference(
  one: readonly ScoredQuestion[],
  other: readonly ScoredQuestion[],
  measure: Measure,
): Interval {
  if (one.length !== other.length) throw new Error('the two answered different questions')
  const deltas = one.map((each, index) => {
    const beside = other[index]
    if (beside?.question.id !== each.question.id) throw new Error('the two answered different questions')
    return each.values[measure] - beside.values[measure]
  })
  return interval(deltas)
}

/** Mean of the samples and the 95 % interval of 2,000 resamples of them. */
export function interval(samples: readonly number[]): Interval {
  if (samples.length === 0) return { mean: Number.NaN, low: Number.NaN, high: Number.NaN }
  const mean = samples.reduce((sum, each) => sum + each, 0) / samples.length
  const dice = new Dice(2_024)
  const means: number[] = []
  for (let round = 0; round < 2_000; round++) {
    let sum = 0
    for (let i = 0; i < samples.length; i++) sum += samples[dice.whole(0, samples.length - 1)] ?? 0
    means.push(sum / samples.length)
  }
  means.sort((a, b) => a - b)
  return { mean, low: means[50] ?? mean, high: means[1_949] ?? mean }
}

/** Lines of a table of the rows: a mean and its interval in each cell. */
export function scoreTable(name: string, rows: readonly ScoreRow[]): string[] {
  const cell = ({ mean, low, high }: Interval) => `${mean.toFixed(2)} (${low.toFixed(2)}-${high.toFixed(2)})`
  const titles = ['R@1', 'R@5', 'R@10', 'MRR', 'nDCG@10']
  const head = `  ${name.padEnd(22)} ${'n'.padStart(4)}  ${titles.map((title) => title.padEnd(17)).join(' ')}`
  const lines = rows.map((row) => {
    const cells = measures.map((measure) => cell(row.measures[measure]).padEnd(17))
    return `  ${row.kind.padEnd(22)} ${String(row.questions).padStart(4)}  ${cells.join(' ')}`
  })
  return [head, ...lines].map((line) => line.trimEnd())
}
