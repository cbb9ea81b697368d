import type { Pipeline, Plan } from '../plan/schema.ts'
import { argumentsOf, daySeconds, graceSeconds } from './arguments.ts'
import type { Notes } from './notes.ts'
import { Names, span, text, words } from './python.ts'
import { type Task, tasksOf } from './tasks.ts'

/** What a DAG needs to know beside its pipeline. */
export interface DagContext {
  plan: Plan
  dagId: string
  /** Name of the file with the plan. */
  planFile: string
  /** YYYY-MM-DD. */
  startDate: string
  notes: Notes
}

export interface Dag {
  dagId: string
  /** Functions of Python, and the calls that make DAGs of them. */
  source: string
  tasks: Task[]
}

/** One pipeline as a function decorated with `@dag`; a pipeline that objects start gets a second, small one that makes runs of events. */
export function dagOf(pipeline: Pipeline, context: DagContext): Dag {
  const tasks = tasksOf(pipeline)
  const { dagId } = context
  const names = new Names(['p', 'dag', 'task', 'task_group', 'state'])
  const body = [...pipelineLine(pipeline, context), '', ...new Writer(tasks, names, context.notes).lines()]
  const parts = [dagFunction(dagId, dagArguments(pipeline, context), body)]
  if (pipeline.trigger.kind === 'object') parts.push(starterOf(pipeline, context))
  return { dagId, source: parts.join('\n\n\n'), tasks }
}

function dagFunction(dagId: string, args: Record<string, string>, body: readonly string[]): string {
  const name = `dag_${dagId.replaceAll(/\W/g, '_')}`
  const lines = [...called('@dag', args), `def ${name}():`, ...body.map(indented)]
  return [...lines, '', '', `${name}()`].join('\n')
}

function pipelineLine({ id }: Pipeline, { planFile }: DagContext): string[] {
  return [`p = Pipeline(__file__, plan=${words(planFile)}, pipeline=${words(id)}, sha256=FLOW_SHA256)`]
}

/** The DAG's own arguments. */
function dagArguments(pipeline: Pipeline, { dagId, startDate, notes, plan }: DagContext): Record<string, string> {
  const { trigger, overlap, catchUp, id, name, tab } = pipeline
  const place = { node: id, name, type: trigger.kind, tab }
  const scheduled = trigger.kind === 'schedule'
  if (overlap === 'replace') notes.add('OVERLAP', place, { overlap })
  if (scheduled && catchUp === 'skip') notes.add('CATCH_UP', place)
  if (scheduled && catchUp === 'all') notes.add('CATCH_UP_ALL', place)
  return {
    dag_id: words(dagId),
    dag_display_name: words(`${tab}: ${name}`),
    description: words(`${name} (${id})`),
    schedule: scheduled ? `cron(${text(trigger.cron)}, ${text(trigger.timeZone)})` : 'None',
    start_date: `datetime(${startDate.split('-').map(Number).join(', ')}, tzinfo=timezone.utc)`,
    catchup: scheduled && catchUp === 'all' ? 'True' : 'False',
    max_active_runs: overlap === 'parallel' ? '16' : '1',
    tags: `["ysh", ${words(trigger.kind)}]`,
    doc_md: words(about(pipeline, plan)),
    default_args: `{"retries": 0, "execution_timeout": ${span(daySeconds + graceSeconds)}}`,
  }
}

/** What the DAG's page in Airflow says. */
function about({ tab, name, id, trigger, regions }: Pipeline, { source }: Plan): string {
  const started = {
    schedule: 'by its schedule',
    manual: 'by hand or by API',
    webhook: 'by API, instead of a webhook',
    object: 'by the events of its asset, or by API',
    alert: 'by the delivery of the outbox, for each alert',
    late: 'when the model is back that its step owes work to',
  }[trigger.kind]
  return [
    `**${tab} / ${name}**`,
    `Compiled from a Node-RED flow (trigger \`${id}\`, ${regions.reduce((sum, { nodes }) => sum + nodes.length, 0)} nodes, SHA-256 \`${source.sha256}\`). Started ${started}. Task ids are the ids of the flow's nodes. Change the flow, not this file.`,
    'See [Airflow](https://github.com/ysh/node-red-data-pipeline/blob/main/docs/airflow.md) and [what compiles](https://github.com/ysh/node-red-data-pipeline/blob/main/docs/portable.md).',
  ].join('\n\n')
}

/** The DAG that an asset starts. Airflow may give one run many events, and a run of ours has one object. */
function starterOf(pipeline: Pipeline, context: DagContext): string {
  const { id, trigger, tab, name } = pipeline
  if (trigger.kind !== 'object') return ''
  const args = {
    ...dagArguments(pipeline, context),
    dag_id: words(`${context.dagId}__objects`),
    dag_display_name: words(`${tab}: ${name} · objects`),
    schedule: `[Asset(name=${words(id)}, uri=${text(uriOf(id, trigger))}, watchers=watchers(${words(id)}))]`,
    max_active_runs: '1',
  }
  const body = [
    ...pipelineLine(pipeline, context),
    '',
    '@task(task_id="objects")',
    'def objects():',
    '    return p.objects()',
    '',
    'TriggerDagRunOperator.partial(',
    `    task_id="start", trigger_dag_id=${words(context.dagId)}, skip_when_already_exists=True`,
    ').expand_kwargs(objects())',
  ]
  return dagFunction(`${context.dagId}__objects`, args, body)
}

