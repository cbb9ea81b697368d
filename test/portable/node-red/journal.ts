import { canonicalText } from '../../../lib/portable/canonical.ts'
import { classOf, type Trace, type TraceLine, tierOf } from '../../../lib/portable/trace.ts'
import type { JournalError } from '../../../lib/runs/run.ts'
import type { PostgresStore } from '../../../lib/stores/postgres/port.ts'
import { sha256 } from '../scripted.ts'

interface Row extends Record<string, unknown> {
  node: string
  item: string
  attempt: number
  error: JournalError | null
  output: unknown
  is_item: boolean
}

/**
 * The trace of a flow's one run, out of the journal of Node-RED. `prefix` is taken off the ids. In the order of the transactions that wrote
 * the lines: clocks are too coarse for what follows each other within a millisecond.
 */
export async function journalTrace(store: PostgresStore, flow: string, prefix: string): Promise<Trace> {
  const { rows: runs } = await store.query<{ id: string; state: string }>(
    'select id, state from pipeline.run where flow = $1',
    [flow],
  )
  const [run, ...others] = runs
  if (run === undefined || others.length > 0) throw new Error(`${flow} has ${runs.length} runs`)
  const { id, state } = run
  if (state !== 'done' && state !== 'failed') throw new Error(`The run of ${flow} is ${state}`)
  // Retry nodes, each and join have lines of their own there: only steps and items are in the trace.
  const { rows } = await store.query<Row>(
    `select node, item, attempt, error, output, is_item from (
       select node, item, attempts as attempt, null::jsonb as error, output, false as is_item, xmin::text::bigint as at
       from pipeline.step where run_id = $1 and step = 'scripted@1' and state = 'done'
       union all
       select node, item, a.attempt, a.error, null, false, a.xmin::text::bigint
       from pipeline.step_attempt a join pipeline.step s using (run_id, node, item)
       where run_id = $1 and s.step = 'scripted@1'
       union all
       select node, item, 1, error, output, true, xmin::text::bigint
       from pipeline.step where run_id = $1 and recorded_by is not null
     ) as lines order by at`,
    [id],
  )
  return { pipeline: flow.replaceAll(prefix, ''), outcome: state, lines: rows.map((row) => lineOf(row, prefix)) }
}

function lineOf({ node, item, attempt, error, output, is_item }: Row, prefix: string): TraceLine {
  const line = { step: node.replaceAll(prefix, ''), item, attempt }
  if (error === null)
    return { ...line, class: 'ok', code: null, output: sha256(canonicalText(output)), tier: tierOf(output) }
  return { ...line, class: is_item ? 'permanent' : classOf(error), code: error.code, output: null, tier: null }
}
