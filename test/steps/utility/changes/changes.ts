import { pages, type TestPage } from '../../../pages/pages.ts'
import { type Change, columnChanges, type Expectation, valueChanges } from './kinds.ts'
import { Chance, ChangedPage } from './model.ts'
import { changeProse, proseChanges } from './prose.ts'
import { pageChanges, rowChanges } from './rows.ts'

/** A page after somebody has redesigned it. */
export interface LayoutChange {
  kind: string
  page: TestPage
  html: string
  expect: Expectation
}

/** The tables that a recipe reads, by their place on the test page, and how many rows their headers have. */
const tables: Record<string, { at: number[]; headers?: Record<number, number>; open?: number[] }> = {
  'aneel-ranking-continuidade': { at: [0, 1], open: [0, 1] },
  'celesc-tarifas': { at: [0, 1, 2, 3, 4, 5], open: [4] },
  'cemig-tarifas': { at: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10] },
  'cemig-tributos': { at: [0], open: [0] },
  'copel-tarifas': { at: [1, 2, 3], headers: { 3: 2 } },
  'cpfl-tributos': { at: [0], open: [0] },
  'cpfl-tributos-paulista': { at: [0], open: [0] },
  'elektro-tarifas': { at: [0, 2, 3], headers: { 3: 2 } },
}

const kinds: Record<string, Change> = { ...columnChanges, ...valueChanges, ...rowChanges, ...pageChanges }

/** Every kind of change on every page, at places that the seed decides. */
export function layoutChangesOf(seed: number): LayoutChange[] {
  const chance = new Chance(seed)
  return pages().flatMap((page) => {
    const known = tables[page.name]
    if (known === undefined) {
      return Object.entries(proseChanges).map(([kind, change]) => ({
        kind,
        page,
        ...changeProse(page.html, change, chance),
      }))
    }
    return Object.entries(kinds).flatMap(([kind, change]) => {
      // one of the page's tables that the change applies to
      for (const at of chance.shuffle(known.at)) {
        const changed = new ChangedPage(page.html, at)
        const model = changed.read(known.headers?.[at] ?? 1)
        const open = known.open?.includes(at) === true
        const result = change({ page: changed, model, chance, open })
        const as = new ChangedPage(page.html, at)
        const unchanged = as.write(as.read(known.headers?.[at] ?? 1))
        if (result !== undefined && result.html !== unchanged) return [{ kind, page, ...result }]
      }
      return []
    })
  })
}
