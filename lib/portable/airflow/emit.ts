import type { FlowNode } from '../../flow-check/node.ts'
import type { CheckLanguage } from '../../flow-check/rule.ts'
import { canonicalFile } from '../canonical.ts'
import type { Note } from '../notes.ts'
import type { Plan } from '../plan/schema.ts'
import { type Dag, dagOf } from './dag.ts'
import { dagIds } from './dag-ids.ts'
import { deliverDag } from './deliver-dag.ts'
import { newNotes } from './notes.ts'
import { words } from './python.ts'

export interface AirflowOptions {
  /** What the files are called: the flow's file without its ending. */
  name: string
  /** The flow, for the lines `dag: NAME` in its descriptions. */
  nodes: readonly FlowNode[]
  /** The runner's source, written beside the DAG file. */
  runner: string
  /** YYYY-MM-DD; matters only for a schedule that makes up for all slots. Default 2026-01-01. */
  startDate?: string | undefined
  /** Of the notes. Default en-US. */
  language?: CheckLanguage
}

export interface AirflowFiles {
  /** By name, as they are written. Empty where a note is an error. */
  files: Readonly<Record<string, string>>
  dags: Dag[]
  notes: Note[]
}

/** Versions of Airflow that the files are made for. */
export const airflowVersions = '>=3.0,<4'

/**
 * A plan as files for a folder of DAGs: `ysh_NAME.py` with a DAG for each pipeline, `ysh_NAME.plan.json`, which the steps read, and
 * `ysh_runner.py` and `ysh_deliver_dag.py`, the same for all flows; `ysh_NAME.dags.json` tells the latter which DAGs wait for alerts and models. The same plan gives the same bytes.
 */
export function emitAirflow(plan: Plan, options: AirflowOptions): AirflowFiles {
  const { startDate = '2026-01-01', language = 'en-US', nodes, runner } = options
  const notes = newNotes(language)
  const name = `ysh_${options.name.replaceAll(/[^A-Za-z0-9]+/g, '_').toLowerCase()}`
  const planFile = `${name}.plan.json`
  const ids = dagIds(plan.pipelines, nodes)
  const dags = plan.pipelines.map((pipeline) =>
    dagOf(pipeline, { plan, dagId: ids.get(pipeline.id) ?? pipeline.id, planFile, startDate, notes }),
  )
  const source = `${[head(plan, dags), ...dags.map((dag) => dag.source)].join('\n\n\n')}\n`
  const failed = notes.all.some(({ severity }) => severity === 'error')
  const waiting = dags.filter((_, at) => ['alert', 'late'].includes(plan.pipelines[at]?.trigger.kind ?? ''))
  const owed = Object.fromEntries(
    plan.pipelines.flatMap(({ id }) => {
      const dagId = ids.get(id) ?? id
      return waiting.some((dag) => dag.dagId === dagId) ? [[id, dagId]] : []
    }),
  )
  const files = {
    ...{ [`${name}.py`]: source, [planFile]: canonicalFile(plan), 'ysh_runner.py': runner },
    ...{ [`${name}.dags.json`]: canonicalFile({ plan: planFile, dags: owed }), 'ysh_deliver_dag.py': deliverDag },
  }
  return { files: failed ? {} : files, dags, notes: notes.all }
}

function head({ source, version, pipelines }: Plan, dags: readonly Dag[]): string {
  const body = dags.map((dag) => dag.source).join('\n')
  const objects = pipelines.some(({ trigger }) => trigger.kind === 'object')
  const dates = ['datetime', 'timedelta', 'timezone']
  const sdk = [...(objects ? ['Asset'] : []), 'dag', 'task', ...(body.includes('@task_group(') ? ['task_group'] : [])]
  const own = ['Pipeline', ...['cron', 'doubling', 'watchers'].filter((one) => body.includes(`${one}(`))]
  return [
    `"""Made by \`ysh-pipeline compile --target airflow\` from a Node-RED flow; change the flow and compile again.`,
    '',
    `DAGs: ${dags.map(({ dagId }) => dagId).join(', ')}.`,
    `Apache Airflow ${airflowVersions}, Python 3.10 or newer; plan version ${version}.`,
    '"""',
    '',
    'from __future__ import annotations',
    '',
    `from datetime import ${dates.join(', ')}`,
    '',
    ...(objects ? ['from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator'] : []),
    `from airflow.sdk import ${sdk.join(', ')}`,
    '',
    `from ysh_runner import ${own.join(', ')}`,
    '',
    `FLOW_SHA256 = ${words(source.sha256)}`,
  ].join('\n')
}
