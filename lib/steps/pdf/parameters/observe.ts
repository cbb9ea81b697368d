import type { JoinedRow, JoinedTable, TableCell } from '../tables/model.ts'
import {
  assign,
  type ClassSet,
  classRow,
  conditionIn,
  conditionRow,
  crossed,
  gainCondition,
  looksLikeModel,
  type PlacedCell,
  percentIn,
  powerClass,
  speaksOfGain,
  type ValueColumn,
} from './classes.ts'
import { entryOf } from './labels.ts'
import type { EquipmentKind } from './model.ts'
import { alternatives, type Cell, type Observation, observation } from './observation.ts'
import { groupsOf, type Part, partOfValue, partsOf, type RowGroup } from './rows.ts'
import { isUnit, unitInLabel } from './units.ts'
import { type Decimal, readValue } from './values.ts'
import type { Entry } from './vocabulary.ts'

/** What the tables of a document have in common. */
export interface Context {
  kind: EquipmentKind | undefined
  decimal: Decimal
  /** The columns of models of all tables. */
  classes: ClassSet[]
}

interface State {
  models: ValueColumn[] | undefined
  columns: ValueColumn[] | undefined
  condition: string | undefined
  section: string
  gain: { condition: string; rows: number } | undefined
  /** In a table whose columns are parameters. */
  across: Map<number, { entry: Entry; unit: string | undefined; label: string }> | undefined
  model: string | undefined
}

/** Columns on later pages follow those of the first. */
const pageWidth = 10_000

/** The columns of models that a table names itself. */
export function classesOf(table: JoinedTable): ClassSet[] {
  const sets: ClassSet[] = []
  for (const [index, row] of table.rows.entries()) {
    const columns = classRow(cellsOf(row), isHeader(row), index === 0)
    if (columns !== undefined) sets.push({ page: row.page, columns })
  }
  return sets
}

/** Everything that a table says with a label that the vocabulary knows. */
export function observe(table: JoinedTable, context: Context): Observation[] {
  const title = table.parts[0]?.title ?? ''
  const state: State = {
    models: undefined,
    columns: undefined,
    condition: conditionIn(title),
    section: title,
    gain: undefined,
    across: undefined,
    model: undefined,
  }
  const seen: Observation[] = []
  for (const [index, row] of table.rows.entries()) {
    const cells = cellsOf(row)
    if (cells.length === 0) continue
    if (state.gain !== undefined) state.gain.rows -= 1
    if (state.gain !== undefined && state.gain.rows < 0) state.gain = undefined
    if (cells.length === 1 && !(state.across !== undefined && percentIn(cells[0]?.text ?? '') !== undefined)) {
      section(state, cells[0]?.text ?? '')
      continue
    }
    const models = classRow(cells, isHeader(row), index === 0)
    if (models !== undefined) {
      state.models = models
      state.columns = undefined
      state.across = undefined
      const said = conditionIn(cells[0]?.text ?? '')
      if (said !== undefined) state.condition = said
      continue
    }
    const parts = conditionRow(cells, `${title} ${state.section}`)
    if (parts !== undefined) {
      const known =
        state.models ??
        inherited(
          context,
          row.page,
          parts.map(({ column }) => column),
          true,
        )
      state.columns = crossed(known ?? [], parts, (group) => `#${group}`)
      if (known === undefined) context.classes.push({ page: row.page, columns: merged(state.columns) })
      continue
    }
    const across = headerAcross(cells, context.kind, isHeader(row) || index < 2)
    if (across !== undefined) {
      state.across = across
      continue
    }
    if (state.across !== undefined) seen.push(...observeAcross(cells, state, row, context))
    else seen.push(...observeRow(cells, row, state, title, context))
  }
  return seen
}

function isHeader(row: JoinedRow): boolean {
  return row.cells.some((cell) => cell.header)
}

function cellsOf(row: JoinedRow): Cell[] {
  return row.cells
    .filter((cell) => cell.text.trim() !== '')
    .map((cell: TableCell) => {
      const shift = ((cell.page ?? row.page) - row.page) * pageWidth
      return {
        text: cell.text,
        left: cell.box.left + shift,
        right: cell.box.right + shift,
        column: cell.column,
        colSpan: cell.colSpan,
        box: cell.box,
        page: cell.page ?? row.page,
      }
    })
    .toSorted((a, b) => a.left - b.left)
}

