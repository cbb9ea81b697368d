import { errorNames, type State } from '../../lib/portable/call.ts'
import type { ChoiceNode, Pipeline, PlanNode } from '../../lib/portable/plan/schema.ts'
import { property, type ScriptedRuntime, TryError } from './scripted.ts'

/** What a plan means, read off it without any engine: the yardstick for all of them. */
export async function interpret(pipeline: Pipeline, runtime: ScriptedRuntime): Promise<'done' | 'failed'> {
  const byId = new Map(pipeline.regions.flatMap(({ nodes }) => nodes.map((node) => [node.id, node])))
  const call = (units: string[], state: State) => runtime.call({ pipeline: pipeline.id, units, state })

  /** Follows a region to its end. Throws an error that nobody in it catches. */
  async function follow(start: string | null, given: State): Promise<State> {
    let state = given
    for (let id = start; id !== null; ) {
      const node = byId.get(id)
      if (node === undefined) throw new Error(`no node ${id}`)
      try {
        const done = await act(node, state)
        state = done.state
        id = done.next
      } catch (thrown) {
        const handler = node.kind === 'step' || node.kind === 'map' ? node.catch : null
        if (!(thrown instanceof TryError) || handler === null) throw thrown
        state = { ...state, error: thrown.error }
        id = handler.to
      }
    }
    return state
  }

  async function act(node: PlanNode, state: State): Promise<{ state: State; next: string | null }> {
    switch (node.kind) {
      case 'wait':
        return { state, next: node.next }
      case 'choice':
        return { state, next: node.rules.find((rule) => matches(node, rule, state))?.to ?? node.otherwise }
      case 'end':
        return { state: await call([node.id], state), next: null }
      case 'step': {
        const after = await tried(node.retry?.maxRetries ?? 0, () => call([node.id], state))
        return { state: after, next: node.ports[after.port ?? ''] ?? null }
      }
      case 'map': {
        const opened = await call([`${node.id}#open`], state)
        if (opened.port === 'empty') return { state: opened, next: node.empty }
        const results: unknown[] = []
        for (const { run, message } of opened.items ?? []) {
          const { items: _, ...base } = opened
          const item: State = {
            ...base,
            run: { ...(opened.run ?? { id: '', flow: '', slot: '', item: '' }), ...run },
            message: { ...opened.message, ...message },
          }
          const inner = pipeline.regions.find(({ id }) => id === node.region)
          try {
            results.push(await follow(inner?.start ?? null, item))
          } catch (thrown) {
            if (!(thrown instanceof TryError)) throw thrown
            results.push({ ...item, error: thrown.error })
          }
        }
        return { state: await call([`${node.id}#close`], { ...opened, results }), next: node.next }
      }
    }
  }

  try {
    await follow(pipeline.regions[0]?.start ?? null, { message: { payload: pipeline.payload } })
    return runtime.outcome ?? 'done'
  } catch (thrown) {
    if (thrown instanceof TryError) return 'failed'
    throw thrown
  }
}

async function tried(retries: number, work: () => Promise<State>): Promise<State> {
  for (let left = retries; ; left--) {
    try {
      return await work()
    } catch (thrown) {
      if (!(thrown instanceof TryError) || thrown.name === errorNames.permanent || left === 0) throw thrown
    }
  }
}

function matches(
  { property: path }: ChoiceNode,
  { op, value, upper }: ChoiceNode['rules'][number],
  state: State,
): boolean {
  const is = property(state.message, path)
  const alike = (other: unknown) => typeof is === typeof other
  const less = (one: unknown, other: unknown) =>
    typeof one === 'number' && typeof other === 'number' ? one < other : String(one) < String(other)
  switch (op) {
    case 'eq':
      return is === value
    case 'neq':
      return is !== value
    case 'lt':
      return alike(value) && less(is, value)
    case 'lte':
      return alike(value) && !less(value, is)
    case 'gt':
      return alike(value) && less(value, is)
    case 'gte':
      return alike(value) && !less(is, value)
    case 'btwn': {
      const [low, high] = less(value, upper) ? [value, upper] : [upper, value]
      return alike(value) && !less(is, low) && !less(high, is)
    }
    case 'true':
    case 'false':
      return is === (op === 'true')
    case 'null':
      return is === null || is === undefined
    case 'nnull':
      return is !== null && is !== undefined
  }
}
