import { textsOf } from '../../flow-check/node.ts'
import { nameOf, type Ref } from './flow.ts'
import type { Surroundings, Walker } from './region.ts'
import type { Pipeline, PlanNode, Trigger } from './schema.ts'

const macros: Readonly<Record<string, string>> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@yearly': '0 0 1 1 *',
}

/** A pipeline's beginning: how it is started, its first nodes, and the node that stands before them where the trigger itself works. */
export type Start = Omit<Pipeline, 'regions' | 'choiceProperties'> & {
  first: readonly Ref[]
  head?: (next: string | null) => PlanNode
}

/** Reads a trigger; or what a step owes (`late`), whose runs begin with that step. */
export function readTrigger(ref: Ref, as: 'trigger' | 'late', walker: Walker, on: Surroundings): Start {
  const { flow, settings, tell, environment } = on
  const { type } = ref.node
  const common = {
    id: ref.path,
    ...{ name: flow.placeOf(ref).name, tab: flow.placeOf(ref).tab },
    overlap: settings.word(ref, 'overlap', ['skip', 'queue', 'replace', 'parallel'], 'skip'),
    catchUp: settings.word(ref, 'catchUp', ['skip', 'last', 'all'], 'last'),
    stallSeconds: settings.number(ref, 'stallSeconds', 300),
    payload: {},
    first: flow.behind(ref, as === 'late' ? 1 : 0),
  }
  if (as === 'late') {
    const trigger: Trigger = { kind: 'late', node: ref.path, lookSeconds: settings.number(ref, 'lookSeconds', 60) }
    const kind = on.kinds[type]
    const step = walker.stepOf(ref, { ...kind, entry: 'late' })
    return {
      ...{ ...common, id: `${ref.path}/late`, overlap: 'parallel', catchUp: 'skip', trigger },
      // still away: it is owed again, and this run is done
      head: (next) => ({ ...step, ports: { late: next, deferred: null } }),
    }
  }
  if (type === 'ysh-alerts') {
    const trigger: Trigger = {
      kind: 'alert',
      language: settings.word(ref, 'language', ['pt-BR', 'en-US'], 'pt-BR'),
      content: settings.word(ref, 'content', ['alert', 'text'], 'alert'),
    }
    return { ...common, overlap: 'parallel', catchUp: 'skip', trigger }
  }
  if (type === 'ysh-s3-event') {
    const { buckets, prefix, suffix } = ref.node
    const step = walker.stepOf(ref, { entry: 'take', timeoutSeconds: 3_600, concurrency: 2 })
    const trigger: Trigger = {
      kind: 'object',
      buckets: Array.isArray(buckets) ? textsOf(buckets) : text(environment.localised(buckets, ref)),
      ...{ prefix: text(environment.localised(prefix, ref)), suffix: text(environment.localised(suffix, ref)) },
      events: settings.word(ref, 'kinds', ['created', 'restored', 'both'], 'created'),
    }
    return {
      ...{ ...common, overlap: settings.word(ref, 'overlap', ['skip', 'queue', 'replace', 'parallel'], 'queue') },
      ...{ catchUp: 'skip', trigger, head: (next) => ({ ...step, ports: { object: next } }) },
    }
  }
  const schedule = settings.text(ref, 'schedule', '').trim()
  const payload = settings.text(ref, 'payload', '{}')
  return { ...common, payload: jsonOf(payload), trigger: schedule === '' ? byHand() : scheduled(schedule) }

  function scheduled(expression: string): Trigger {
    const cron = macros[expression] ?? expression.replaceAll(/\s+/g, ' ')
    if (cron.split(' ').length !== 5) tell('CRON', ref, { value: expression, why: `${cron.split(' ').length} fields` })
    return { kind: 'schedule', cron, timeZone: settings.text(ref, 'timeZone', 'America/Sao_Paulo') }
  }
  function byHand(): Trigger {
    const web = flow.nodes.find(
      (node) => node.type === 'http in' && !flow.isOff(node) && flow.behind(flow.ref(ref.frame, node), 0).includes(ref),
    )
    return web === undefined
      ? { kind: 'manual' }
      : { kind: 'webhook', method: (text(web.method) || 'get').toUpperCase(), url: text(web.url) || nameOf(web) }
  }
  function jsonOf(words: string): unknown {
    try {
      return JSON.parse(words)
    } catch {
      tell('VALUE', ref, { property: 'payload', wanted: 'JSON', value: words.slice(0, 100) })
      return {}
    }
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
