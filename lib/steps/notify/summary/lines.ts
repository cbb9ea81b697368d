import type { SummaryFacts } from './collect.ts'
import { type DatasetFacts, isStale } from './datasets.ts'
import { adviceFor, formats, type Language, wordsIn } from './words.ts'

/** One line of a summary, whichever form it takes. Texts are plain: whoever writes HTML escapes them. */
export type Line =
  | { kind: 'status'; text: string }
  | { kind: 'pair'; name: string; text: string }
  | { kind: 'figures'; figures: { name: string; value: string }[] }
  | { kind: 'heading'; text: string }
  /** `mood` says whether somebody should look. */
  | { kind: 'entry'; title: string; state: string; mood: 'good' | 'quiet' | 'warning' | 'bad'; details: string[] }
  | { kind: 'foot'; text: string }

/** The lines of a summary, in the order of what a reader wants to know first. */
export function linesOf(facts: SummaryFacts, language: Language): Line[] {
  const words = wordsIn(language)
  const { number, time, span } = formats(language)
  const { datasets, documents, steps, errors, left, next } = facts
  const sum = (of: (dataset: DatasetFacts) => number) => number(datasets.reduce((total, one) => total + of(one), 0))
  const figure = (name: string, value: string) => ({ name, value })
  const stale = datasets.filter(isStale)
  const documentCount = documents.extracted + documents.unchanged + documents.partial

  const lines: Line[] = [
    { kind: 'status', text: words.outcome[facts.outcome] },
    {
      kind: 'pair',
      name: words.started,
      text: `${time(facts.startedAt)}, ${words.trigger[facts.trigger] ?? facts.trigger}`,
    },
    { kind: 'pair', name: words.lasted, text: span(facts.seconds) },
    { kind: 'pair', name: words.next, text: next === null ? words.noNext : time(next) },
  ]
  if (datasets.length > 0) {
    lines.push({
      kind: 'figures',
      figures: [
        figure(
          words.added,
          sum((one) => one.new),
        ),
        figure(
          words.changed,
          sum((one) => one.changed),
        ),
        figure(
          words.vanished,
          sum((one) => one.vanished),
        ),
        figure(
          words.quarantined,
          sum((one) => one.quarantined),
        ),
      ],
    })
  }
  if (errors.length > 0) {
    lines.push({ kind: 'heading', text: `${words.errors} (${number(errors.length + left.errors)})` })
    for (const { item, step, code, message, retryable } of errors) {
      const advice = words.advice[adviceFor(code, retryable)]
      const title = item === '' ? step : item
      lines.push({ kind: 'entry', title, state: code, mood: 'bad', details: [message, `${words.what}: ${advice}`] })
    }
    if (left.errors > 0) lines.push(more(words.more(number(left.errors))))
  }
  if (stale.length > 0) {
    lines.push({ kind: 'heading', text: `${words.attention} (${number(stale.length)})` })
    for (const one of stale) lines.push(datasetLine(one, language))
  }
  const rest = datasets.filter((one) => !isStale(one))
  if (rest.length > 0) {
    lines.push({ kind: 'heading', text: `${words.datasets} (${number(rest.length)})` })
    for (const one of rest) lines.push(datasetLine(one, language))
  }
  if (left.datasets > 0) lines.push(more(words.more(number(left.datasets))))
  if (documentCount > 0) {
    const { extracted, unchanged, partial, pages, tables, formulas, records } = documents
    lines.push({ kind: 'heading', text: `${words.documents} (${number(documentCount)})` })
    lines.push({
      kind: 'entry',
      title: counts(
        [
          [extracted, words.extracted],
          [partial, words.partial],
          [unchanged, words.same],
        ],
        number,
      ),
      state: '',
      mood: partial > 0 ? 'warning' : 'good',
      details: [
        counts(
          [
            [pages, words.pages],
            [tables, words.tables],
            [formulas, words.formulas],
            [records, words.records],
          ],
          number,
        ),
      ],
    })
  }
  if (steps.length > 0) {
    lines.push({ kind: 'heading', text: words.steps })
    for (const { step, done, seconds, figures } of steps) {
      const named = Object.entries(figures).map(([name, value]) => `${name} ${number(value)}`)
      const details = [
        `${number(done)} ${words.times}, ${span(seconds)}`,
        ...(named.length === 0 ? [] : [named.join(' · ')]),
      ]
      lines.push({ kind: 'entry', title: step, state: '', mood: 'quiet', details })
    }
  }
  if (datasets.length + errors.length + documentCount + steps.length === 0) lines.push(more(words.nothing))
  for (const text of facts.attributions) lines.push({ kind: 'foot', text })
  lines.push({ kind: 'foot', text: `${words.run} ${facts.run}` })
  return lines
}

function more(title: string): Line {
  return { kind: 'entry', title, state: '', mood: 'quiet', details: [] }
}

function datasetLine(facts: DatasetFacts, language: Language): Line {
  const words = wordsIn(language)
  const { number, span } = formats(language)
  const { dataset, page, outcome, tier, ageSeconds, why, reason, quarantined, warnings } = facts
  const states: Record<string, string> = {
    published: words.published,
    unchanged: words.unchanged,
    stale: words.stale,
    blocked: words.blocked,
  }
  const rows = counts(
    [
      [facts.rows, words.rows],
      [facts.new, words.added],
      [facts.changed, words.changed],
      [facts.vanished, words.vanished],
      [quarantined, words.quarantined],
    ],
    number,
  )
  const from = [
    words.tier[tier] ?? tier,
    words.old(span(ageSeconds)),
    ...(why === '' ? [] : [words.because(why)]),
    ...(warnings === 0 ? [] : [words.warnings(number(warnings))]),
  ].join(' · ')
  const held = outcome === 'stale' || outcome === 'blocked'
  return {
    kind: 'entry',
    title: page === '' || page === dataset ? dataset : `${dataset} (${page})`,
    state: states[outcome] ?? outcome,
    mood: isStale(facts) ? 'warning' : outcome === 'published' ? 'good' : 'quiet',
    details: [...(rows === '' ? [] : [rows]), from, ...(held && reason !== '' ? [reason] : [])],
  }
}

/** Figures with their names; those that are nothing are left out. */
function counts(pairs: readonly (readonly [number, string])[], number: (value: number) => string): string {
  return pairs
    .filter(([value]) => value !== 0)
    .map(([value, name]) => `${number(value)} ${name}`)
    .join(' · ')
}
