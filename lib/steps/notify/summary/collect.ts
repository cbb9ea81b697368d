import { PipelineError } from '../../../errors.ts'
import { listRuns, listSteps } from '../../../runs/display.ts'
import type { StepRow } from '../../../runs/run.ts'
import { calendar } from '../../../runs/schedule.ts'
import type { Schema } from '../../../schema.ts'
import { type Infer, parser } from '../../../schema.ts'
import type { Json } from '../../../stores/cache/port.ts'
import type { Queryable } from '../../../stores/postgres/port.ts'
import { FetchOutputSchema } from '../../aneel/fetch-schema.ts'
import { PdfOutputSchema } from '../../pdf/step-schema.ts'
import { ScrapeOutputSchema } from '../../utility/scrape-schema.ts'

/** A dataset, or the datasets of a page, as a run left them. Ages and durations in seconds. */
export type DatasetFacts = {
  dataset: string
  /** For a page: which. */
  page: string
  outcome: string
  reason: string
  tier: string
  ageSeconds: number
  /** Code because of which no better tier served; ''. */
  why: string
  rows: number
  new: number
  changed: number
  vanished: number
  quarantined: number
  warnings: number
}

/** A step that failed for good. */
export type ErrorFacts = { step: string; item: string; code: string; message: string; retryable: boolean }

/** What other steps did, by name, in figures of their manifests. */
export type StepFacts = { step: string; done: number; seconds: number; figures: { [name: string]: number } }

/** What a summary tells: plain data, from the journal and the manifests in it alone. */
export type SummaryFacts = {
  run: string
  flow: string
  slot: string
  trigger: string
  /** `failed` when anything failed; `running` counts as done so far. */
  outcome: 'done' | 'partly' | 'failed'
  startedAt: string
  seconds: number
  datasets: DatasetFacts[]
  documents: {
    extracted: number
    unchanged: number
    partial: number
    pages: number
    tables: number
    formulas: number
    records: number
  }
  steps: StepFacts[]
  errors: ErrorFacts[]
  /** How many datasets and errors were left out. */
  left: { datasets: number; errors: number }
  /** ISO; null when nothing is scheduled. */
  next: string | null
  attributions: string[]
}

/** Most of each in a summary. */
const most = { datasets: 60, errors: 30, attributions: 5 } as const

const manifests = {
  fetch: parser(FetchOutputSchema, 'A manifest'),
  scrape: parser(ScrapeOutputSchema, 'A manifest'),
  pdf: parser(PdfOutputSchema, 'A manifest'),
}

/** What a run has brought so far. Throws RUN_UNKNOWN. */
export async function summaryOfRun(q: Queryable, id: string, now: Date): Promise<SummaryFacts> {
  const [run] = await listRuns(q, { id })
  if (run === undefined) throw new PipelineError('RUN_UNKNOWN', `The journal knows no run ${id}`)
  const steps = (await listSteps(q, id)).filter(({ step }) => step.includes('@') || step === 'item')
  const datasets = steps.flatMap(datasetsOf)
  const errors = errorsOf(steps)
  const done = steps.filter(({ state, step }) => state === 'done' && step !== 'item').length
  const startedAt = steps[0]?.startedAt ?? run.createdAt
  const { flow, slot, trigger } = run
  return {
    ...{ run: id, flow, slot, trigger, startedAt },
    outcome: errors.length === 0 ? 'done' : done > 0 ? 'partly' : 'failed',
    seconds: Math.max(0, (Date.parse(run.finishedAt ?? now.toISOString()) - Date.parse(run.createdAt)) / 1_000),
    // what needs a look first, then what is new
    datasets: datasets.sort((a, b) => rank(b) - rank(a) || a.dataset.localeCompare(b.dataset)).slice(0, most.datasets),
    documents: documentsOf(steps),
    steps: othersOf(steps),
    errors: errors.slice(0, most.errors),
    left: {
      datasets: Math.max(0, datasets.length - most.datasets),
      errors: Math.max(0, errors.length - most.errors),
    },
    next: await nextRun(q, flow, now),
    attributions: attributionsOf(steps).slice(0, most.attributions),
  }
}

/** The datasets that a run has published so far, at most 1,000: those that its manifests name. */
export async function publishedIn(q: Queryable, run: string): Promise<string[]> {
  const { rows } = await q.query<{ dataset: string }>(
    `select distinct dataset from pipeline.step s, lateral (
       select s.output->>'dataset' as dataset
       union all
       select each->>'dataset' from jsonb_array_elements(
         case when jsonb_typeof(s.output->'datasets') = 'array' then s.output->'datasets' else '[]' end) each
     ) named
     where s.run_id = $1::uuid and s.state = 'done' and s.step <> 'item' and s.output->>'outcome' = 'published'
       and dataset is not null
     order by dataset limit 1000`,
    [run],
  )
  return rows.map(({ dataset }) => dataset)
}

/** Whether readers get something else than the source has now. */
export function isStale({ tier, outcome }: DatasetFacts): boolean {
  return tier !== 'primary' || outcome === 'stale' || outcome === 'blocked'
}

function rank(facts: DatasetFacts): number {
  return isStale(facts) ? 2 : facts.outcome === 'published' ? 1 : 0
}

const nameOf = ({ step }: StepRow) => step.split('@')[0] ?? ''

