import { createHash } from 'node:crypto'
import jsonata from 'jsonata'
import { isRecord, recordsOf, textOf } from '../../lib/flow-check/node.ts'
import { type Call, type CaughtError, errorNames, type State } from '../../lib/portable/call.ts'
import { canonicalText } from '../../lib/portable/canonical.ts'
import type { EndNode, MapNode, Pipeline, PlanNode, StepNode } from '../../lib/portable/plan/schema.ts'
import { classOf, type TraceLine, tierOf } from '../../lib/portable/trace.ts'
import { endingOf } from '../../lib/runs/ending.ts'
import { isListed } from '../../lib/runs/retry-decision.ts'
import type { Case, Try } from './cases.ts'

export const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

/** An error of a try, with the name that engines tell it by. */
export class TryError extends Error {
  readonly error: CaughtError
  constructor(error: CaughtError, name: string) {
    super(JSON.stringify(error))
    this.name = name
    this.error = error
  }
}

type Message = Record<string, unknown>
/** An error, named by what the node's policy makes of it. */
function failed(code: string, how: 'retryable' | 'timeout' | 'permanent', source: PlanNode): TryError {
  const { id, type, name } = source
  const retryable = how !== 'permanent'
  const on = 'retry' in source ? source.retry?.on : undefined
  const again =
    on === undefined || on.errors === 'retryable' ? retryable : isListed(on.codes, code) === (on.errors === 'codes')
  const called = again ? (how === 'timeout' ? errorNames.timeout : errorNames.retryable) : errorNames.permanent
  return new TryError({ code, message: `scripted ${how}`, retryable, source: { id, type, name } }, called)
}

/** A step runtime that keeps to the contract of lib/portable/call.ts, whose steps do what a script says. Records the trace. */
export class ScriptedRuntime {
  readonly lines: TraceLine[] = []
  outcome: 'done' | 'failed' | undefined
  readonly #nodes: ReadonlyMap<string, PlanNode>
  readonly #pipeline: Pipeline
  readonly #script: Case['script']
  readonly #tries = new Map<string, number>()
  readonly #done = new Map<string, { output: unknown; port: string }>()

  constructor(pipeline: Pipeline, script: Case['script']) {
    this.#pipeline = pipeline
    this.#script = script
    this.#nodes = new Map(pipeline.regions.flatMap(({ nodes }) => nodes.map((node) => [node.id, node])))
  }

  /** A call as the Lambda gets it. Throws what the try throws. */
  async call({ units, state, exit = false, most = Number.POSITIVE_INFINITY }: Call): Promise<State> {
    let at = this.#begun(state)
    for (const unit of units) {
      if (unit === '#begin') continue
      const [id = '', part] = unit.split(/#(?=open$|close$)/)
      const node = this.#nodes.get(id)
      if (node === undefined) throw new Error(`no node ${id}`)
      at = await this.#unit(node, part, at, most)
    }
    if (!exit) return at
    return { run: at.run ?? runOf(''), error: at.error ?? null, message: { payload: at.message.payload } }
  }

  #begun({ caught, ...state }: State): State {
    const run = state.run ?? runOf(this.#pipeline.id)
    // Once, when a Catch has brought it.
    const error = caught === undefined ? (state.error ?? null) : readError(caught)
    return { ...state, run, message: state.message, error }
  }

  async #unit(node: PlanNode, part: string | undefined, state: State, most: number): Promise<State> {
    if (node.kind === 'map') return part === 'open' ? this.#open(node, state, most) : this.#close(node, state)
    if (node.kind === 'end') return this.#end(node, state)
    if (node.kind !== 'step') throw new Error(`${node.kind} is no work for the runtime`)
    if (node.type === 'change') return { ...state, message: await changed(node, state.message), port: 'changed' }
    if (node.type === 'switch') return { ...state, port: await decided(node, state.message) }
    const { output, port } = this.#try(node, itemOf(state))
    return { ...state, message: { ...state.message, payload: output }, error: null, port }
  }

  #try(node: StepNode, item: string): { output: unknown; port: string } {
    const key = `${node.path}|${item}`
    const known = this.#done.get(key)
    if (known !== undefined) return known
    const tried = (this.#tries.get(key) ?? 0) + 1
    this.#tries.set(key, tried)
    const script = this.#script[node.path]
    const tries = script?.[item] ?? script?.['*'] ?? [{}]
    const now: Try = tries[Math.min(tried, tries.length) - 1] ?? {}
    const error =
      now.error === undefined
        ? undefined
        : failed(now.code ?? (now.error === 'timeout' ? 'TIMEOUT' : 'SCRIPTED'), now.error, node)
    const output = now.output ?? { step: node.path, item }
    this.lines.push({
      ...{ step: node.path, item, attempt: tried, class: classOf(error?.error) },
      ...{ code: error?.error.code ?? null, output: error === undefined ? sha256(canonicalText(output)) : null },
      tier: error === undefined ? tierOf(output) : null,
    })
    if (error !== undefined) throw error
    const result = { output, port: now.port ?? Object.keys(node.ports)[0] ?? '' }
    this.#done.set(key, result)
    return result
  }

