import type { Box } from '../read/model.ts'
import type { PlacedCell } from './classes.ts'
import { entryOf } from './labels.ts'
import { type ReadValue, readValue } from './values.ts'
import type { Entry } from './vocabulary.ts'

/** One value that a table gives, and whose it is. */
export interface Observation {
  entry: Entry
  read: ReadValue
  label: string
  page: number
  box: Box
  /** Undefined: of every model. */
  model: string | undefined
  /** Undefined: the table does not say. */
  condition: string | undefined
  confidence: number
}

/** A cell of a table and where it is. */
export interface Cell extends PlacedCell {
  box: Box
  page: number
}

/** A value as it is observed; less sure where its unit was assumed, or its model has no name. */
export function observation(
  entry: Entry,
  read: ReadValue,
  label: string,
  cell: Cell,
  model: string | undefined,
  condition: string | undefined,
): Observation {
  const sure = 0.95 - (read.assumed ? 0.25 : 0) - (model?.startsWith('#') ? 0.1 : 0)
  return { entry, read, label, page: cell.page, box: cell.box, model, condition, confidence: Number(sure.toFixed(2)) }
}

/** `20 A (10 A / 10 A)` gives the total and the inputs; a list of inputs is a current for each. */
export function alternatives(
  entry: Entry,
  read: ReadValue,
  label: string,
  cell: Cell,
  model: string | undefined,
  condition: string | undefined,
): Observation[] {
  const plain = observation(entry, read, label, cell, model, condition)
  if (entry.name !== 'maxInputCurrent') return [plain]
  const inside = /\(([^()]*\/[^()]*)\)$/.exec(read.value)?.[1]
  if (inside !== undefined) {
    const each = readValue(inside, named.perMppt, read.unit, 'point')
    const before = readValue(read.value.replace(/\s*\([^()]*\)$/, ''), named.total, read.unit, 'point')
    if (each !== undefined && before !== undefined) {
      return [
        observation(named.total, before, label, cell, model, condition),
        observation(named.perMppt, each, label, cell, model, condition),
      ]
    }
  }
  return [{ ...plain, entry: Array.isArray(read.num) ? named.perMppt : entry }]
}

const entryNamed = (label: string): Entry => {
  const found = entryOf(label, 'inverter')?.entry
  if (found === undefined) throw new TypeError(`The vocabulary has no entry for ${label}`)
  return found
}
const named = { total: entryNamed('max input current total'), perMppt: entryNamed('max input current per mppt') }
