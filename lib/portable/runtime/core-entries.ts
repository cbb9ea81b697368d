import { PipelineError } from '../../errors.ts'
import { isRecord, recordsOf, textOf } from '../../flow-check/node.ts'
import { plainJson } from '../../runs/json.ts'
import { jsonata } from '../../vendor/jsonata.ts'
import type { EntryWork, PortableMessage, StepEntry } from './step-entry.ts'

/** Node-RED's `change`: set, change, move and delete of properties of the message. Not in the journal: the same message gives the same. */
export const changeEntry: StepEntry = async ({ node, message, settings }) => {
  const next: PortableMessage = structuredClone(message)
  for (const rule of recordsOf(node.config.rules)) {
    const path = pathOf(textOf(rule.p))
    switch (rule.t) {
      case 'set': {
        const value = await settingOf(rule.to, rule.tot, next, settings)
        setAt(next, path, rule.dc === true ? structuredClone(value) : value)
        break
      }
      case 'delete':
        setAt(next, path, undefined)
        break
      case 'move': {
        const value = valueAt(next, path)
        setAt(next, path, undefined)
        setAt(next, pathOf(textOf(rule.to)), value)
        break
      }
      case 'change':
        setAt(next, path, await replaced(valueAt(next, path), rule, next, settings))
        break
      default:
        throw new PipelineError('CONFIG', `${node.id}: a change has no rule "${String(rule.t)}"`)
    }
  }
  return { message: next, port: 'changed' }
}

/** Node-RED's `switch`, where its rules are more than data: the port is the number of the first rule that fits. */
export const switchEntry: StepEntry = async ({ node, message, settings }) => {
  const { property, propertyType } = node.config
  const value = await settingOf(property, propertyType ?? 'msg', message, settings)
  for (const [index, rule] of recordsOf(node.config.rules).entries()) {
    const port = String(index + 1)
    if (port in node.ports && (await fits(value, rule, message, settings))) return { message, port }
  }
  throw new PipelineError('CONFIG', `${node.id}: no rule of the switch fits, and it has no otherwise`)
}

type Rule = Record<string, unknown>
type Settings = EntryWork['settings']

/**
 * Evaluates as Node-RED does; through JSON, for JSONata's lists carry marks of their own. Throws FLOW_ERROR, which is what the journal says
 * of an error of a core node in Node-RED.
 */
async function evaluated(words: string, message: PortableMessage, settings: Settings): Promise<unknown> {
  try {
    const expression = jsonata(words)
    expression.assign('env', (name: string) => settings.filled(`\${${name}}`))
    expression.registerFunction('clone', (value: unknown) => structuredClone(value))
    return plainJson(await expression.evaluate(message), 'The value of an expression')
  } catch (cause) {
    if (cause instanceof PipelineError) throw cause
    const why = isRecord(cause) || cause instanceof Error ? textOf(Reflect.get(cause, 'message')) : String(cause)
    throw new PipelineError('FLOW_ERROR', `The expression ${words.slice(0, 200)} failed: ${why}`, { cause })
  }
}

async function settingOf(
  value: unknown,
  type: unknown,
  message: PortableMessage,
  settings: Settings,
): Promise<unknown> {
  switch (type) {
    case 'msg':
      return structuredClone(valueAt(message, pathOf(textOf(value))))
    case 'jsonata':
      return evaluated(textOf(value), message, settings)
    case 'json':
      return typeof value === 'string' ? JSON.parse(value) : value
    case 'num':
      return Number(value)
    case 'bool':
      return value === true || /^true$/i.test(textOf(value))
    case 'date':
      return Date.now()
    case 'env':
      return settings.filled(`\${${textOf(value)}}`)
    default:
      return settings.filled(value)
  }
}

/** `change`: a text inside a text is replaced, an equal number or boolean becomes the other value. */
async function replaced(current: unknown, rule: Rule, message: PortableMessage, settings: Settings): Promise<unknown> {
  const { from, fromt, to, tot } = rule
  const by = await settingOf(to, tot, message, settings)
  const sought = fromt === 're' ? textOf(from) : await settingOf(from, fromt, message, settings)
  if (typeof current === 'string') {
    if (fromt === 're') return current.replace(new RegExp(textOf(from), 'g'), String(by))
    // As Node-RED: a number or boolean that is the whole text changes the type, too.
    if (current === String(sought)) return by
    return typeof sought === 'string' && sought !== '' ? current.replaceAll(sought, () => String(by)) : current
  }
  if (typeof current === 'number' && (fromt === 'num' || fromt === 'str'))
    return Number(sought) === current ? by : current
  if (typeof current === 'boolean') return String(current) === String(sought) ? by : current
  return current
}

