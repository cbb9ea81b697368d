import type { EquipmentRecord, ParameterValue } from '../../lib/steps/pdf/parameters/model.ts'
import type { JoinedTable } from '../../lib/steps/pdf/tables/model.ts'
import type { TrueTable } from './generate/made.ts'

/** Hits, what was missed, and what was found and is not so. */
export interface Score {
  right: number
  missed: number
  wrong: number
  /** Each failure in words. */
  failures: string[]
}

/** A score of nothing yet. */
export function noScore(): Score {
  return { right: 0, missed: 0, wrong: 0, failures: [] }
}

/** Adds a score to another one. */
export function add(total: Score, part: Score): void {
  total.right += part.right
  total.missed += part.missed
  total.wrong += part.wrong
  total.failures.push(...part.failures)
}

/** Share of what was found that is right. */
export function precision({ right, wrong }: Score): number {
  return right + wrong === 0 ? 1 : right / (right + wrong)
}

/** Share of what is there that was found. */
export function recall({ right, missed }: Score): number {
  return right + missed === 0 ? 1 : right / (right + missed)
}

/** A record to compare with; a value without `num` is compared as text. */
export interface ExpectedRecord {
  model: string
  condition: string
  parameters: Record<string, { value?: string; num?: number | number[] | null; unit?: string }>
}

const plain = (text: string) => text.toLowerCase().replace(/[^a-z0-9]/g, '')

function conditionKey(condition: string): string {
  const percent = /([\d.,]+)\s?%/.exec(condition)?.[1]
  return percent === undefined ? condition.toUpperCase() : `GAIN ${percent}`
}

/** Compares records. Only parameters that the truth knows for this file count as wrong when they differ or stand in no true record. */
export function scoreRecords(expected: readonly ExpectedRecord[], found: readonly EquipmentRecord[]): Score {
  const score = noScore()
  const known = new Set(expected.flatMap((record) => Object.keys(record.parameters)))
  const open = [...found]
  for (const record of expected) {
    const key = plain(record.model)
    const fits = (other: EquipmentRecord) => {
      const name = plain(other.model)
      return (
        conditionKey(other.condition) === conditionKey(record.condition) &&
        name !== '' &&
        (name === key || key.endsWith(name))
      )
    }
    const exact = open.find((other) => fits(other) && plain(other.model) === key) ?? open.find(fits)
    if (exact !== undefined) open.splice(open.indexOf(exact), 1)
    for (const [name, value] of Object.entries(record.parameters)) {
      const got = exact?.parameters[name]
      const where = `${record.model} ${record.condition} ${name}`
      if (got === undefined) {
        score.missed += 1
        score.failures.push(`${where}: missed`)
      } else if (agrees(value, got)) score.right += 1
      else {
        score.missed += 1
        score.wrong += 1
        score.failures.push(
          `${where}: ${value.value ?? JSON.stringify(value.num)} ${value.unit ?? ''} read as ${got.value} ${got.unit} (${JSON.stringify(got.num)})`,
        )
      }
    }
    for (const name of Object.keys(exact?.parameters ?? {})) {
      if (!known.has(name) || record.parameters[name] !== undefined) continue
      // what holds for a whole document is printed once, and may be listed with any of its records
      if (expected.some((other) => plain(other.model) === key && other.parameters[name] !== undefined)) continue
      score.wrong += 1
      score.failures.push(`${record.model} ${record.condition} ${name}: invented`)
    }
  }
  for (const record of open) {
    const names = Object.keys(record.parameters).filter((name) => known.size === 0 || known.has(name))
    score.wrong += names.length
    if (names.length > 0)
      score.failures.push(`${record.model} ${record.condition}: a record of ${names.length} values that is not there`)
  }
  return score
}

function agrees(expected: ExpectedRecord['parameters'][string], got: ParameterValue): boolean {
  const unit = (text: string) => text.replace(/[\s[\]]/g, '').toLowerCase()
  if (
    expected.unit !== undefined &&
    expected.unit !== '' &&
    unit(expected.unit) !== unit(got.unit) &&
    unit(expected.unit) !== unit(got.canonical?.unit ?? '')
  ) {
    return false
  }
  if (expected.num === undefined || expected.num === null) return plain(expected.value ?? '') === plain(got.value)
  return JSON.stringify(expected.num) === JSON.stringify(got.num)
}