function read<S extends Schema>(
  reader: { problems(value: unknown): string[]; parse(value: unknown): Infer<S> },
  output: Json,
): Infer<S> | undefined {
  return reader.problems(output).length === 0 ? reader.parse(output) : undefined
}

function datasetsOf(row: StepRow): DatasetFacts[] {
  if (row.state !== 'done') return []
  if (nameOf(row) === 'aneel-fetch') {
    const found = read<typeof FetchOutputSchema>(manifests.fetch, row.output)
    if (found === undefined) return []
    const { dataset, outcome, tier, ageSeconds, why, rows, changed, vanished, quarantined, warnings } = found
    return [
      {
        ...{
          dataset,
          page: '',
          outcome,
          reason: '',
          tier,
          ageSeconds,
          why: why[0]?.code ?? '',
          rows,
          changed,
          vanished,
        },
        ...{ quarantined, new: found.new, warnings: warnings.length },
      },
    ]
  }
  if (nameOf(row) !== 'utility-scrape') return []
  const found = read<typeof ScrapeOutputSchema>(manifests.scrape, row.output)
  if (found === undefined) return []
  const { recipe, outcome, reason, tier, ageSeconds } = found
  const common = { page: recipe, outcome, reason: reason.slice(0, 300), tier, ageSeconds, why: '', quarantined: 0 }
  if (found.datasets.length === 0) {
    return [{ ...common, dataset: recipe, rows: 0, new: 0, changed: 0, vanished: 0, warnings: 0 }]
  }
  return found.datasets.map(({ dataset, rows, changed, vanished, warnings, ...rest }) => ({
    ...{ ...common, dataset, rows, changed, vanished, new: rest.new, warnings: warnings.length },
  }))
}

function documentsOf(steps: readonly StepRow[]): SummaryFacts['documents'] {
  const sum = { extracted: 0, unchanged: 0, partial: 0, pages: 0, tables: 0, formulas: 0, records: 0 }
  for (const row of steps) {
    if (row.state !== 'done' || nameOf(row) !== 'pdf-extract') continue
    const found = read<typeof PdfOutputSchema>(manifests.pdf, row.output)
    if (found === undefined) continue
    sum[found.outcome] += 1
    sum.pages += found.read
    sum.tables += found.tables
    sum.formulas += found.formulas
    sum.records += found.records
  }
  return sum
}

const shownElsewhere = new Set(['aneel-fetch', 'utility-scrape', 'pdf-extract', 'notify', 'item'])

/** The steps that no part of the summary knows better: how often each was done, and the sums of its manifests' whole numbers. */
function othersOf(steps: readonly StepRow[]): StepFacts[] {
  const byName = new Map<string, StepFacts>()
  for (const row of steps) {
    const step = nameOf(row)
    if (row.state !== 'done' || shownElsewhere.has(step)) continue
    const facts = byName.get(step) ?? { step, done: 0, seconds: 0, figures: {} }
    byName.set(step, facts)
    facts.done += 1
    if (row.finishedAt !== null) facts.seconds += (Date.parse(row.finishedAt) - Date.parse(row.startedAt)) / 1_000
    const { output } = row
    if (typeof output !== 'object' || output === null || Array.isArray(output)) continue
    for (const [name, value] of Object.entries(output).slice(0, 30)) {
      if (typeof value === 'number' && Number.isInteger(value) && value !== 0)
        facts.figures[name.slice(0, 40)] = (facts.figures[name.slice(0, 40)] ?? 0) + value
    }
  }
  return [...byName.values()].slice(0, 20)
}

/** The failures; that of an item of an each is left out where the step that failed in it tells the same. */
function errorsOf(steps: readonly StepRow[]): ErrorFacts[] {
  const seen = new Set<string>()
  const errors: ErrorFacts[] = []
  const failed = steps.filter(({ state, error }) => state === 'failed' && error !== null)
  for (const row of [
    ...failed.filter(({ step }) => step !== 'item'),
    ...failed.filter(({ step }) => step === 'item'),
  ]) {
    if (row.error === null || seen.has(row.item)) continue
    seen.add(row.item)
    const { code, message, retryable } = row.error
    errors.push({
      step: nameOf(row),
      item: itemOf(row.item),
      code,
      message: message.slice(0, 300),
      retryable,
    })
  }
  return errors
}

/** The keys of an item, as a person knows them. */
function itemOf(path: string): string {
  try {
    return path.split('/').map(decodeURIComponent).join(' / ')
  } catch {
    return path
  }
}

function attributionsOf(steps: readonly StepRow[]): string[] {
  const found = new Set<string>()
  for (const { output } of steps) {
    if (typeof output !== 'object' || output === null || Array.isArray(output)) continue
    if (typeof output.attribution === 'string' && output.attribution !== '') found.add(output.attribution.slice(0, 300))
  }
  return [...found]
}

async function nextRun(q: Queryable, flow: string, now: Date): Promise<string | null> {
  const { rows } = await q.query<{ expression: string; time_zone: string }>(
    'select expression, time_zone from pipeline.schedule where flow = $1',
    [flow],
  )
  const [schedule] = rows
  if (schedule === undefined) return null
  return calendar(schedule.expression, schedule.time_zone).next(now)?.toISOString() ?? null
}