async function fits(value: unknown, rule: Rule, message: PortableMessage, settings: Settings): Promise<boolean> {
  const { t, v, vt, v2, v2t } = rule
  if (t === 'else') return true
  if (t === 'jsonata_exp') return (await evaluated(textOf(v), message, settings)) === true
  const first = await settingOf(v, vt ?? 'str', message, settings)
  const second = await settingOf(v2, v2t ?? 'str', message, settings)
  const text = String(value)
  switch (t) {
    case 'eq':
      return loosely(value, first)
    case 'neq':
      return !loosely(value, first)
    case 'lt':
      return less(value, first)
    case 'lte':
      return less(value, first) || loosely(value, first)
    case 'gt':
      return less(first, value)
    case 'gte':
      return less(first, value) || loosely(value, first)
    case 'btwn':
      return (!less(value, first) && !less(second, value)) || (!less(value, second) && !less(first, value))
    case 'cont':
      return text.includes(String(first))
    case 'regex':
      return new RegExp(String(first), rule.case === true ? 'i' : '').test(text)
    case 'true':
    case 'false':
      return value === (t === 'true')
    case 'null':
      return value === null || value === undefined
    case 'nnull':
      return value !== null && value !== undefined
    case 'empty':
      return sizeOf(value) === 0
    case 'nempty':
      return (sizeOf(value) ?? 0) > 0
    case 'istype':
      return typeOf(value) === textOf(v) || (textOf(v) === 'json' && isJson(value))
    case 'hask':
      return typeof value === 'object' && value !== null && Object.hasOwn(value, String(first))
    default:
      throw new PipelineError('CONFIG', `A switch has no rule "${String(t)}" here`)
  }
}

/** JavaScript's `==`, as Node-RED compares: "5" equals 5. */
function loosely(one: unknown, other: unknown): boolean {
  // biome-ignore lint/suspicious/noDoubleEquals: the rule of the node
  return one == other
}

function less(one: unknown, other: unknown): boolean {
  if (typeof one === 'string' && typeof other === 'string') return one < other
  return Number(one) < Number(other)
}

function sizeOf(value: unknown): number | undefined {
  if (typeof value === 'string' || Array.isArray(value)) return value.length
  return isRecord(value) ? Object.keys(value).length : undefined
}

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return typeof value === 'number' && Number.isNaN(value) ? 'NaN' : typeof value
}

function isJson(value: unknown): boolean {
  try {
    JSON.parse(textOf(value))
    return true
  } catch {
    return false
  }
}

/** `payload.a["b"][0]` as names. */
export function pathOf(path: string): string[] {
  return [...path.replace(/^msg\./, '').matchAll(/\["([^"]*)"\]|\['([^']*)'\]|\[(\d+)\]|([^.[\]]+)/g)].map(
    ([, double, single, index, plain]) => double ?? single ?? index ?? plain ?? '',
  )
}

/** What is at a path; undefined where there is nothing. */
export function valueAt(value: unknown, path: readonly string[]): unknown {
  let at = value
  for (const name of path) {
    if (typeof at !== 'object' || at === null) return undefined
    at = Object.getOwnPropertyDescriptor(at, name)?.value
  }
  return at
}

/** Sets what is at a path, and what is missing on the way; undefined deletes. */
function setAt(message: PortableMessage, path: readonly string[], value: unknown): void {
  const last = path.at(-1)
  if (last === undefined || path.some((name) => name === '__proto__' || name === 'constructor')) return
  let at: object = message
  for (const name of path.slice(0, -1)) {
    const next: unknown = Object.getOwnPropertyDescriptor(at, name)?.value
    if (typeof next === 'object' && next !== null) at = next
    else if (value === undefined) return
    else {
      const made = {}
      Reflect.set(at, name, made)
      at = made
    }
  }
  if (value !== undefined) Reflect.set(at, last, value)
  else if (Array.isArray(at)) at.splice(Number(last), 1)
  else Reflect.deleteProperty(at, last)
}