function section(state: State, text: string): void {
  // a note explains what is above it
  if (/^[*†¹²³]/.test(text)) return
  state.section = text
  state.across = undefined
  const said = conditionIn(text)
  if (said !== undefined) state.condition = said
}

/** One column for each model, of columns by condition. */
function merged(columns: readonly ValueColumn[]): ValueColumn[] {
  const result: ValueColumn[] = []
  for (const column of columns) {
    const last = result.at(-1)
    if (last?.model === column.model) last.right = column.right
    else result.push({ ...column, condition: undefined })
  }
  return result
}

/** The models of an earlier table that stand over these values, or are as many. */
function inherited(
  context: Context,
  page: number,
  cells: readonly PlacedCell[],
  parted: boolean,
): ValueColumn[] | undefined {
  const fitting = context.classes.filter(({ columns }) => {
    return parted ? columns.length > 1 && cells.length % columns.length === 0 : columns.length === cells.length
  })
  const over = ({ columns }: ClassSet) =>
    cells.every((cell, index) => {
      const column = columns[parted ? Math.floor((index * columns.length) / cells.length) : index]
      return column !== undefined && cell.left < column.right + 25 && cell.right > column.left - 25
    })
  const same = fitting.filter((set) => set.page === page)
  return (same.findLast(over) ?? fitting.findLast(over) ?? same.at(-1) ?? fitting.at(-1))?.columns
}

/** The parameters that the columns are named after, when at least three are. */
function headerAcross(cells: readonly Cell[], kind: EquipmentKind | undefined, header: boolean): State['across'] {
  if (!header) return undefined
  const found = new Map<number, { entry: Entry; unit: string | undefined; label: string }>()
  for (const cell of cells) {
    const entry = entryOf(cell.text, kind)?.entry
    if (entry === undefined || /^[\d.,\s]+$/.test(cell.text)) continue
    found.set(cell.column, { entry, unit: unitInLabel(cell.text, entry.quantity), label: cell.text })
  }
  const names = new Set([...found.values()].filter((item) => item.entry.electrical).map((item) => item.entry.name))
  return names.size >= 3 && found.size >= cells.length - 3 ? found : undefined
}

function observeAcross(cells: readonly Cell[], state: State, row: JoinedRow, context: Context): Observation[] {
  const across = state.across
  if (across === undefined) return []
  if (cells.filter((cell) => across.has(cell.column)).every((cell) => isUnit(cell.text))) {
    for (const cell of cells) {
      const item = across.get(cell.column)
      if (item !== undefined) item.unit = cell.text
    }
    return []
  }
  const names = cells.filter((cell) => !across.has(cell.column)).map((cell) => cell.text.trim())
  const name = names.join(' ')
  const percent = percentIn(name) ?? percentIn(/(\d{1,2}(?:[.,]\d)?\s?%)$/.exec(name)?.[1] ?? '')
  let condition = state.condition
  if (percent !== undefined) condition = gainCondition(percent)
  else if (names.some((text) => looksLikeModel(text) || powerClass(text) !== undefined)) {
    state.model = names.find((text) => looksLikeModel(text)) ?? powerClass(name) ?? name
  }
  const result: Observation[] = []
  for (const cell of cells) {
    const item = across.get(cell.column)
    if (item === undefined) continue
    const read = readValue(cell.text, item.entry, item.unit, context.decimal)
    if (read === undefined) continue
    const model = item.entry.electrical || names.length > 0 ? state.model : undefined
    result.push(observation(item.entry, read, item.label, cell, model, condition))
  }
  return row.section ? [] : result
}

