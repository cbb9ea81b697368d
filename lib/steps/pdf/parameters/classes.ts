import { entryOf, namesClasses } from './labels.ts'
import { isUnit } from './units.ts'
import { conditions, gainWords } from './vocabulary.ts'

/** A column of values: whose they are, under which condition, and where it is. */
export interface ValueColumn {
  model: string
  condition: string | undefined
  left: number
  right: number
}

/** The columns of a table or of a block of one. */
export interface ClassSet {
  page: number
  columns: ValueColumn[]
}

/** A cell placed on the line that all pages of its table share. */
export interface PlacedCell {
  text: string
  left: number
  right: number
  column: number
  colSpan: number
}

/** The condition that words name; undefined when they name none, or several. */
export function conditionIn(text: string): string | undefined {
  const found = conditions.filter(({ pattern }) => pattern.test(text)).map(({ name }) => name)
  return found.length === 1 ? found[0] : undefined
}

/** `STC, bifacial gain 10%`. */
export function gainCondition(percent: string): string {
  return `STC, bifacial gain ${percent.replace(/\s/g, '').replace(',', '.')}`
}

const percentOnly = /^\+?(\d{1,2}(?:[.,]\d)?)\s?%$/

/** The percentage that a cell is, and nothing else. */
export function percentIn(text: string): string | undefined {
  const found = percentOnly.exec(text.trim())?.[1]
  return found === undefined ? undefined : `${found}%`
}

/** Whether a text speaks of light on the back of a module. */
export function speaksOfGain(text: string): boolean {
  return gainWords.test(text)
}

const value = /^[≥≤<>~±+−–-]?\s?\d[\d.,\s]*\s?(?:[°%]?\s?\/?\s?[A-Za-zÀ-ÿ°%/]{0,5})?$/u
const reserved = /^(?:unit|units|unidade|symbol|símbolo|simbolo|valor|value|values|data|un\.?|unid\.?)$/iu

/** Whether a text may be the name of a model: letters and digits, short, and no value with a unit. */
export function looksLikeModel(text: string): boolean {
  const plain = text.trim()
  if (plain.length < 4 || plain.length > 48 || plain.split(/\s+/).length > 6) return false
  if (!/\d/.test(plain) || !/\p{L}/u.test(plain) || /[%:;=]/.test(plain) || /^IP\s?\d\d/.test(plain)) return false
  if (/^[\d.,]+\s?(?:k?W|k?VA|V|A|Wp|mm|kg|Hz)\b/i.test(plain)) return false
  return !value.test(plain) || /^\d{3,5}[A-Z]{2,}/.test(plain)
}

/** A power class: `410`, `410 W`, `410Wp`. */
export function powerClass(text: string): string | undefined {
  const found = /^(\d{2,4})\s?(?:Wp?)?$/i.exec(text.trim())?.[1]
  const number = Number(found)
  return found !== undefined && number >= 40 && number <= 1_200 ? found : undefined
}

/** The columns that a row of names opens; undefined when it is no such row. */
export function classRow(cells: readonly PlacedCell[], header: boolean, first: boolean): ValueColumn[] | undefined {
  const [label, ...others] = cells
  if (label === undefined) return undefined
  const named = namesClasses(label.text)
  const rest = others.filter((cell) => !reserved.test(cell.text.trim()) && !isUnit(cell.text))
  if (rest.length === 0)
    return first && looksLikeModel(label.text) && label.column > 0 ? columns([label], (text) => text) : undefined
  if (rest.every((cell) => looksLikeModel(cell.text))) {
    if (label.column > 0 && looksLikeModel(label.text) && (first || header))
      return columns([label, ...rest], (text) => text)
    if (named || ((header || first) && entryOf(label.text) === undefined && !looksLikeModel(label.text)))
      return columns(rest, (text) => text)
  }
  const classes = rest.map((cell) => powerClass(cell.text))
  if (classes.every((name) => name !== undefined) && named && rest.length > 1)
    return columns(rest, (text) => powerClass(text) ?? text)
  if (label.column > 0 && first && rest.length > 1) {
    const all = [label, ...rest]
    if (all.every((cell) => powerClass(cell.text) !== undefined))
      return columns(all, (text) => powerClass(text) ?? text)
  }
  return undefined
}

