import type { Source } from './write.ts'

/**
 * Rows spoilt on purpose. `share` says how many: every n-th row with n = 1/share, beginning with the n-th, so that
 * {@link damagedRows} knows the count.
 */
export type Damage =
  /** Rows with the last two fields missing, or one too many. */
  | { kind: 'ragged'; share: number; how?: 'short' | 'long' }
  /** A word where a number should be. `column` is a header name; default: the last decimal column, else the last integer one. */
  | { kind: 'bad-number'; share: number; column?: string }
  /** 31 February. Default: the last date column. */
  | { kind: 'bad-date'; share: number; column?: string }
  /** A blank where the key should be. Default: the second column. */
  | { kind: 'blank'; share: number; column?: string }
  /** U+FFFD for every letter with an accent: text that was broken before it was published. */
  | { kind: 'replacement'; share: number }
  /** The decimal comma of a column lost in every row: `541,30` becomes `54130`. */
  | { kind: 'magnitude'; column?: string }
  /** Only this share of the rows is left. */
  | { kind: 'keep'; share: number }
  | { kind: 'rename-column'; column?: string; to?: string }
  | { kind: 'drop-column'; column?: string }

/** How many rows of `rows` a share of damage spoils. */
export function damagedRows(rows: number, share: number): number {
  return share <= 0 ? 0 : Math.floor(rows / Math.round(1 / share))
}

/** How many rows are left when a share is kept. */
export function keptRows(rows: number, share: number): number {
  return Math.floor(rows * share)
}

/** The header after the damage. */
export function damagedHeader(source: Source, damage: Damage | undefined): readonly string[] {
  if (damage?.kind === 'rename-column') {
    const position = column(source, damage.column, 'any')
    const name = source.header[position] ?? ''
    return source.header.map((old, index) => (index === position ? (damage.to ?? `${name}Novo`) : old))
  }
  if (damage?.kind === 'drop-column') {
    const position = column(source, damage.column, 'any')
    return source.header.filter((_, index) => index !== position)
  }
  return source.header
}

/** The rows after the damage. */
export function damaged(source: Source, damage: Damage | undefined): Iterable<readonly string[]> {
  switch (damage?.kind) {
    case undefined:
    case 'rename-column':
      return source.rows
    case 'drop-column': {
      const position = column(source, damage.column, 'any')
      return map(source.rows, (row) => row.filter((_, index) => index !== position))
    }
    case 'keep':
      return kept(source.rows, damage.share)
    case 'magnitude': {
      const position = column(source, damage.column, 'decimal')
      return map(source.rows, (row) =>
        row.with(position, (row[position] ?? '').replace(/^(-?),/, '$10').replace(',', '')),
      )
    }
    case 'ragged':
      return every(source.rows, damage.share, (row) => (damage.how === 'long' ? [...row, 'a mais'] : row.slice(0, -2)))
    case 'replacement':
      return every(source.rows, damage.share, (row) => row.map((value) => value.replace(/\P{ASCII}/gu, '\ufffd')))
    case 'bad-number':
      return spoil(source, damage, 'decimal', 'não é número')
    case 'bad-date':
      return spoil(source, damage, 'date', '2026-02-31')
    case 'blank':
      return spoil(source, damage, 'any', '')
  }
}

function spoil(
  source: Source,
  damage: { share: number; column?: string },
  type: 'decimal' | 'date' | 'any',
  value: string,
): Iterable<readonly string[]> {
  const position = column(source, damage.column, type)
  return every(source.rows, damage.share, (row) => row.with(position, value))
}

/** The position of a column: by name, else the last of the type; of any type, the second column of the file. */
function column(source: Source, name: string | undefined, type: 'decimal' | 'date' | 'any'): number {
  if (name !== undefined) {
    const position = source.header.indexOf(name)
    if (position < 0) throw new RangeError(`no column ${name} among ${source.header.join(', ')}`)
    return position
  }
  if (type === 'any') return 1
  const last = (wanted: string) => source.columns.findLastIndex((candidate) => candidate.type === wanted)
  const position = type === 'decimal' && last('decimal') < 0 ? last('integer') : last(type)
  if (position < 0) throw new RangeError(`no ${type} column among ${source.header.join(', ')}`)
  return position
}

function* map(
  rows: Iterable<readonly string[]>,
  change: (row: readonly string[]) => readonly string[],
): Generator<readonly string[]> {
  for (const row of rows) yield change(row)
}

function* every(
  rows: Iterable<readonly string[]>,
  share: number,
  change: (row: readonly string[]) => readonly string[],
): Generator<readonly string[]> {
  const step = share <= 0 ? Number.POSITIVE_INFINITY : Math.round(1 / share)
  let count = 0
  for (const row of rows) {
    count++
    yield count % step === 0 ? change(row) : row
  }
}

function* kept(rows: Iterable<readonly string[]>, share: number): Generator<readonly string[]> {
  let seen = 0
  let given = 0
  for (const row of rows) {
    seen++
    if (Math.floor(seen * share) > given) {
      given++
      yield row
    }
  }
}
