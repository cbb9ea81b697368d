import { itemsOf } from '../../runs/each-items.ts'
import type { Item } from '../../runs/window.ts'
import type { MapNode } from '../plan/schema.ts'
import type { PlanSettings } from './settings.ts'

/** The items of a map over a list: that of the node, or one in the payload. Throws EACH_NO_LIST, EACH_KEY. */
export function listed(node: MapNode, settings: PlanSettings, payload: unknown): Item[] {
  const list = node.list?.map((entry) => String(settings.filled(entry)))
  const { listAt, property, key } = node
  return itemsOf(
    { ...{ from: list === undefined ? 'payload' : 'list', list: list ?? [] }, ...{ listAt, property, key } },
    payload,
  )
}
