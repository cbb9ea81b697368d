import { type Infer, parser, type Schema } from '../../../schema.ts'
import type { Json } from '../../../stores/cache/port.ts'
import type { Queryable } from '../../../stores/postgres/port.ts'
import { FetchOutputSchema } from '../../aneel/fetch-schema.ts'
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

const manifests = {
  fetch: parser(FetchOutputSchema, 'A manifest'),
  scrape: parser(ScrapeOutputSchema, 'A manifest'),
}

/** Manifests that are read at a time. */
const page = 200

/**
 * The datasets that a run's manifests tell of: those that need a look first, then what is new, at most `most`; and how many there are.
 * However many there are, memory holds a page of them.
 */
export async function datasetsOf(
  q: Queryable,
  run: string,
  most: number,
): Promise<{ datasets: DatasetFacts[]; count: number }> {
  let datasets: DatasetFacts[] = []
  let count = 0
  let after = { node: '', item: '' }
  for (;;) {
    const { rows } = await q.query<{ node: string; item: string; name: string; output: Json }>(
      `select node, item, split_part(step, '@', 1) as name, output from pipeline.step
       where run_id = $1::uuid and state = 'done' and (step like 'aneel-fetch@%' or step like 'utility-scrape@%')
         and (node, item) > ($2, $3) order by node, item limit $4`,
      [run, after.node, after.item, page],
    )
    const found = rows.flatMap(({ name, output }) => (name === 'aneel-fetch' ? fetched(output) : scraped(output)))
    count += found.length
    datasets = [...datasets, ...found].sort(byUrgency).slice(0, most)
    const last = rows.at(-1)
    if (last === undefined || rows.length < page) return { datasets, count }
    after = last
  }
}

/** Whether readers get something else than the source has now. */
export function isStale({ tier, outcome }: DatasetFacts): boolean {
  return tier !== 'primary' || outcome === 'stale' || outcome === 'blocked'
}

function byUrgency(a: DatasetFacts, b: DatasetFacts): number {
  return rank(b) - rank(a) || a.dataset.localeCompare(b.dataset)
}

function rank(facts: DatasetFacts): number {
  return isStale(facts) ? 2 : facts.outcome === 'published' ? 1 : 0
}

function read<S extends Schema>(
  reader: { problems(value: unknown): string[]; parse(value: unknown): Infer<S> },
  output: Json,
): Infer<S> | undefined {
  return reader.problems(output).length === 0 ? reader.parse(output) : undefined
}

function fetched(output: Json): DatasetFacts[] {
  const found = read<typeof FetchOutputSchema>(manifests.fetch, output)
  if (found === undefined) return []
  const { dataset, outcome, tier, ageSeconds, why, rows, changed, vanished, quarantined, warnings } = found
  return [
    {
      ...{ dataset, page: '', outcome, reason: '', tier, ageSeconds, why: why[0]?.code ?? '' },
      ...{ rows, changed, vanished, quarantined, new: found.new, warnings: warnings.length },
    },
  ]
}

function scraped(output: Json): DatasetFacts[] {
  const found = read<typeof ScrapeOutputSchema>(manifests.scrape, output)
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
