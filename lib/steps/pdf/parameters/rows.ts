import type { PlacedCell } from './classes.ts'
import { entryOf } from './labels.ts'
import type { EquipmentKind } from './model.ts'
import { isUnit } from './units.ts'
import type { Entry } from './vocabulary.ts'

/** A label of a row, the unit beside it, and the values up to the next label. */
export interface RowGroup<C extends PlacedCell = PlacedCell> {
  label: string
  entry: Entry | undefined
  share: number
  unit: string | undefined
  values: C[]
}

const startsAsValue = /^[≥≤<>~≈±+−–(-]{0,2}\s?\d/
const symbol = /^(?:[A-Za-zηαβγδ]{1,2}[A-Za-z.,]{0,5}|[ηαβγδ])\d?$/u

/** Parts a row into labels and their values: two or three pairs may stand beside each other. */
export function groupsOf<C extends PlacedCell>(cells: readonly C[], kind: EquipmentKind | undefined): RowGroup<C>[] {
  const groups: RowGroup<C>[] = []
  for (const cell of cells) {
    const text = cell.text.trim()
    const open = groups.at(-1)
    if (open === undefined) {
      groups.push(group(text, kind))
      continue
    }
    if (isUnit(text) && (open.values.length === 0 || open.unit === undefined)) {
      open.unit = text
      continue
    }
    const own = startsAsValue.test(text) ? undefined : entryOf(text, kind)
    if (open.values.length === 0) {
      if (symbol.test(text) && !/\d/.test(text) && text.length <= 6 && (own !== undefined || /^[ηαβγδ]/u.test(text))) {
        if (open.entry === undefined && own !== undefined) {
          open.entry = own.entry
          open.share = own.share
        }
        continue
      }
      open.values.push(cell)
      continue
    }
    const numbers = open.values.every((value) => /\d/.test(value.text))
    const words = /\p{L}{3,}.*\p{L}{3,}/u.test(text) && !startsAsValue.test(text)
    if ((own !== undefined && own.share >= 0.5 && numbers) || (words && numbers && !/\d/.test(text)))
      groups.push(group(text, kind))
    else open.values.push(cell)
  }
  return groups
}

function group<C extends PlacedCell>(label: string, kind: EquipmentKind | undefined): RowGroup<C> {
  const found = startsAsValue.test(label) ? undefined : entryOf(label, kind)
  return { label, entry: found?.entry, share: found?.share ?? 0, unit: undefined, values: [] }
}

/** One parameter of a row whose label may name several: `MPP voltage range / rated input voltage`. */
export interface Part {
  entry: Entry
  label: string
  /** Which part of the value it is, when the value has as many. */
  index: number | undefined
  count: number
}

/** The parameters that a label names. */
export function partsOf(label: string, kind: EquipmentKind | undefined): Part[] {
  const whole = entryOf(label, kind)
  const pieces = label.split(/\s*\/\s*/)
  const inputs = pieces.slice(1).every((piece) => /^(?:input|entrada)?\s*[A-Z0-9]$/i.test(piece))
  const outside =
    pieces.length > 1 && !inputs && pieces.every((piece) => piece.split('(').length === piece.split(')').length)
  if (outside) {
    const found = pieces.map((piece, index) => ({
      piece,
      index,
      entry: entryOf(completed(piece, pieces, index), kind)?.entry,
    }))
    const entries = found.filter((item) => item.entry !== undefined)
    const distinct = new Set(entries.map((item) => item.entry?.name))
    if (
      distinct.size > 1 ||
      (distinct.size === 1 && entries.length === 1 && pieces.length === 2 && /\p{L}{4}/u.test(pieces[1] ?? ''))
    ) {
      const one = entries.length === 1 && whole !== undefined && entries[0]?.entry?.name === whole.entry.name
      if (!one || distinct.size > 1 || !/^(?:input|entrada|range)\b/i.test(pieces[1] ?? '')) {
        return entries.flatMap(({ entry, piece, index }) =>
          entry === undefined ? [] : [{ entry, label: piece.trim(), index, count: pieces.length }],
        )
      }
    }
  }
  // Maximum current (per MPP tracker / total)
  const either = /^(.*)\(([^()/]{3,})\/([^()/]{3,})\)(.*)$/.exec(label)
  if (either !== null) {
    const [, before = '', a = '', b = '', after = ''] = either
    const both = [`${before} ${a} ${after}`, `${before} ${b} ${after}`].map((text) => entryOf(text, kind)?.entry)
    if (both[0] !== undefined && both[1] !== undefined && both[0].name !== both[1].name) {
      return both.flatMap((entry, index) => (entry === undefined ? [] : [{ entry, label, index, count: 2 }]))
    }
  }
  return whole === undefined ? [] : [{ entry: whole.entry, label, index: undefined, count: 1 }]
}

/** `Number of independent MPP inputs / strings per MPP input`: each part stands for itself; `Max. / Euro efficiency` lacks its noun. */
function completed(piece: string, pieces: readonly string[], index: number): string {
  const last = pieces.at(-1) ?? ''
  const noun = /efficiency|eficiência|rendimento/i.exec(last)?.[0]
  return noun !== undefined && index < pieces.length - 1 && !/\p{L}{4}\W*\p{L}{4}/u.test(piece) && !piece.includes(noun)
    ? `${piece} ${noun}`
    : piece
}

/** The part of a value that belongs to a part of a label; the whole when it has another number of parts. */
export function partOfValue(text: string, part: Part): string | undefined {
  if (part.index === undefined) return text
  const pieces = text.split(/\s*\/\s*/)
  if (pieces.length !== part.count) {
    const spaced = text.split(/\s+\/\s+/)
    return spaced.length === part.count ? spaced[part.index] : undefined
  }
  return pieces[part.index]
}
