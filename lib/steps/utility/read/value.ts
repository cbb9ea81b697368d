import { PipelineError } from '../../../errors.ts'
import type { ValueMapEntry } from '../recipe-schema.ts'
import {
  type DecimalMark,
  parseDate,
  parseDecimal,
  parseInteger,
  parseMonth,
  shift,
  withoutFootnotes,
} from './number.ts'
import { Pattern, quote } from './text.ts'
import {
  powerBetween,
  type Quantity,
  quantityInWords,
  quantityOf,
  statedUnits,
  type Unit,
  withoutUnits,
} from './unit.ts'

/** The patterns of a recipe, each compiled once. */
export class Patterns {
  readonly #known = new Map<string, Pattern>()

  of(source: string): Pattern {
    const known = this.#known.get(source) ?? new Pattern(source)
    this.#known.set(source, known)
    return known
  }
}

/** Where a value stands, for messages and for what its surroundings say of it. */
export interface Place {
  /** "table b1, row "Residencial", column "Energia R$/kWh"". */
  where: string
  /** Header of the column. */
  header: string
  /** Section and labels of the row. */
  row: string
  /** Headers of the columns of labels. */
  labels: string
  /** Caption, title, paragraph above, headings: nearest first. */
  near: readonly string[]
  /** Those of them that name this table alone. */
  names: readonly string[]
}

/** What a value should be. */
export interface Expected {
  unit?: Unit | undefined
  /** The page's unit, where the recipe says it because the page does not. */
  pageUnit?: Unit | undefined
  range: readonly [number, number]
  decimal: DecimalMark
}

/**
 * A value of a page in the wanted unit, as a plain decimal. Throws VALUE_FORMAT, UNIT_UNKNOWN, UNIT_CONTRADICTION, VALUE_RANGE;
 * each quotes what was found.
 */
export function readValue(text: string, expected: Expected, place: Place): string {
  const problem = (code: string, message: string) =>
    new PipelineError(code, `${place.where}: ${message}`, {
      details: { found: text, header: place.header, row: place.row },
    })
  const cell = parts(withoutFootnotes(text))
  const number = parseDecimal(cell.digits, expected.decimal)
  if (number === undefined) {
    throw problem('VALUE_FORMAT', `${quote(text)} is no number with a decimal ${expected.decimal}`)
  }
  const unit = pageUnit(cell, expected, place, problem)
  let value = number
  if (expected.unit !== undefined && unit !== undefined) {
    const power = powerBetween(unit, expected.unit)
    if (power === undefined) {
      throw problem('UNIT_CONTRADICTION', `${expected.unit} was expected, the page says ${unit} of ${quote(text)}`)
    }
    value = shift(number, power)
  }
  const [low, high] = expected.range
  if (Number(value) < low || Number(value) > high) {
    const converted = unit === expected.unit ? '' : ` (${value} ${expected.unit ?? ''})`
    throw problem(
      'VALUE_RANGE',
      `${quote(text)}${converted} lies outside ${low} to ${high} ${expected.unit ?? ''}`.trimEnd(),
    )
  }
  return value
}

interface CellParts {
  digits: string
  /** What the cell itself says of its unit. */
  unit: string
}

function parts(text: string): CellParts {
  const [, money = '', digits = text, after = ''] =
    /^(R\$\s?)?([+\-\u2212\u2013]?\s?[\d.,]+)\s?(.*)$/iu.exec(text) ?? []
  return {
    digits: digits.trim(),
    unit: money !== '' && after !== '' && after.startsWith('/') ? `R$${after}` : (money + after).trim(),
  }
}

