import { type FlowNode, recordsOf, textOf } from '../../flow-check/node.ts'
import type { Ref } from './flow.ts'
import type { ChoiceNode } from './schema.ts'
import type { Tell } from './settings.ts'

/** A rule of a choice, with the output it leads to. */
export type ChoiceRule = Omit<ChoiceNode['rules'][number], 'to'> & { port: number }

/**
 * What a switch node is elsewhere. `choice`: rules that are data; each engine has them. `step`: decided by the step runtime (JSONata, text
 * search, types), one port a rule.
 */
export type Switch =
  | { as: 'choice'; property: string; rules: ChoiceRule[]; otherwise: number }
  | { as: 'step'; ports: number[] }

const native = new Set<string>(['eq', 'neq', 'lt', 'lte', 'gt', 'gte', 'btwn', 'true', 'false', 'null', 'nnull'])
const plainPath = /^[A-Za-z_$][\w$]*(\.[A-Za-z_$][\w$]*)*$/

/** Reads a switch node; undefined, and told, where it means nothing elsewhere. */
export function switchOf(ref: Ref, tell: Tell): Switch | undefined {
  const { node } = ref
  const rules = recordsOf(node.rules)
  const kind = textOf(node.propertyType) || 'msg'
  const types = [kind, ...rules.flatMap(({ vt, v2t }) => [vt, v2t])]
  if (types.some((type) => type === 'flow' || type === 'global') || usesContext(node)) {
    tell('CONTEXT', ref)
    return undefined
  }
  if (rules.some(({ vt, v2t }) => vt === 'prev' || v2t === 'prev')) {
    tell('CONTEXT', ref)
    return undefined
  }
  tellClock(ref, tell)
  const last = rules.findIndex(({ t }) => t === 'else')
  if (last === -1) {
    tell('OPEN_CHOICE', ref)
    return undefined
  }
  if (textOf(node.checkall) !== 'false' && (last !== rules.length - 1 || !areExclusive(rules.slice(0, last)))) {
    tell('SWITCH_ALL', ref)
    return undefined
  }
  // What stands behind the otherwise is never asked.
  const asked = rules.slice(0, last)
  const property = textOf(node.property)
  const typed: ChoiceRule[] = []
  for (const [port, rule] of asked.entries()) {
    const read = ruleOf(rule)
    if (read === undefined) break
    typed.push({ ...read, port })
  }
  return kind === 'msg' && plainPath.test(property) && typed.length === asked.length
    ? { as: 'choice', property, rules: typed, otherwise: last }
    : { as: 'step', ports: [...asked.keys(), last] }
}

/** A rule as data; undefined where the step runtime has to decide. */
function ruleOf({ t, v, vt, v2, v2t }: Record<string, unknown>): Omit<ChoiceRule, 'port'> | undefined {
  const op = textOf(t)
  if (!isNative(op)) return undefined
  if (op === 'true' || op === 'false' || op === 'null' || op === 'nnull') return { op }
  const value = literal(v, vt)
  if (value === undefined) return undefined
  if (op !== 'btwn') return { op, value }
  const upper = literal(v2, v2t)
  return upper === undefined || typeof upper !== typeof value ? undefined : { op, value, upper }
}

function isNative(op: string): op is ChoiceRule['op'] {
  return native.has(op)
}

function literal(value: unknown, type: unknown): string | number | undefined {
  if (type === 'num') {
    const number = Number(value)
    return Number.isFinite(number) && value !== '' ? number : undefined
  }
  // An empty text is also equal to 0 and false in Node-RED; a text from the environment is known only there.
  if (type !== 'str' && type !== undefined) return undefined
  const text = typeof value === 'string' ? value : undefined
  return text === undefined || text === '' || /^\$\{.*\}$/.test(text) ? undefined : text
}

/** Whether at most one of the rules fits a value: equal to different texts or numbers, or true and false. */
function areExclusive(rules: readonly Record<string, unknown>[]): boolean {
  if (rules.length < 2) return true
  const kinds = new Set(rules.map(({ t }) => t))
  if (kinds.size === rules.length && [...kinds].every((t) => t === 'true' || t === 'false')) return true
  const values = rules.map(({ v, vt }) => literal(v, vt))
  return (
    kinds.size === 1 &&
    kinds.has('eq') &&
    values.every((one) => one !== undefined) &&
    new Set(values).size === rules.length
  )
}

/** Tells what of a change node means nothing elsewhere. */
export function checkChange(ref: Ref, tell: Tell): void {
  const wrong = wrongIn(ref.node)
  if (wrong !== undefined) {
    tell(wrong.code, ref, wrong.values)
    return
  }
  if (/"tot":"date"/.test(JSON.stringify(ref.node.rules))) tell('CLOCK', ref, { what: 'date' })
  tellClock(ref, tell)
}

const valueTypes = new Set<unknown>([undefined, 'str', 'num', 'bool', 'json', 'msg', 'jsonata', 'env', 're', 'date'])

function wrongIn(node: FlowNode): { code: 'CONTEXT' | 'CHANGE_RULE'; values?: { what: string } } | undefined {
  if (usesContext(node)) return { code: 'CONTEXT' }
  if (!Array.isArray(node.rules)) return { code: 'CHANGE_RULE', values: { what: 'rules' } }
  for (const { t, pt, tot, fromt } of recordsOf(node.rules)) {
    if ([pt, tot, fromt].some((type) => type === 'flow' || type === 'global')) return { code: 'CONTEXT' }
    const odd = ['set', 'change', 'move', 'delete'].includes(textOf(t))
      ? [tot, fromt].find((type) => !valueTypes.has(type))
      : textOf(t)
    if (odd !== undefined) return { code: 'CHANGE_RULE', values: { what: String(odd) } }
  }
  return undefined
}

function usesContext(node: object): boolean {
  return /\$(flowContext|globalContext)\b/.test(JSON.stringify(node))
}

function tellClock(ref: Ref, tell: Tell): void {
  const what = /\$(now|millis|random|shuffle|moment)\b/.exec(JSON.stringify([ref.node.rules, ref.node.property]))?.[0]
  if (what !== undefined) tell('CLOCK', ref, { what })
}

const units: Readonly<Record<string, number>> = {
  milliseconds: 0.001,
  seconds: 1,
  minutes: 60,
  hours: 3_600,
  days: 86_400,
}

/** Seconds of a delay node; undefined, and told, where it is no fixed pause. */
export function secondsOf(ref: Ref, tell: Tell): number | undefined {
  const { pauseType, timeout, timeoutUnits } = ref.node
  const kind = textOf(pauseType) || 'delay'
  if (kind !== 'delay') {
    tell(kind === 'delayv' || kind === 'random' ? 'DELAY' : 'RATE', ref)
    return undefined
  }
  const unit = units[textOf(timeoutUnits) || 'seconds']
  const seconds = Number(timeout ?? 5) * (unit ?? Number.NaN)
  if (Number.isFinite(seconds) && seconds >= 0) return Math.round(seconds * 1_000) / 1_000
  tell('VALUE', ref, { property: 'timeout', wanted: 'duration', value: `${String(timeout)} ${textOf(timeoutUnits)}` })
  return undefined
}
