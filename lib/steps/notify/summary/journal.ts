import type { JournalError } from '../../../runs/run.ts'
import type { Queryable } from '../../../stores/postgres/port.ts'

// The journal of a run may have 100,000 lines and more: it is added up where it is.

/** A step that failed for good. */
export type ErrorFacts = { step: string; item: string; code: string; message: string; retryable: boolean }

/** What other steps did, by name, in figures of their manifests. */
export type StepFacts = { step: string; done: number; seconds: number; figures: { [name: string]: number } }

/** What became of documents, and what was in them. */
export type DocumentFacts = {
  extracted: number
  unchanged: number
  partial: number
  pages: number
  tables: number
  formulas: number
  records: number
}

/** Lines of work: steps, and the items that joins have seen. Retries, eaches and joins are none. */
const lines = `from pipeline.step where run_id = $1::uuid and (step = 'item' or step like '%@%')`
const name = `split_part(step, '@', 1)`

/** When a run's first step began (null: none has), and how many steps are done. */
export async function progressOf(q: Queryable, run: string): Promise<{ startedAt: Date | null; done: number }> {
  const { rows } = await q.query<{ started: Date | null; done: number }>(
    `select min(started_at) as started, (count(*) filter (where state = 'done' and step <> 'item'))::int as done ${lines}`,
    [run],
  )
  return { startedAt: rows[0]?.started ?? null, done: rows[0]?.done ?? 0 }
}

/** What the run's manifests tell of documents. */
export async function documentsOf(q: Queryable, run: string): Promise<DocumentFacts> {
  const sum = (property: string) =>
    `coalesce(sum(case when jsonb_typeof(output->'${property}') = 'number' then (output->>'${property}')::numeric end), 0)::float8`
  const { rows } = await q.query<{ outcome: string; count: number } & Omit<DocumentFacts, Outcome>>(
    `select output->>'outcome' as outcome, count(*)::int as count, ${sum('read')} as pages, ${sum('tables')} as tables,
       ${sum('formulas')} as formulas, ${sum('records')} as records
     ${lines} and state = 'done' and step like 'pdf-extract@%' group by 1`,
    [run],
  )
  const facts = { extracted: 0, unchanged: 0, partial: 0, pages: 0, tables: 0, formulas: 0, records: 0 }
  for (const { outcome, count, ...sums } of rows) {
    if (!isOutcome(outcome)) continue
    facts[outcome] += count
    for (const property of ['pages', 'tables', 'formulas', 'records'] as const) facts[property] += sums[property]
  }
  return facts
}

type Outcome = 'extracted' | 'unchanged' | 'partial'
function isOutcome(text: string): text is Outcome {
  return text === 'extracted' || text === 'unchanged' || text === 'partial'
}

/** Steps and figures of a step that a summary has room for. */
const most = { steps: 20, figures: 30 }

/** The steps that no part of a summary knows better: how often each was done, and the sums of its manifests' whole numbers. */
export async function othersOf(q: Queryable, run: string): Promise<StepFacts[]> {
  const others = `${lines} and state = 'done' and step <> 'item'
    and ${name} not in ('aneel-fetch', 'utility-scrape', 'pdf-extract', 'notify')`
  const steps = await q.query<{ step: string; done: number; seconds: number }>(
    `select ${name} as step, count(*)::int as done,
       coalesce(sum(extract(epoch from finished_at - started_at)), 0)::float8 as seconds
     ${others} group by 1 order by min(started_at), 1 limit $2`,
    [run, most.steps],
  )
  const figures = await q.query<{ step: string; figure: string; sum: number }>(
    `select step, figure, sum from (
       select step, figure, sum, row_number() over (partition by step order by length(figure), figure) as place from (
         select step, left(key, 40) as figure, sum(number)::float8 as sum
         from (
           select ${name} as step, case when jsonb_typeof(output) = 'object' then output else '{}' end as output ${others}
         ) line, lateral jsonb_each(output),
           lateral (select case when jsonb_typeof(value) = 'number' then value::numeric end as number) figures
         where step = any($2::text[]) and number = trunc(number) and number <> 0
         group by 1, 2
       ) sums
     ) placed where place <= $3 order by step, place`,
    [run, steps.rows.map(({ step }) => step), most.figures],
  )
  const byStep = Map.groupBy(figures.rows, ({ step }) => step)
  return steps.rows.map(({ step, done, seconds }) => ({
    ...{ step, done, seconds },
    figures: Object.fromEntries((byStep.get(step) ?? []).map(({ figure, sum }) => [figure, sum])),
  }))
}

/**
 * The first failures of a run, at most `limit`, one an item, and how many items failed. That of an item of an each is left out where the
 * step that failed in it tells the same.
 */
export async function errorsOf(
  q: Queryable,
  run: string,
  limit: number,
): Promise<{ errors: ErrorFacts[]; count: number }> {
  const { rows } = await q.query<{ step: string; item: string; error: JournalError; count: number }>(
    `select ${name} as step, item, error, (count(*) over ())::int as count from (
       select distinct on (item) step, item, error, started_at, node ${lines} and state = 'failed' and error is not null
       order by item, step = 'item', started_at, node
     ) firsts order by step = 'item', started_at, node, item limit $2`,
    [run, limit],
  )
  return {
    count: rows[0]?.count ?? 0,
    errors: rows.map(({ step, item, error: { code, message, retryable } }) => ({
      ...{ step, item: itemOf(item), code, message: message.slice(0, 300), retryable },
    })),
  }
}

/** The keys of an item, as a person knows them. */
function itemOf(path: string): string {
  try {
    return path.split('/').map(decodeURIComponent).join(' / ')
  } catch {
    return path
  }
}

/** Whom the run's data is from, in the words that the manifests have, the first `limit`. */
export async function attributionsOf(q: Queryable, run: string, limit: number): Promise<string[]> {
  const { rows } = await q.query<{ attribution: string }>(
    `select left(output->>'attribution', 300) as attribution ${lines}
       and jsonb_typeof(output->'attribution') = 'string' and output->>'attribution' <> ''
     group by 1 order by min(started_at), 1 limit $2`,
    [run, limit],
  )
  return rows.map(({ attribution }) => attribution)
}