function pageUnit(
  cell: CellParts,
  { unit: wanted, pageUnit: given }: Expected,
  place: Place,
  problem: (code: string, message: string) => PipelineError,
): Unit | undefined {
  const { header, near } = place
  const one = (text: string, where: string): Unit | undefined => {
    const { units, unknown } = statedUnits(text)
    if (unknown[0] !== undefined)
      throw problem('UNIT_UNKNOWN', `the unit ${quote(unknown[0])} of the ${where} is not known`)
    if (units.length > 1)
      throw problem('UNIT_CONTRADICTION', `the ${where} ${quote(text)} states ${units.join(' and ')}`)
    return units[0]
  }
  const inCell = cell.unit === '' || cell.unit === 'R$' ? undefined : one(cell.unit, 'cell')
  // also a second number, or words that might say what the first one is
  if (cell.unit !== '' && cell.unit !== 'R$' && (inCell === undefined || withoutUnits(cell.unit) !== '')) {
    throw problem('UNIT_UNKNOWN', `${quote(cell.unit)} beside the number is no unit that is known`)
  }
  const inHeader = one(header, 'header')
  const inNear =
    given === undefined && (inCell ?? inHeader) === undefined ? nearestUnit(near, wanted, problem) : undefined
  const stated = [inCell, inHeader, given].filter((unit) => unit !== undefined)
  const unit = inCell ?? inHeader ?? given ?? inNear
  const other = stated.find((each) => each !== unit)
  if (other !== undefined) throw problem('UNIT_CONTRADICTION', `${unit} and ${other} are both said of it`)
  // An outer text with another scale of the same quantity: one of the two is wrong.
  if (unit !== undefined && inNear === undefined) refuseOtherScale(unit, near, problem)
  if (unit === undefined && wanted !== undefined) {
    throw problem(
      'UNIT_UNKNOWN',
      `neither the cell nor the header ${quote(header)} nor the texts above the table say a unit; ${wanted} was expected`,
    )
  }
  if (wanted === undefined && unit !== undefined) {
    throw problem('UNIT_CONTRADICTION', `a number without unit was expected, the page says ${unit}`)
  }
  if (cell.unit === 'R$' && unit === '%') throw problem('UNIT_CONTRADICTION', 'the cell says R$, the header %')
  const quantity = unit === undefined ? undefined : quantityOf(unit)
  if (quantity !== undefined) refuseOtherQuantity(quantity, unit, place, problem)
  return unit
}

/** The unit that the nearest text states that states any; of several, the one that measures what is wanted. */
function nearestUnit(
  near: readonly string[],
  wanted: Unit | undefined,
  problem: (code: string, message: string) => PipelineError,
): Unit | undefined {
  if (wanted === undefined) return undefined
  for (const text of near) {
    const { units, unknown } = statedUnits(text)
    if (unknown[0] !== undefined) throw problem('UNIT_UNKNOWN', `${quote(text)} states ${quote(unknown[0])}`)
    const fitting = units.filter((unit) => powerBetween(unit, wanted) !== undefined)
    if (fitting.length > 1) throw problem('UNIT_CONTRADICTION', `${quote(text)} states ${fitting.join(' and ')}`)
    if (fitting[0] !== undefined) return fitting[0]
    if (units.length > 0)
      throw problem('UNIT_CONTRADICTION', `${wanted} was expected, ${quote(text)} states ${units.join(' and ')}`)
  }
  return undefined
}

function refuseOtherScale(
  unit: Unit,
  near: readonly string[],
  problem: (code: string, message: string) => PipelineError,
): void {
  for (const text of near) {
    const { units } = statedUnits(text)
    if (units.includes(unit)) return
    const other = units.find((each) => (powerBetween(each, unit) ?? 0) !== 0)
    if (other !== undefined)
      throw problem('UNIT_CONTRADICTION', `${unit} is said of it, but ${quote(text)} above the table says ${other}`)
  }
}

/**
 * Words that speak of demand under a unit of energy, or the other way round, are not guessed at. "Tarifas de energia" stands above
 * anything, so a table's name counts only where it speaks of demand.
 */
function refuseOtherQuantity(
  quantity: Quantity,
  unit: Unit | undefined,
  { header, row, labels, names }: Place,
  problem: (code: string, message: string) => PipelineError,
): void {
  const said: [where: string, text: string][] = [
    ['row', row],
    ['header', header],
    ['header of the labels', labels],
    ...names.filter((text) => quantityInWords(text) === 'demand').map((text): [string, string] => ['name', text]),
  ]
  for (const [where, text] of said) {
    const words = quantityInWords(text)
    if (words === undefined || words === quantity) continue
    throw problem(
      'UNIT_CONTRADICTION',
      `the ${where} ${quote(text)} speaks of ${words}, ${unit} is a price of ${quantity}`,
    )
  }
}

/** A label or statement as a column's text. Throws LABEL_UNKNOWN, VALUE_FORMAT. */
export function readLabel(
  text: string,
  kind: 'text' | 'integer' | 'date' | 'month',
  map: readonly ValueMapEntry[] | undefined,
  patterns: Patterns,
  where: string,
): string {
  const bare = withoutFootnotes(text)
  if (map !== undefined) {
    const found = map.find(({ match }) => patterns.of(match).test(bare))
    if (found !== undefined) return found.value
    throw new PipelineError(
      'LABEL_UNKNOWN',
      `${where}: ${quote(text)} is none of ${map.map(({ value }) => value).join(', ')}`,
      { details: { found: text, patterns: map.map(({ match }) => match) } },
    )
  }
  if (kind === 'text') return bare
  const value = kind === 'integer' ? parseInteger(bare) : kind === 'date' ? parseDate(bare) : parseMonth(bare)
  if (value !== undefined) return value
  const what = kind === 'integer' ? 'whole number' : kind
  throw new PipelineError('VALUE_FORMAT', `${where}: ${quote(text)} is no ${what}`, { details: { found: text } })
}