function uriOf(id: string, { buckets, prefix }: Extract<Pipeline['trigger'], { kind: 'object' }>): string {
  const [bucket, other] = typeof buckets === 'string' ? buckets.split(/[\s,]+/) : buckets
  const known =
    bucket !== undefined && other === undefined && /^[a-z0-9.-]{3,63}$/.test(bucket) && !prefix.includes('${')
  return known ? `s3://${bucket}/${prefix}` : `x-ysh://objects/${encodeURIComponent(id)}`
}

/** Writes the tasks of a DAG. */
class Writer {
  readonly #tasks: readonly Task[]
  readonly #names: Names
  readonly #notes: Notes
  readonly #variables = new Map<Task, string>()
  /** By `close`: the variable with what its items ended with. */
  readonly #lists = new Map<Task, string>()

  constructor(tasks: readonly Task[], names: Names, notes: Notes) {
    this.#tasks = tasks
    this.#names = names
    this.#notes = notes
    for (const task of tasks) this.#variables.set(task, names.of(task.id))
  }

  lines(): string[] {
    const lines: string[] = []
    for (const task of this.#tasks) {
      if (task.group !== undefined) continue
      if (task.kind === 'close') lines.push(...this.#group(task))
      lines.push(...this.#task(task, undefined))
    }
    return lines.slice(0, -1)
  }

  /** The mapped group whose items a `close` brings together. */
  #group(close: Task): string[] {
    const inside = this.#tasks.filter(({ group }) => group !== undefined && group === close.node)
    const items = this.#tasks.find(({ kind, node }) => kind === 'items' && node === close.node)
    if (items === undefined || inside.length === 0) return []
    const name = this.#names.of(`${items.node?.id}_each`)
    const body = inside.flatMap((task) => this.#task(task, items))
    const exits = inside.filter((task) => close.inputs.includes(task))
    const list = this.#names.of(`${name}_ended`)
    this.#lists.set(close, list)
    if (exits.length > 0) body.push(`${list}.extend([${exits.map((task) => this.#variable(task)).join(', ')}])`)
    const groupId = inside[0]?.id.split('.')[0] ?? ''
    return [
      ...(exits.length > 0 ? [`${list} = []`, ''] : []),
      ...called('@task_group', { group_id: words(groupId) }),
      `def ${name}(state):`,
      ...(exits.length > 0 ? body : body.slice(0, -1)).map(indented),
      '',
      `${name}.expand(state=${this.#variable(items)})`,
      '',
    ]
  }

  #task(task: Task, items: Task | undefined): string[] {
    const variable = this.#variable(task)
    const { method, parameters, given } = this.#call(task, items)
    const decorator = { choose: '@task.branch', wait: '@task.sensor' }[String(task.kind)] ?? '@task'
    const behind = task.behind.map((choice) => `${this.#variable(choice)} >> ${variable}`)
    return [
      ...called(decorator, argumentsOf(task, this.#notes)),
      `def do_${variable}(${parameters}):`,
      `    return p.${method}`,
      '',
      `${variable} = do_${variable}(${given})`,
      ...behind,
      '',
    ]
  }

  #call(task: Task, items: Task | undefined): { method: string; parameters: string; given: string } {
    const id = task.node === undefined ? '' : words(task.node.id)
    const of = (input: Task) => (input === items ? 'state' : this.#variable(input))
    const states = `[${task.inputs.map(of).join(', ')}]`
    switch (task.kind) {
      case 'begin':
        return { method: 'begin()', parameters: '', given: '' }
      case 'items':
        return { method: `items(${id}, opened)`, parameters: 'opened', given: task.inputs.map(of).join(', ') }
      case 'close': {
        const [opened, ...ended] = task.inputs
        const outside = ended.filter(({ group }) => group === undefined).map(of)
        const inside = ended.length > outside.length ? [`*${this.#lists.get(task) ?? ''}`] : []
        return {
          method: `close(${id}, opened, ended)`,
          parameters: 'opened, ended',
          given: `${opened === undefined ? '' : of(opened)}, [${[...outside, ...inside].join(', ')}]`,
        }
      }
      case 'choose': {
        const ways = Object.entries(task.ways).map(([node, to]) => `${words(node)}: ${words(to)}`)
        return { method: `choose(${id}, states, {${ways.join(', ')}})`, parameters: 'states', given: states }
      }
      default:
        return task.inputs.length === 0
          ? { method: `${task.kind}(${id})`, parameters: '', given: '' }
          : { method: `${task.kind}(${id}, states)`, parameters: 'states', given: states }
    }
  }

  #variable(task: Task): string {
    return this.#variables.get(task) ?? ''
  }
}

const indented = (line: string) => (line === '' ? '' : `    ${line}`)

/** A call over several lines, as formatters write it. */
function called(name: string, args: Record<string, string>): string[] {
  return [`${name}(`, ...Object.entries(args).map(([of, value]) => `    ${of}=${value},`), ')']
}