function observeRow(cells: Cell[], row: JoinedRow, state: State, title: string, context: Context): Observation[] {
  let rest: Cell[] = cells
  const [first] = cells
  const percent = first === undefined ? undefined : percentIn(first.text)
  if (first !== undefined && percent !== undefined && speaksOfGain(`${title} ${state.section}`)) {
    const span = row.cells.find((cell) => cell.text === first.text)?.rowSpan ?? 1
    state.gain = { condition: gainCondition(percent), rows: span - 1 }
    rest = cells.slice(1)
  }
  return groupsOf(rest, context.kind).flatMap((group) => observeGroup(group, row, state, context))
}

function observeGroup(group: RowGroup<Cell>, row: JoinedRow, state: State, context: Context): Observation[] {
  if (group.values.length === 0) return []
  const parts = partsOf(group.label, context.kind)
  const named: Part[] =
    parts.length > 0 || group.entry === undefined
      ? parts
      : [{ entry: group.entry, label: group.label, index: undefined, count: 1 }]
  if (named.length === 0 || elsewhere(state.section, named[0]?.entry)) return []
  const numeric = named[0]?.entry.quantity !== 'text'
  // a symbol in a font that says nothing of it is no value
  const values = group.values.filter((cell) => !numeric || /[\d–—-]/.test(cell.text))
  if (values.length === 0) return []
  const columns = columnsFor(values, row, state, context, named[0]?.entry)
  const targets = columns === undefined ? undefined : assign(values, columns)
  const result: Observation[] = []
  for (const part of named) {
    const { entry } = part
    const unit = group.unit ?? unitInLabel(group.label, entry.quantity)
    const said = entry.quantity === 'temperature' ? undefined : conditionIn(part.label)
    for (const [index, cell] of values.entries()) {
      const text = partOfValue(cell.text, part)
      const read = text === undefined ? undefined : readValue(text, entry, unit, context.decimal)
      if (read === undefined) continue
      const own = targets?.[index]
      const condition = (column: ValueColumn | undefined) =>
        said ?? column?.condition ?? state.gain?.condition ?? state.condition
      const common = own === undefined || (values.length === 1 && !own.some((column) => column.condition !== undefined))
      if (common) {
        // said once for all the models of the table
        const models = new Set((state.columns ?? state.models ?? []).map((column) => column.model))
        for (const model of models.size > 0 ? models : [undefined]) {
          result.push(...alternatives(entry, read, part.label, cell, model, condition(undefined)))
        }
        continue
      }
      for (const column of onePerModel(own, entry, said)) {
        result.push(...alternatives(entry, read, part.label, cell, column.model, condition(column)))
      }
    }
  }
  return result
}

/** Of the columns of one model under several conditions that a value stands over, efficiency and the like are of STC. */
function onePerModel(columns: readonly ValueColumn[], entry: Entry, said: string | undefined): ValueColumn[] {
  const models = new Set(columns.map((column) => column.model))
  return [...models].flatMap((model) => {
    const own = columns.filter((column) => column.model === model)
    if (own.length === 1) return own
    const stc = own.find((column) => column.condition === 'STC')
    if (entry.electrical && (said !== undefined || entry.quantity === 'percent'))
      return stc === undefined ? own.slice(0, 1) : [stc]
    return own
  })
}

function columnsFor(
  values: readonly Cell[],
  row: JoinedRow,
  state: State,
  context: Context,
  entry: Entry | undefined,
): ValueColumn[] | undefined {
  if (state.columns !== undefined) return state.columns
  if (state.models !== undefined) return state.models
  if (values.length < 2) return undefined
  const known = inherited(context, row.page, values, false)
  if (known !== undefined) return known
  if (entry === undefined || !(entry.electrical || entry.kind === 'inverter')) return undefined
  const fresh = values.map((cell, index) => ({
    model: `#${index}`,
    condition: undefined,
    left: cell.left,
    right: cell.right,
  }))
  context.classes.push({ page: row.page, columns: fresh })
  return fresh
}

const otherSections =
  /back\s?-?up|\bEPS\b|batter|bateria|generator|gerador|off-?\s?grid|\bAC input\b|entrada CA|packag|packing|embalag|pallet|container/iu

/** Whether a section speaks of something else with the same words: a battery's voltages, a box's weight. */
function elsewhere(text: string, entry: Entry | undefined): boolean {
  return entry !== undefined && otherSections.test(text) && text.length < 60
}