/** The rows of a table as lists of texts, merged cells filled down and across, without its header. */
export function filledRows(table: JoinedTable): string[][] {
  const grid = table.rows.map(() => new Array<string>(table.columns).fill(''))
  for (const [index, row] of table.rows.entries()) {
    for (const cell of row.cells) {
      for (let r = index; r < Math.min(grid.length, index + cell.rowSpan); r += 1) {
        for (let c = cell.column; c < cell.column + cell.colSpan; c += 1) {
          const line = grid[r]
          if (line !== undefined && c < line.length) line[c] = cell.text
        }
      }
    }
  }
  for (const [index, row] of table.rows.entries()) {
    if (row.section && row.cells.length > 0) {
      const text = row.cells.find((cell) => cell.text !== '')?.text ?? ''
      grid[index]?.fill(text)
    }
  }
  return grid.filter((_, index) => !table.rows[index]?.cells.some((cell) => cell.header))
}

const same = (a: string, b: string) => a.replace(/\s+/g, '') === b.replace(/\s+/g, '')

/** Compares cells of tables, each true one with the found one that fits best. */
export function scoreTables(expected: readonly TrueTable[], found: readonly JoinedTable[]): Score {
  const score = noScore()
  const open = [...found]
  for (const [index, table] of expected.entries()) {
    let best: { part: Score; table: JoinedTable } | undefined
    for (const candidate of open) {
      const part = compareRows(table.rows, filledRows(candidate), `table ${index + 1}`)
      if (best === undefined || part.right - part.wrong > best.part.right - best.part.wrong)
        best = { part, table: candidate }
    }
    if (best === undefined || best.part.right === 0) {
      score.missed += table.rows.reduce((sum, row) => sum + row.length, 0)
      score.failures.push(`table ${index + 1}: not found`)
      continue
    }
    open.splice(open.indexOf(best.table), 1)
    add(score, best.part)
  }
  return score
}

/** Aligns rows so that as many cells as possible are the same, in order. */
function compareRows(expected: readonly string[][], found: readonly string[][], where: string): Score {
  const score = noScore()
  const equal = (a: readonly string[], b: readonly string[]) =>
    a.filter((text, column) => same(text, b[column] ?? '\u0000')).length
  const table = Array.from({ length: expected.length + 1 }, () => new Array<number>(found.length + 1).fill(0))
  const at = (i: number, j: number) => table[i]?.[j] ?? 0
  for (let i = expected.length - 1; i >= 0; i -= 1) {
    for (let j = found.length - 1; j >= 0; j -= 1) {
      const line = table[i]
      if (line !== undefined)
        line[j] = Math.max(at(i + 1, j), at(i, j + 1), equal(expected[i] ?? [], found[j] ?? []) + at(i + 1, j + 1))
    }
  }
  let i = 0
  let j = 0
  while (i < expected.length || j < found.length) {
    const here = expected[i]
    const there = found[j]
    if (here !== undefined && there !== undefined && at(i, j) === equal(here, there) + at(i + 1, j + 1)) {
      const right = equal(here, there)
      score.right += right
      score.missed += here.length - right
      score.wrong += there.length - right
      if (right < here.length || there.length > here.length)
        score.failures.push(`${where}, row ${i + 1}: ${here.join(' | ')} read as ${there.join(' | ')}`)
      i += 1
      j += 1
    } else if (here !== undefined && (there === undefined || at(i + 1, j) >= at(i, j + 1))) {
      score.missed += here.length
      score.failures.push(`${where}, row ${i + 1}: missed: ${here.join(' | ')}`)
      i += 1
    } else {
      score.wrong += there?.length ?? 0
      score.failures.push(`${where}: not there: ${there?.join(' | ')}`)
      j += 1
    }
  }
  return score
}