  #open(node: MapNode, state: State, most: number): State {
    const given = node.listAt === '' ? state.message.payload : property(state.message.payload, node.listAt)
    const list: unknown = node.list ?? given
    if (!Array.isArray(list)) throw failed('EACH_NO_LIST', 'permanent', node)
    if (list.length > most) throw failed('EACH_TOO_MANY', 'permanent', node)
    const parent = itemOf(state)
    const items = list.map((value: unknown) => {
      const named = node.list === null && node.key !== '' ? property(value, node.key) : value
      const key = encodeURIComponent(typeof named === 'string' ? named : sha256(canonicalText(value)).slice(0, 32))
      const item = parent === '' ? key : `${parent}/${key}`
      const payload = node.property === '' ? value : { [node.property]: value }
      return { run: { item, each: [node.path] }, message: { payload } }
    })
    if (items.length > 0) return { ...state, items, port: 'item' }
    return { ...state, items, port: 'empty', message: { ...state.message, payload: { items: [], done: 0, failed: 0 } } }
  }

  #close(node: MapNode, { items: _, results, ...state }: State): State {
    const ended = recordsOf(results).map((result) => {
      const { run, message, caught, error } = result
      const item = textOf(property(run, 'item'))
      const wrong = isRecord(caught) ? readError(caught) : asError(error)
      const key = decodeURIComponent(item.slice(item.lastIndexOf('/') + 1))
      const payload: unknown = property(message, 'payload')
      this.lines.push({
        ...{
          step: node.path,
          item,
          attempt: 1,
          class: wrong === undefined ? 'ok' : 'permanent',
          code: wrong?.code ?? null,
        },
        ...{
          output: wrong === undefined ? sha256(canonicalText(payload)) : null,
          tier: wrong === undefined ? tierOf(payload) : null,
        },
      })
      return wrong === undefined
        ? { key, state: 'done', output: payload }
        : { key, state: 'failed', error: { code: wrong.code, message: wrong.message, retryable: false } }
    })
    const [first] = ended.filter(({ state: how }) => how === 'failed')
    if (node.over === 'batches' && first?.error !== undefined) throw failed(first.error.code, 'permanent', node)
    const done = ended.filter(({ state: how }) => how === 'done').length
    const payload = { items: ended, done, failed: ended.length - done }
    return { ...state, message: { ...state.message, payload }, port: 'joined' }
  }

  #end({ tolerance }: EndNode, state: State): State {
    const caught = state.error ? { ...state.error, retryable: false } : undefined
    const { error, summary } = endingOf(state.message.payload, caught, tolerance)
    this.outcome = summary.outcome
    if (error === undefined) return { ...state, port: 'done' }
    throw new TryError(error, errorNames.run)
  }
}

const runOf = (flow: string) => ({ id: 'run', flow, slot: 'slot', item: '' })
const itemOf = ({ run }: State) => run?.item ?? ''

function readError({ Error: name, Cause }: NonNullable<State['caught']> | Message): CaughtError {
  const text = textOf(Cause)
  const parsed: unknown = text.startsWith('{') ? JSON.parse(text) : undefined
  return asError(parsed) ?? { code: textOf(name), message: text, retryable: false }
}

function asError(value: unknown): CaughtError | undefined {
  const code = property(value, 'code')
  if (typeof code !== 'string') return undefined
  return { code, message: textOf(property(value, 'message')), retryable: property(value, 'retryable') === true }
}

/** A property at a path; undefined where there is none. */
export function property(value: unknown, path: string): unknown {
  let at = value
  for (const name of path.split('.')) {
    if (typeof at !== 'object' || at === null) return undefined
    at = Object.getOwnPropertyDescriptor(at, name)?.value
  }
  return at
}

async function changed(source: StepNode, message: Message): Promise<Message> {
  const next = { ...message }
  for (const { p, to, tot } of recordsOf(source.config.rules)) {
    const value: unknown =
      tot === 'json'
        ? JSON.parse(textOf(to))
        : tot === 'msg'
          ? property(next, textOf(to))
          : tot === 'num'
            ? Number(to)
            : to
    next[textOf(p)] = tot === 'jsonata' ? await evaluated(textOf(to), source, next) : value
  }
  return next
}

/** Through JSON: JSONata's lists carry marks of their own. */
async function evaluated(words: string, source: StepNode, message: Message): Promise<unknown> {
  try {
    return JSON.parse(JSON.stringify((await jsonata(words).evaluate(message)) ?? null))
  } catch {
    throw failed('FLOW_ERROR', 'permanent', source)
  }
}

/** The rules that the suite uses: true and otherwise, over JSONata. */
async function decided({ config }: StepNode, message: Message): Promise<string> {
  const value: unknown = await jsonata(textOf(config.property)).evaluate(message)
  const at = recordsOf(config.rules).findIndex(({ t }) => t === 'else' || (t === 'true' && value === true))
  return String(at + 1)
}
