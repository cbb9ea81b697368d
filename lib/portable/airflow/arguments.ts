import type { Retry } from '../plan/schema.ts'
import type { Notes } from './notes.ts'
import { span, words } from './python.ts'
import type { Task } from './tasks.ts'

/** Runs unless something before failed or all of it was skipped; a task that no state names skips itself. */
export const rule = '"none_failed_min_one_success"'
/** How much later than the runner Airflow gives up on a try. */
export const graceSeconds = 60
/** The runner's limit where the flow sets none. */
export const daySeconds = 86_400

/** Most items of a map by Airflow's default. */
const mostMapped = 1_024

/** The arguments of a task's decorator, as Python, by name. */
export function argumentsOf(task: Task, notes: Notes): Record<string, string> {
  const { node, group, kind, id } = task
  const own = group === undefined ? id : id.slice(id.indexOf('.') + 1)
  const part = kind === 'open' || kind === 'items' || kind === 'close' ? ` · ${kind}` : ''
  return {
    task_id: words(own),
    ...(node === undefined ? {} : { task_display_name: words(`${node.name}${part}`) }),
    ...(task.inputs.length > 0 ? { trigger_rule: rule } : {}),
    ...triesOf(task, notes),
    ...limitsOf(task, notes),
    ...(node?.kind === 'wait' && kind === 'wait' ? waiting(node.seconds) : {}),
  }
}

function triesOf({ kind, node }: Task, notes: Notes): Record<string, string> {
  if (node?.kind !== 'step' && node?.kind !== 'map') return {}
  const retry = kind === 'step' || kind === 'open' ? node.retry : null
  if (retry === null || retry.maxRetries === 0) return {}
  const { id, name, type, tab } = node
  return retriesOf(retry, { node: id, name, type, tab }, notes)
}

/** Retries, in Airflow's words. */
export function retriesOf(
  { law, maxRetries, baseSeconds, capSeconds }: Retry,
  place: { node: string; name: string; type: string; tab: string },
  notes: Notes,
): Record<string, string> {
  if (law === 'linear') notes.add('RETRY_LINEAR', place)
  const base = { retries: String(maxRetries), retry_delay: span(Math.min(baseSeconds, capSeconds)) }
  if (law !== 'exponential') return base
  notes.add('RETRY_JITTER', place)
  return { ...base, max_retry_delay: span(capSeconds), retry_exponential_backoff: 'doubling()' }
}

function limitsOf({ kind, node, group }: Task, notes: Notes): Record<string, string> {
  const limits: Record<string, string> = {}
  if ((node?.kind === 'step' && kind === 'step') || (node?.kind === 'map' && kind === 'open')) {
    if (node.timeoutSeconds > 0) limits.execution_timeout = span(node.timeoutSeconds + graceSeconds)
  }
  if (node?.kind === 'step' && node.durable) limits.max_active_tis_per_dag = String(node.concurrency)
  if (group !== undefined) limits.max_active_tis_per_dagrun = String(group.window)
  if (node?.kind !== 'map') return limits
  const { id, name, type, tab, maxItems } = node
  const place = { node: id, name, type, tab }
  if (kind === 'map') notes.add('MAP_INSIDE', place)
  else if (maxItems === null) notes.add('LIST_LENGTH', place)
  else if (maxItems > mostMapped) notes.add('MAP_LENGTH', place, { items: maxItems })
  return limits
}

/** A sensor that looks twice: when it is reached, and after the pause, without a process in between. */
function waiting(seconds: number): Record<string, string> {
  return { mode: '"reschedule"', poke_interval: String(Math.max(seconds, 1)), timeout: String(seconds + 3_600) }
}
