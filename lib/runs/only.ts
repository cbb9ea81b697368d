import { splitPath } from './identity.ts'
import type { RunRef } from './run.ts'
import type { Item } from './window.ts'

/** An item that a redrive is about. */
export interface OnlyItem {
  /** The each nodes around it, outermost first. */
  eaches: readonly string[]
  /** Its path. */
  item: string
}

/** What makes a run a redrive. */
export interface Redrive {
  /** The first run, whose failures this one makes good. */
  of: string
  /** The items that are sent; undefined sends all. */
  only?: readonly OnlyItem[]
}

/** The columns of pipeline.run that make it a redrive, as a part of a claimed run. */
export function redriveOf(of: string | null, only: readonly OnlyItem[] | null): { redrive?: Redrive } {
  return of === null ? {} : { redrive: { of, ...(only === null ? {} : { only }) } }
}

/**
 * Of a list the items that a redrive sends: those asked for, and those around nested ones asked for. An each that nothing was asked of (it
 * makes the list of a later one), or that stands inside an item asked for as a whole, sends all.
 */
export function narrowed(
  only: readonly OnlyItem[] | undefined,
  run: Pick<RunRef, 'item' | 'each'>,
  node: string,
  items: readonly Item[],
): readonly Item[] {
  if (only === undefined) return items
  const depth = run.each?.length ?? 0
  const parent = segments(run.item)
  const wanted = new Set<string>()
  for (const { eaches, item } of only) {
    const path = segments(item)
    if (path.length <= depth) {
      // An item around this each is redriven as a whole.
      if (path.every((key, at) => key === parent[at] && eaches[at] === run.each?.[at])) return items
      continue
    }
    const key = path[depth]
    const here = eaches[depth] === node && parent.every((above, at) => path[at] === above)
    if (here && key !== undefined) wanted.add(key)
  }
  return wanted.size === 0 ? items : items.filter(({ key }) => wanted.has(key))
}

function segments(path: string): string[] {
  const keys: string[] = []
  for (let rest = path; rest !== ''; ) {
    const { parent, key } = splitPath(rest)
    keys.unshift(key)
    rest = parent
  }
  return keys
}
