import { PipelineError } from '../errors.ts'
import type { Json } from '../stores/cache/port.ts'
import { hashOf } from './identity.ts'
import { plainJson } from './json.ts'
import type { Item } from './window.ts'

/** Where an each finds its items, as its form says it. */
export interface EachSettings {
  from: 'payload' | 'list'
  list: readonly string[]
  listAt: string
  property: string
  key: string
}

/**
 * The items of a message, each with its key and the payload it goes out with. Throws EACH_NO_LIST when the payload is no list,
 * EACH_KEY when an item lacks the property that names it, NOT_JSON.
 */
export function itemsOf(config: EachSettings, payload: unknown): Item[] {
  const { from, list, listAt, property, key } = config
  const items: Json = from === 'list' ? [...list] : listIn(plainJson(payload, 'msg.payload'), listAt)
  if (!Array.isArray(items)) {
    throw new PipelineError(
      'EACH_NO_LIST',
      `msg.payload${listAt === '' ? '' : `.${listAt}`} should be a list, but is ${items === null ? 'nothing' : typeof items}`,
    )
  }
  return items.map((item, at) => ({
    key: keyOf(item, from === 'list' ? '' : key, at),
    value: property === '' ? item : { [property]: item },
  }))
}

function listIn(payload: Json, listAt: string): Json {
  if (listAt === '') return payload
  return typeof payload === 'object' && payload !== null && !Array.isArray(payload) ? (payload[listAt] ?? null) : null
}

/** Derived from the content, so that a replay finds the item again wherever it stands in the list. */
function keyOf(item: Json, property: string, at: number): string {
  if (property === '') return typeof item === 'string' ? item : hashOf(item).slice(0, 32)
  const value = typeof item === 'object' && item !== null && !Array.isArray(item) ? item[property] : undefined
  if (typeof value === 'string' || typeof value === 'number') return String(value)
  throw new PipelineError('EACH_KEY', `Item ${at} has no text or number "${property}" that could be its key`)
}