function columns(cells: readonly PlacedCell[], name: (text: string) => string): ValueColumn[] {
  return cells.map((cell) => ({
    model: name(cell.text.trim()),
    condition: undefined,
    left: cell.left,
    right: cell.right,
  }))
}

const conditionWord = /^(?:STC|NOCT|NMOT|BNPI|BSTC|TONC)\*{0,2}[¹²³]?$/iu

/** The conditions of the columns below, when every cell of a row is one; or the gains, when its label speaks of the back. */
export function conditionRow(
  cells: readonly PlacedCell[],
  context: string,
): { column: PlacedCell; condition: string }[] | undefined {
  const words = cells.filter((cell) => conditionWord.test(cell.text.trim()))
  if (words.length >= 2 && words.length >= cells.length - 1) {
    return words.map((column) => ({ column, condition: conditionIn(column.text) ?? column.text }))
  }
  const [label, ...rest] = cells
  if (label === undefined || rest.length < 2 || !(speaksOfGain(label.text) || speaksOfGain(context))) return undefined
  const gains = rest.map((cell) => ({ column: cell, percent: percentIn(cell.text) }))
  if (gains.some((gain) => gain.percent === undefined) || percentIn(label.text) !== undefined) return undefined
  if (entryOf(label.text) !== undefined) return undefined
  return gains.map(({ column, percent }) => ({ column, condition: gainCondition(percent ?? '') }))
}

/** Columns of models, each parted by the conditions under it. */
export function crossed(
  models: readonly ValueColumn[],
  parts: readonly { column: PlacedCell; condition: string }[],
  name: (index: number) => string,
): ValueColumn[] {
  const each = models.length > 0 && parts.length % models.length === 0 ? parts.length / models.length : undefined
  const first = parts[0]?.condition
  let group = -1
  return parts.map(({ column, condition }, index) => {
    if (condition === first) group += 1
    const model =
      models.length === 0
        ? name(group)
        : (models[each === undefined ? group : Math.floor(index / each)]?.model ?? name(group))
    return { model, condition, left: column.left, right: column.right }
  })
}

/**
 * Which columns each of a row's values belongs to, in order. As many values as columns go one to one; fewer stand in the middle of the
 * columns that they hold for, or at their left edge.
 */
export function assign(values: readonly PlacedCell[], columns: readonly ValueColumn[]): ValueColumn[][] {
  if (values.length === columns.length) return columns.map((column) => [column])
  if (values.length === 1) return [[...columns]]
  if (values.length > columns.length) {
    return values.map((cell) => {
      const middle = (cell.left + cell.right) / 2
      const near = columns.filter((column) => middle > column.left - 12 && middle < column.right + 12)
      return near.slice(0, 1)
    })
  }
  return spread(values, columns)
}

/** The way to part the columns into as many runs as there are values that fits where the values stand best. */
function spread(values: readonly PlacedCell[], columns: readonly ValueColumn[]): ValueColumn[][] {
  const count = values.length
  const total = columns.length
  const cost = (index: number, from: number, to: number): number => {
    const cell = values[index]
    const first = columns[from]
    const last = columns[to - 1]
    if (cell === undefined || first === undefined || last === undefined) return Infinity
    const centred = Math.abs((cell.left + cell.right) / 2 - (first.left + first.right + last.left + last.right) / 4)
    return Math.min(centred, Math.abs(cell.left - first.left))
  }
  const best: { cost: number; from: number }[][] = Array.from({ length: count + 1 }, () =>
    Array.from({ length: total + 1 }, () => ({ cost: Infinity, from: 0 })),
  )
  const start = best[0]?.[0]
  if (start !== undefined) start.cost = 0
  for (let index = 1; index <= count; index += 1) {
    for (let to = index; to <= total; to += 1) {
      for (let from = index - 1; from < to; from += 1) {
        const before = best[index - 1]?.[from]?.cost ?? Infinity
        const sum = before + cost(index - 1, from, to)
        const here = best[index]?.[to]
        if (here !== undefined && sum < here.cost) {
          here.cost = sum
          here.from = from
        }
      }
    }
  }
  const result: ValueColumn[][] = []
  let to = total
  for (let index = count; index > 0; index -= 1) {
    const from = best[index]?.[to]?.from ?? 0
    result.unshift(columns.slice(from, to))
    to = from
  }
  return result
}
